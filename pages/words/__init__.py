"""Numbers, times and states in the words of the pages, written once."""

import re
import time

from core import architectures, datasets, runs
from core.architectures.settings import count as count  # 1 epoch, 2 epochs
from core.errors import AtelierError

STATE_WORDS = {
    runs.State.QUEUED: ("Waiting", "gray", ":material/hourglass_top:"),
    runs.State.RUNNING: ("Training", "blue", ":material/model_training:"),
    runs.State.PAUSED: ("Paused", "violet", ":material/pause_circle:"),
    runs.State.FINISHED: ("Finished", "green", ":material/check_circle:"),
    runs.State.STOPPED: ("Stopped", "orange", ":material/stop_circle:"),
    runs.State.FAILED: ("Failed", "red", ":material/error:"),
    runs.State.INTERRUPTED: ("Interrupted", "orange", ":material/power_off:"),
    runs.State.DAMAGED: ("Damaged", "red", ":material/broken_image:"),
}
BUNDLED_TITLES = {
    runs.BUNDLED: "Bundled model",
    runs.BUNDLED_ACCURATE: "Bundled model (most accurate)",
}
PHASE_WORDS = {
    "starting": "Getting ready",
    "training": "Training",
    "evaluating": "Classifying the validation and test images",
}

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")  # all of ASCII's, any of which Markdown may read


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share of 0 to 1 in percent, or a dash."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def sure_by(probability: float) -> str:
    """Return how sure a network is, in whole percent, but never that it is quite sure."""
    return "over 99 %" if probability >= 0.995 else percent(probability, 0)


def mistake(truth: str, answer: str, probability: float) -> str:
    """Return the caption of a mistake, in lines: the truth, what it was called, and how surely.

    "Called" stands on the shorter line, as a gallery breaks none and cuts what is too long.
    """
    called = (
        f"{truth}, called\n{answer}" if len(truth) <= len(answer) else f"{truth},\ncalled {answer}"
    )
    return f"{called}\n({sure_by(probability)})"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with fixed digits, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def duration(seconds: float) -> str:
    """Return a duration such as ``8 s``, ``1:05 min`` or ``2:03 h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"


def about(seconds: float) -> str:
    """Return an estimate, rounded as estimates are: ``about 15 s``, ``about 36 min``."""
    if seconds < 57.5:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    if seconds < 90 * 60:
        return f"about {max(1, round(seconds / 60))} min"
    return f"about {round(seconds / 1800) / 2:g} h"


def ago(moment: float) -> str:
    """Return how long ago a moment (seconds since the epoch) was."""
    seconds = time.time() - moment
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 86400:
        return f"{seconds // 3600:.0f} h ago"
    return time.strftime("%d %b %Y", time.localtime(moment))


def title(run: runs.Run) -> str:
    """Return what a run is called: its owner's name for it, or architecture and data set."""
    if runs.is_bundled(run.id):
        return BUNDLED_TITLES[run.id]
    if run.name:
        return run.name
    if run.config is None:
        return run.id
    return f"{architecture_title(run.config.architecture)} on {dataset_title(run.config.dataset)}"


def title_markdown(run: runs.Run) -> str:
    """Return the title for where Markdown is read: a name must not become a picture or a link."""
    if run.name and not runs.is_bundled(run.id):
        return literal(run.name)
    return title(run)


def literal(text: str) -> str:
    """Return text, of whoever wrote it, so that Markdown shows it as it is."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)


def architecture_title(name: str) -> str:
    """Return what people call an architecture."""
    return architectures.find(name).title


def dataset_title(name: str) -> str:
    """Return what people call a data set."""
    try:
        return datasets.find(name).title
    except AtelierError:  # imported once, and since removed by hand or damaged
        return name


def accuracy_words(run: runs.Run) -> str:
    """Return the test accuracy if it may be told, else the validation accuracy, with its name."""
    result = run.told
    if result is None:
        return "–"
    if result.test_accuracy is not None:
        return f"test {percent(result.test_accuracy, 2)}"
    return f"validation {percent(result.val_accuracy, 2)}"


def counted(count: int) -> str:
    """Return a number up to ten as a word, a larger one in figures."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[count] if count < len(words) else f"{count:,}"


def none_of(dataset: datasets.DatasetSpec) -> str:
    """Return what a picture is that shows none of a data set's classes."""
    return f"none of the {counted(len(dataset.classes))}"
