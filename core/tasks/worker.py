"""The program that works one small task on a finished run out, and ends.

``python -m core.tasks.worker KIND RUN OUTPUT``; ``core.tasks.pool`` starts it and says what it
prints. A new kind is one function here: it gets the run and a function to say how far it is, and
returns plain arrays by name.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from core import datasets, runs
from core.classify.nearest import neighbours_of
from core.errors import AtelierError, RunDamaged
from core.evaluation.hidden import balanced_sample, layouts
from core.evaluation.robustness import measure, sample
from core.networks import Network, of_run
from core.networks.batches import Report
from core.processes.program import end_with_server, give_way, line_to_server
from core.runs.analysis import stamp_of, write_analysis


def validation(run: runs.Run, report: Report) -> dict[str, np.ndarray]:
    """Work out what a network says of its validation images where its worker did not.

    That is of a run that did not finish, or of a version that kept no such answers.

    Returns:
        ``probabilities``, float32 (n, classes), and ``loss``: what ``runs.read_evaluation`` reads.
    """
    network = Network(of_run(run))
    images, labels = _held_back(run)
    found = runs.Evaluation.of(network.probabilities(images, report), labels)
    return {"probabilities": found.probabilities, "loss": np.array(found.loss)}


def test(run: runs.Run, report: Report) -> dict[str, np.ndarray]:
    """Work out what a run that was stopped says of the test images, once these are opened.

    Returns:
        As ``validation``.
    """
    assert run.config is not None, "its data set is known"
    network, split = Network(of_run(run)), datasets.load(run.config.dataset, "test")
    found = runs.Evaluation.of(network.probabilities(split.images, report), split.labels)
    return {"probabilities": found.probabilities, "loss": np.array(found.loss)}


def robustness(run: runs.Run, report: Report) -> dict[str, np.ndarray]:
    """Measure the accuracy on a sample of the validation images made worse.

    Returns:
        What ``core.evaluation.read_robustness`` reads.
    """
    network = Network(of_run(run))
    images, labels = _held_back(run)
    chosen = sample(len(labels))
    return measure(
        lambda worse: network.probabilities(worse).argmax(axis=1),
        images[chosen],
        labels[chosen],
        report,
    )


def features(run: runs.Run, report: Report) -> dict[str, np.ndarray]:
    """Lay a sample of the training split out by what the last hidden layer makes of it.

    Returns:
        ``indices``, int32 (n,), of the images in the training split, the same for all runs on a
        data set; ``predicted``, uint8 (n,), the network's answers; and what ``layouts`` returns.
    """
    network = Network(of_run(run))
    train = _training_split(run)
    indices = balanced_sample(train.labels)
    images = train.images[indices]
    # Asking takes about a third of the time, the layout the rest.
    predicted = network.probabilities(images, lambda done: report(0.15 * done)).argmax(axis=1)
    hidden = network.features(images, lambda done: report(0.15 + 0.15 * done))
    return {
        "indices": indices.astype(np.int32),
        "predicted": predicted.astype(np.uint8),
        **layouts(hidden, lambda done: report(0.3 + 0.7 * done)),
    }


def neighbours(run: runs.Run, report: Report) -> dict[str, np.ndarray]:
    """Keep what the last hidden layer makes of a sample of the training images.

    Returns:
        What ``core.classify.nearest`` finds the nearest training images with.
    """
    network = Network(of_run(run))
    return neighbours_of(run, lambda images: network.features(images, report))


KINDS: Mapping[str, Callable[[runs.Run, Report], dict[str, np.ndarray]]] = {
    "validation": validation,
    "test": test,
    "robustness": robustness,
    "features": features,
    "neighbours": neighbours,
}


def work_out(kind: str, run: runs.Run, output: Path, report: Report) -> None:
    """Do a task and write its file.

    Args:
        kind: a name in ``KINDS``.
        run: a run that has a network.
        output: from ``analysis_file``.
        report: told how far it is.

    Raises:
        AtelierError: the run's network, config or data cannot be used.
        OSError: the file cannot be written.
    """
    stamp = stamp_of(run)  # first: a network that is replaced meanwhile must not get the result
    write_analysis(output, KINDS[kind](run, report), stamp)


def _held_back(run: runs.Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the labels of a run's validation part."""
    train = _training_split(run)
    assert run.config is not None, "its data set is known"
    indices = runs.held_out(run.config)
    return train.images[indices], train.labels[indices]


def _training_split(run: runs.Run) -> datasets.Split:
    if run.config is None:
        raise RunDamaged(f"The run {run.id} is damaged: {run.reason}")
    return datasets.load(run.config.dataset, "train")


def main() -> int:
    """Do what the command line asks for."""
    kind, run_id, output = sys.argv[1:]
    say = line_to_server()
    give_way()
    end_with_server()
    code = 0
    try:
        work_out(kind, runs.read(run_id), Path(output), say)
    except Exception as error:  # noqa: BLE001 - the end of the process: the page needs a reason
        if not isinstance(error, AtelierError):
            traceback.print_exc()
        say(_sentence(error))
        code = 1
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    # TensorFlow's threads and Python's clean-up have nothing left to do that matters.
    os._exit(code)


def _sentence(error: Exception) -> str:
    """Return why the task failed, and what to do, for the person who waits."""
    if isinstance(error, AtelierError):
        return str(error)
    if isinstance(error, OSError):
        return (
            f"The result could not be written ({error.strerror or error}). Free some space, or "
            "make the folder writable, and start it again."
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "The memory ran out. Start it again when less is being trained."
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"It ended with an unexpected error ({type(error).__name__}: {first})."


if __name__ == "__main__":
    sys.exit(main())
