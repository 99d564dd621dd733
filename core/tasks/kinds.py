"""What a background task can be: one entry a kind, read by pages and by the program that works.

A new kind is one entry in ``KINDS``: what it is called, what it costs, and a function that gets
the run and a function to say how far it is, and returns plain arrays by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core import datasets, runs
from core.architectures.settings import count
from core.classify import nearest
from core.errors import RunDamaged
from core.evaluation import hidden, reactions
from core.evaluation import robustness as worse
from core.evaluation.corruptions import CORRUPTIONS, SEVERITIES
from core.networks import Network, laid_open, of_run
from core.networks.batches import Report
from core.networks.browser import members_of

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of task.

    Attributes:
        name: of its result file, see ``core.runs.analysis``.
        title: what the result is called; ``{network}`` stands for the run's title.
        explanation: what is worked out of a run and how long that takes, in a sentence or two,
            with ``{network}`` as above.
        work: does it. Raises AtelierError where the run's network, config or data are of no use.
    """

    name: str
    title: str
    explanation: Callable[[runs.Run], str]
    work: Callable[[runs.Run, Report], Arrays]


def _validation(run: runs.Run, report: Report) -> Arrays:
    """Work out what a network says of its validation images where its worker did not.

    That is of a run that did not finish, or of a version that kept no such answers.

    Returns:
        ``probabilities``, float32 (n, classes), and ``loss``: what ``runs.read_evaluation`` reads.
    """
    return _answers(run, *held_back(run), report)


def _test(run: runs.Run, report: Report) -> Arrays:
    """Work out what the network of a stopped run says of the test images, once these are opened.

    Returns:
        As ``_validation``.
    """
    assert run.config is not None, "its data set is known"
    test = datasets.load(run.config.dataset, "test")
    return _answers(run, test.images, test.labels, report)


def _answers(
    run: runs.Run, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], report: Report
) -> Arrays:
    network = Network(of_run(run))
    found = runs.Evaluation.of(network.probabilities(images, report), labels)
    return {"probabilities": found.probabilities, "loss": np.array(found.loss)}


def _answers_cost(run: runs.Run) -> str:
    why = (
        "This training is unfinished, so its predictions were not saved"
        if run.unfinished
        else "This run predates saved predictions"
    )
    return (
        f"{why}; compute them now, in the background. It takes from a few seconds to a minute, "
        "depending on the size of the network."
    )


def _robustness(run: runs.Run, report: Report) -> Arrays:
    """Measure the accuracy on a sample of the validation images made worse.

    Returns:
        What ``core.evaluation.read_robustness`` reads.
    """
    network = Network(of_run(run))
    images, labels = held_back(run)
    chosen = worse.sample(len(labels))
    return worse.measure(
        lambda changed: network.probabilities(changed).argmax(axis=1),
        images[chosen],
        labels[chosen],
        report,
    )


def _robustness_costs(run: runs.Run) -> str:
    assert run.config is not None, "a damaged run is not looked at"
    count = min(worse.SAMPLE, run.config.validation_count)
    answers = count * (1 + len(CORRUPTIONS) * len(SEVERITIES))
    return (
        f"Tests {count:,} of its validation images under {len(CORRUPTIONS)} corruptions at "
        f"{len(SEVERITIES)} severities each: {answers:,} answers. On two idle cores this takes "
        "10 seconds for a small network and a minute for a large one, longer while others train. "
        "It continues if you leave the page, and the result is kept."
    )


def _features(run: runs.Run, report: Report) -> Arrays:
    """Lay a sample of the training split out by what the last hidden layer makes of it.

    Returns:
        ``indices``, int32 (n,), of the images in the training split, the same for all runs on a
        data set; and what ``hidden.layouts`` returns.
    """
    network = Network(of_run(run))
    train = _training_split(run)
    indices = hidden.balanced_sample(train.labels)
    # Asking takes about a fifth of the time, the layout the rest.
    features = network.features(train.images[indices], lambda done: report(0.2 * done))
    placed = hidden.layouts(features, lambda done: report(0.2 + 0.8 * done))
    return {"indices": indices.astype(np.int32), **placed}


def _neighbours(run: runs.Run, report: Report) -> Arrays:
    """Keep what the last hidden layer makes of a sample of the training images.

    Returns:
        What ``core.classify.nearest`` finds the nearest training images with.
    """
    network = Network(of_run(run))
    return nearest.neighbours_of(run, lambda images: network.features(images, report))


def _reactions(run: runs.Run, report: Report) -> Arrays:
    """Find out to which validation images the parts of a network react.

    Returns:
        What ``reactions.read_reactions`` reads.
    """
    train = _training_split(run)
    assert run.config is not None, "its data set is known"
    held = runs.held_out(run.config)
    indices = held[reactions.sample(len(held))]
    report(0.0)  # building the networks takes a moment
    found, members = [], members_of(run)
    for member in range(members):
        opened = laid_open.of_run(run, member)

        def so_far(done: float, before: int = member) -> None:
            report((before + done) / members)

        found.append(reactions.measure(opened, train.images[indices], indices, so_far))
    return reactions.kept(found, len(indices))


def _reactions_cost(run: runs.Run) -> str:
    assert run.config is not None, "a damaged run is not looked at"
    images = count(min(reactions.SAMPLE, run.config.validation_count), "validation image")
    return (
        f"Asks {{network}} about {images}: to how many does each map and unit react, and to which "
        "most? It takes from ten seconds to a minute, in the background; the result is kept for "
        "everyone."
    )


KINDS = {
    each.name: each
    for each in (
        Kind("validation", "Validation predictions", _answers_cost, _validation),
        Kind("test", "Test predictions", _answers_cost, _test),
        Kind("robustness", "Robustness: {network}", _robustness_costs, _robustness),
        Kind(
            "features",
            "Map of the last hidden layer",
            lambda run: (
                "Asks {network} about several thousand training images, reads its last hidden "
                "layer, and places similar images together. It takes about a minute, in the "
                "background; the result is kept for everyone."
            ),
            _features,
        ),
        Kind(
            nearest.NAME,
            "Images that look alike to the network",
            lambda run: (
                "Reads the last hidden layer for all training images, once, in the background. It "
                "takes about half a minute."
            ),
            _neighbours,
        ),
        Kind(
            reactions.NAME,
            "What its parts react to",
            _reactions_cost,
            _reactions,
        ),
    )
}


def held_back(run: runs.Run) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the images and the labels of a run's validation part.

    Raises:
        RunDamaged: the run's config cannot be read.
        DataUnavailable, DataDamaged: its data cannot be read.
    """
    train = _training_split(run)
    assert run.config is not None, "its data set is known"
    indices = runs.held_out(run.config)
    return train.images[indices], train.labels[indices]


def _training_split(run: runs.Run) -> datasets.Split:
    if run.config is None:
        raise RunDamaged(f"The run {run.id} is damaged: {run.reason}")
    return datasets.load(run.config.dataset, "train")
