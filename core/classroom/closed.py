"""Whether something is closed for a class, for those who may belong to none.

``seal`` and ``court`` say it, and load the database for that, which takes a good part of a server's
first page. Here they are asked only where there can be classes at all.
"""

from core.runs import COMMAND_LINE, blind
from core.settings import settings


def watch() -> None:
    """Let ``core.runs`` ask here whether a test set is closed; for each program that shows one."""
    blind.use(why_closed)


def why_closed(visitor: str, dataset: str) -> str | None:
    """Return why the test images are closed for a visitor and their runs; as ``seal.sealed``."""
    if not _may_be_in_a_class(visitor):
        return None
    from core.classroom import seal

    return seal.sealed(visitor, dataset)


def why_on_trial(visitor: str, dataset: str) -> str | None:
    """Return why the doubtful labels are closed for a visitor; as ``court.on_trial``."""
    if not _may_be_in_a_class(visitor):
        return None
    from core.classroom import court

    return court.on_trial(visitor, dataset)


def _may_be_in_a_class(visitor: str) -> bool:
    found = settings()
    known = found.database_url is not None or found.classroom.exists()
    return bool(visitor) and visitor != COMMAND_LINE and known
