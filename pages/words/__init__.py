"""Numbers, times and states in the words of the pages, written once."""

import time

from core import architectures, datasets, runs
from core.architectures.settings import count as count  # 1 epoch, 2 epochs
from core.errors import AtelierError
from core.words import duration as duration
from core.words import literal as literal
from core.words import number as number
from core.words import percent as percent
from core.words import sure_by as sure_by

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

ALIKE = 0.002  # accuracies of the same network on two machines differ by less: rounding


def mistake(truth: str, answer: str, probability: float) -> str:
    """Return the caption of a mistake, in lines: the truth, what it was called, and how surely.

    "Called" stands on the shorter line, as a gallery breaks none and cuts what is too long.
    """
    called = (
        f"{truth}, called\n{answer}" if len(truth) <= len(answer) else f"{truth},\ncalled {answer}"
    )
    return f"{called}\n({sure_by(probability)})"


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


def architecture_title(name: str) -> str:
    """Return what people call an architecture."""
    return architectures.find(name).title


def dataset_title(name: str) -> str:
    """Return what people call a data set."""
    try:
        return datasets.find(name).title
    except AtelierError:  # imported once, and since removed by hand or damaged
        return name


def brought_words(run: runs.Run) -> str:
    """Say of a run that was brought from elsewhere what was measured here, and what is a claim."""
    assert run.brought is not None, "it was trained here"
    words = [f"Brought from elsewhere, {ago(run.brought.at)}."]
    told, here = run.brought.val_accuracy, run.result.val_accuracy if run.result else None
    if here is None:
        words.append("Its curves, figures and times are what its file says.")
    else:
        words.append(
            "Its accuracy was measured again here; its curves and times are what its file says."
        )
    if here is not None and told is not None and abs(told - here) > ALIKE:
        words.append(
            f"The file claims {percent(told, 2)} on the validation images, and here they are "
            f"{percent(here, 2)}."
        )
    return " ".join(words)


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
