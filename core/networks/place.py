"""Where networks are asked: in this process, or in one of their own.

Commands, workers and tests ask in their own process. The server of the pages says ``live_apart``
once, and from then on never loads TensorFlow itself.
"""

import threading
from typing import Protocol

from core.networks import engine
from core.networks.apart import Apart
from core.networks.batches import Report
from core.networks.engine import EngineState
from core.networks.models import Model
from core.networks.network import Floats, Images

_apart: Apart | None = None
_lock = threading.Lock()


class Asked(Protocol):
    """A network to ask, wherever it is; as ``core.networks.Network``."""

    def probabilities(self, images: Images, report: Report | None = None) -> Floats:
        """As there."""

    def features(self, images: Images, report: Report | None = None) -> Floats:
        """As there."""

    def ask(self, images: Images) -> tuple[Floats, Floats]:
        """As there."""

    def look(self, image: Images, label: int) -> tuple[Floats, str]:
        """As there."""


def live_apart() -> None:
    """Ask networks in a process of their own from now on; starts nothing yet."""
    global _apart
    with _lock:
        if _apart is None:
            _apart = Apart()


def use(apart: Apart | None) -> Apart | None:
    """Put another in the place of this process's, None to ask here, and return the one of before.

    For tests. Neither is closed.
    """
    global _apart
    with _lock:
        before, _apart = _apart, apart
        return before


def load(model: Model) -> Asked:
    """Return a network to ask.

    Raises:
        ModelUnavailable: the file is missing or damaged; where networks live apart, asking does.
    """
    return engine.load(model) if _apart is None else _apart.load(model)


def state() -> EngineState:
    """Return how far ``warm`` is; takes no time."""
    return engine.state() if _apart is None else _apart.state()


def warm() -> None:
    """Start loading TensorFlow and the bundled model in the background; returns at once.

    Nothing happens while that goes on or is done; after a failure it is tried again.
    """
    if _apart is None:
        engine.warm()
    else:
        _apart.warm()
