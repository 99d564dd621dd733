"""What a format of an export is."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from core.networks.batches import Report
from core.runs import Run

EXTRA = "requirements-export.txt"  # has the packages that some formats need


@dataclass(frozen=True)
class Format:
    """One thing that a run can become.

    Attributes:
        key: what the command line and the kept file call it: lower-case letters, digits, hyphens.
        title: what people call it.
        purpose: what it is for, in a sentence.
        suffix: of the file's name, with its dot.
        make: returns the content of the file. It is told the share done by its ``Report``, and
            raises AtelierError where the run is of no use for it.
        quick: whether it is made within two seconds and without TensorFlow, and so at a click;
            the others get a process of their own, and what they made is kept.
        needs: names of modules from ``EXTRA`` that it imports.
        of_network: whether it needs what the run has learned, and not its settings alone.
        refuses: returns why a run cannot become this, as a sentence, or None; takes no time.
        personal: of a quick one, makes the file for a visitor where it holds what not everyone may
            read who may see the run, such as its owner's note; then ``make`` is not asked.
        compares: of a quick one, makes the file for a visitor with a second run beside the first;
            None where a file is of one run.
    """

    key: str
    title: str
    purpose: str
    suffix: str
    make: Callable[[Run, Report], bytes]
    quick: bool = False
    needs: tuple[str, ...] = ()
    of_network: bool = True
    refuses: Callable[[Run], str | None] = lambda run: None
    personal: Callable[[Run, str], bytes] | None = None
    compares: Callable[[Run, str, Run], bytes] | None = None

    def problem(self, run: Run) -> str | None:
        """Return why a run cannot become this here, as a sentence with what to do, or None."""
        lacking = [name for name in self.needs if importlib.util.find_spec(name) is None]
        if lacking:
            return (
                f"Not installed on this server: {', '.join(lacking)}. Install the packages with "
                f"“pip install -r {EXTRA}”, then open this again."
            )
        if run.config is None:
            return f"This run is damaged: {run.reason}"
        if self.of_network and run.network is None:
            return "This run has no network yet. Let it train for an epoch."
        return self.refuses(run)

    def file_name(self, run: Run) -> str:
        """Return what the file is called; an id has no character that a system minds."""
        return f"atelier-{run.id}-{self.key}{self.suffix}"
