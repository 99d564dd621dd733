"""Which images a label court judges: doubtful labels, and a few clear ones to judge the judges.

Doubts come from what is kept of a data set (``core.analysis.labels``), or from a finished run: what
its network says of its own validation images, from which it did not learn.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from core import architectures, datasets, evaluation, jobs, runs
from core.analysis import labels
from core.analysis.labels import Labels
from core.architectures.recipe import ValidationFrom
from core.classroom import presence, training
from core.classroom.access import Action, check
from core.classroom.keys import group_of
from core.classroom.people import Person
from core.datasets import DatasetSpec
from core.datasets.access import usable_datasets
from core.errors import ClassroomRefused
from core.runs import Run, TrainingConfig

KEPT = "kept"  # the source that is no run
FEWEST, MOST = 5, 100  # images of a court
CLEAR_IN = 10  # one image in so many is clear
CERTAIN = 0.99  # probability of the label, from which an image is clear
MOST_RUNS = 8  # that are offered
# Tried in this order to find doubts; one of them suits every data set.
NETWORKS = ("sprint-cnn", "strided-cnn", "mlp")
HELD_BACK = 0.5  # of the images, for a run that is to find doubts


@dataclass(frozen=True)
class Source:
    """Where doubts come from.

    Attributes:
        key: ``kept``, or the id of a run.
        title: what it is called, and how it came to its doubts.
    """

    key: str
    title: str


@dataclass(frozen=True)
class Docket:
    """The images of a court, in a mixed order; all have as many entries.

    Attributes:
        images: indices in the training split.
        given: the labels that the data set has.
        suspected: the most probable other classes.
        doubt: how doubtful each label is, 0 to 1.
        clear: whether it is there to judge the judges.
    """

    images: list[int]
    given: list[int]
    suspected: list[int]
    doubt: list[float]
    clear: list[bool]


def dataset_of(by: Person, name: str) -> DatasetSpec:
    """Return a data set that somebody may put before a court.

    Raises:
        ClassroomRefused: it is not theirs, or there is none.
        DataUnavailable: its images are not on this machine.
    """
    spec = offered(by).get(name)
    if spec is None:
        raise ClassroomRefused("There is no such data set for this class. Choose one of the list.")
    return spec


def offered(by: Person) -> dict[str, DatasetSpec]:
    """Return the data sets that somebody may put before a court, by name.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    own = [each.spec for each in usable_datasets(by.visitor, training.circle_of(by))]
    every = [*datasets.DATASETS.values(), *own]
    return {spec.name: spec for spec in every if spec.missing() is None}


def sources(by: Person, class_id: int, dataset: str) -> list[Source]:
    """Return where doubts about the training labels of a data set can come from, the best first.

    Raises:
        ClassroomRefused: not a teacher, or not a data set of theirs.
        DataDamaged: what is kept of the data set cannot be read.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_COURT, class_id)
    spec, found = dataset_of(by, dataset), []
    kept = labels.labels_of(spec, "train")
    if kept is not None:
        found.append(Source(KEPT, f"Confident learning on all images ({kept.method})"))
    found += [Source(run.id, _words(run)) for run in _runs(by, class_id, dataset)[:MOST_RUNS]]
    return found


def doubts(by: Person, class_id: int, dataset: str, key: str) -> tuple[str, np.ndarray, Labels]:
    """Return what a source says of the training labels of a data set.

    Returns:
        What the source is called, the indices of the images that it knows, int (n,), and what it
        says of them.

    Raises:
        ClassroomRefused: as ``sources``, or there is no such source any more.
        DataUnavailable, DataDamaged, RunDamaged: it cannot be read.
        ClassroomUnavailable: the database cannot be used.
    """
    known = {each.key: each.title for each in sources(by, class_id, dataset)}
    if key not in known:
        raise ClassroomRefused(
            "These doubts are not there any more, as the run is gone. Choose another source."
        )
    spec = datasets.find(dataset)
    if key == KEPT:
        found = labels.labels_of(spec, "train")
        assert found is not None, "it is among the sources"
        return known[key], np.arange(len(found)), found
    answers = evaluation.answers_of(runs.read(key), evaluation.VALIDATION)
    return known[key], answers.indices, labels.doubted(answers.labels, answers.probabilities)


def draw(
    indices: np.ndarray,
    given: np.ndarray,
    found: Labels,
    count: int,
    seed: int,
    without: Collection[int] = (),
) -> Docket:
    """Draw the images of a court: the most doubtful ones, and one clear one in ten.

    Args:
        indices: int (n,), of the images that are known.
        given: int (n,), their labels.
        found: what is said of these.
        count: images, clear ones included; there may be fewer.
        seed: of the draw of the clear ones, and of the order.
        without: indices that other courts have had.

    Raises:
        ClassroomRefused: too few labels are doubtful.
    """
    random = np.random.default_rng(seed)
    fresh = ~np.isin(indices, list(without))
    clear_count = max(1, round(count / CLEAR_IN))
    doubtful = [place for place in found.ranked().tolist() if fresh[place]]
    doubtful = doubtful[: count - clear_count]
    if len(doubtful) < FEWEST - 1:
        raise ClassroomRefused(
            f"Only {len(doubtful)} labels are doubtful that no court of this class has had, and a "
            f"court needs {FEWEST - 1}. Choose another source or data set."
        )
    sure = np.flatnonzero(fresh & ~found.doubtful)
    certain = sure[found.own[sure] >= CERTAIN]
    if len(certain) < clear_count:
        certain = sure[np.argsort(-found.own[sure], kind="stable")][:clear_count]
    clear = random.choice(certain, min(clear_count, len(certain)), replace=False).tolist()
    places = random.permutation([*doubtful, *clear]).tolist()
    return Docket(
        images=indices[places].tolist(),
        given=given[places].tolist(),
        suspected=found.suggested[places].tolist(),
        doubt=[round(float(each), 4) for each in found.suspicion[places]],
        clear=[place in set(clear) for place in places],
    )


# -- Where nobody has looked for doubts yet --------------------------------------------------------


def find_doubts(by: Person, class_id: int, dataset: str) -> str:
    """Train a network on one half of a data set, so that it judges the other; return the run's id.

    One that is under way is returned. When it has finished it is among the ``sources``.

    Raises:
        ClassroomRefused: not a teacher, or not a data set of theirs.
        DataUnavailable, SettingsError: the run cannot be started.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_COURT, class_id)
    going = finding(class_id, dataset)
    if going is not None:
        return going.id
    spec = dataset_of(by, dataset)
    fitting = (architectures.find(name) for name in NETWORKS)
    network = next(each for each in fitting if each.suits(spec))
    recipe = network.recipe_for(dataset).changed(
        validation=HELD_BACK, validation_from=ValidationFrom.RANDOM
    )
    config = TrainingConfig(dataset, network.name, recipe)
    group = group_of(class_id)
    return jobs.start_all([config], group, group=group)[0]


def finding(class_id: int, dataset: str) -> Run | None:
    """Return the run of ``find_doubts`` that waits or trains; None if there is none.

    Raises:
        ClassroomUnavailable: the database cannot be used.
    """
    group = group_of(class_id)
    for run in runs.using(dataset):
        known = run.config is not None and run.config.recipe.validation == HELD_BACK
        if known and run.visitor == group and run.state.active:
            return run
    return None


def _runs(by: Person, class_id: int, dataset: str) -> list[Run]:
    """Return the runs whose network may doubt labels, the highest validation accuracy first."""
    owners = {member.visitor for member in presence.members(class_id)}
    owners |= {by.visitor, group_of(class_id)} - {""}
    every = [*runs.list_bundled(), *(run for run in runs.list_runs() if run.visitor in owners)]
    found = [
        run
        for run in every
        if run.config is not None
        and run.config.dataset == dataset
        and not run.unfinished
        and run.folder.validation.exists()
    ]
    return sorted(found, key=lambda run: -_accuracy(run))


def _accuracy(run: Run) -> float:
    return runs.validation_so_far(run) or 0.0


def _words(run: Run) -> str:
    assert run.config is not None, "only runs with settings are offered"
    title = architectures.find(run.config.architecture).title
    return (
        f"{title} ({100 * _accuracy(run):.1f} %), on its {run.config.validation_count:,} "
        "validation images"
    )
