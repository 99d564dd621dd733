"""Data for the pages, cached: what several visitors look at is worked out once.

The only place with ``st.cache_*``. Any visitor can have these emptied, which costs time and
nothing else.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
import streamlit as st

from core import datasets, evaluation, runs
from core.analysis import duplicates, embedding, files, labels, neighbours, statistics
from core.analysis.order import ORDERS, Subject
from core.errors import ClassroomRefused, RunDamaged
from core.runs import division, snapshots
from core.tasks.pool import answers_file as answers_file
from pages.widgets.embedding_map import sheet
from pages.widgets.gallery import sprite_sheet
from pages.widgets.time_machine import Followed

if TYPE_CHECKING:  # whoever is in no class needs no database loaded
    from core.classroom.beating import Figures, Round
    from core.classroom.correcting import Difference
    from core.classroom.court import Court
    from core.classroom.experiments import Experiment
    from core.classroom.experiments import Figures as ExperimentFigures
    from core.classroom.overview import Contest, Overview
    from core.classroom.photo_judging import Figures as PhotoFigures
    from core.classroom.photos import Collection, Photo
    from core.classroom.verdicts import Figures as CourtFigures
    from pages.widgets.class_chart import Line

P = ParamSpec("P")
T = TypeVar("T")


def _looks_at_all(work: Callable[P, T]) -> Callable[P, T]:
    """Let go of the memory of mapped images after a walk through many of them."""

    @wraps(work)
    def worked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        finally:
            datasets.let_go()

    return worked


def split(dataset: str, name: str) -> datasets.Split:
    """Return a split, with a spinner while it is read for the first time."""
    spec = datasets.find(dataset)
    if spec.is_loaded(name):
        return spec.load(name)
    with st.spinner(f"Reading the {spec.counts[name]:,} {name} images of {spec.title} …"):
        return spec.load(name)


def pictures(images: np.ndarray) -> np.ndarray:
    """Return images (n, height, width, channels) as pictures: gray ones lose their channel axis."""
    return images[..., 0] if images.shape[-1] == 1 else images


@st.cache_data(max_entries=64, show_spinner=False)
def indices(dataset: str, name: str, label: int | None) -> np.ndarray:
    """Return the indices of the images of one class, or of all, in the split's order."""
    labels = datasets.load(dataset, name).labels
    return np.arange(len(labels)) if label is None else np.flatnonzero(labels == label)


@st.cache_data(max_entries=8, show_spinner=False)
def class_counts(dataset: str, name: str) -> list[int]:
    """Return the number of images of each class."""
    spec = datasets.find(dataset)
    found: list[int] = np.bincount(spec.load(name).labels, minlength=len(spec.classes)).tolist()
    return found


@st.cache_data(max_entries=8, show_spinner=False)
@_looks_at_all
def moments(dataset: str, name: str) -> statistics.Moments:
    """Return mean and spread of the images of each class."""
    spec = datasets.find(dataset)
    return statistics.moments(spec.load(name), len(spec.classes))


@st.cache_data(max_entries=8, show_spinner=False)
@_looks_at_all
def histogram(dataset: str, name: str) -> np.ndarray:
    """Return how often each pixel value occurs, (classes, channels, 256)."""
    spec = datasets.find(dataset)
    return statistics.histogram(spec.load(name), len(spec.classes))


@st.cache_data(max_entries=8, show_spinner=False)
def distances(dataset: str, name: str) -> statistics.Distances:
    """Return how far the classes are from one another."""
    return statistics.distances(moments(dataset, name))


@st.cache_data(max_entries=8, show_spinner=False)
def class_sheet(dataset: str, name: str) -> bytes:
    """Return a sprite sheet: the mean images of all classes, then their spreads, twice as bright.

    A spread is at most half of the range of values. Classes without an image are black.
    """
    of = moments(dataset, name)
    both = np.nan_to_num(np.concatenate([of.means, 2 * of.spreads]))
    return sprite_sheet(pictures(both.round().astype(np.uint8)))


@st.cache_resource(max_entries=16, show_spinner=False)
def followed(config: runs.TrainingConfig) -> Followed:
    """Return the validation images that the records of a run with these settings follow."""
    spec = datasets.find(config.dataset)
    train = spec.load("train")
    held_out = division.held_out(config)
    places = held_out[snapshots.followed(train.labels[held_out], len(spec.classes))]
    return Followed.of(pictures(train.images[places]), train.labels[places].astype(np.int64))


@st.cache_data(max_entries=512, show_spinner=False)
@_looks_at_all
def nearest(dataset: str, name: str, index: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return indices and distances of the training images that are nearest to an image."""
    query = datasets.load(dataset, name).images[index]
    without = index if name == "train" else None
    images = datasets.load(dataset, "train").images
    return neighbours.nearest(images, query, count, without=without)


def order_values(
    order: str, dataset: str, name: str, run: runs.Run | None = None
) -> np.ndarray | None:
    """Return the values by which an order sorts the images of a split.

    Raises:
        RunDamaged: the order is about the run, and its answers cannot be read.
    """
    if run is None:
        # Doubtful labels may be worked out while the app runs.
        written = _written(files.path_of(dataset, labels.NAME))
        return _order_values(order, dataset, name, written)
    part = evaluation.TEST if name == "test" else evaluation.VALIDATION
    return ORDERS[order].values(Subject(dataset, name, answers(run, part)))


@st.cache_data(max_entries=32, show_spinner=False)
@_looks_at_all
def _order_values(order: str, dataset: str, name: str, written: int) -> np.ndarray | None:
    return ORDERS[order].values(Subject(dataset, name))


# Up to 0.3 MB each, and made in some milliseconds: for those who look at the same page.
@st.cache_data(max_entries=64, show_spinner=False)
@_looks_at_all
def sprite(dataset: str, name: str, chosen: tuple[int, ...]) -> bytes:
    """Return the sprite sheet of some images."""
    return sprite_sheet(pictures(datasets.load(dataset, name).images[list(chosen)]))


def embedding_of(dataset: str) -> embedding.Embedding | None:
    """Return the bundled map of a data set, if there is one; raises as the core's function does."""
    return _embedding(dataset, _written(files.path_of(dataset, embedding.NAME)))


def labels_of(dataset: str, name: str) -> labels.Labels | None:
    """Return what is known of a split's labels, if anything; raises as the core's function does."""
    return _labels(dataset, name, _written(files.path_of(dataset, labels.NAME)))


def duplicates_of(dataset: str) -> duplicates.Duplicates | None:
    """Return the pairs of images that are alike, if they were worked out; raises as above."""
    return _duplicates(dataset, _written(files.path_of(dataset, duplicates.NAME)))


def hidden_of(dataset: str, path: Path) -> embedding.Hidden:
    """Return the map of a run's last hidden layer; raises as the core's function does."""
    return _hidden(dataset, str(path), _written(path))


@st.cache_data(max_entries=16, show_spinner=False)
def _hidden(dataset: str, path: str, written: int) -> embedding.Hidden:
    return embedding.hidden_of(datasets.find(dataset), Path(path))


@st.cache_data(max_entries=8, show_spinner=False)
def _embedding(dataset: str, written: int) -> embedding.Embedding | None:
    return embedding.embedding_of(datasets.find(dataset))


@st.cache_data(max_entries=8, show_spinner=False)
def _labels(dataset: str, name: str, written: int) -> labels.Labels | None:
    return labels.labels_of(datasets.find(dataset), name)


@st.cache_data(max_entries=8, show_spinner=False)
def _duplicates(dataset: str, written: int) -> duplicates.Duplicates | None:
    return duplicates.duplicates_of(datasets.find(dataset))


@st.cache_data(max_entries=4, show_spinner=False)
@_looks_at_all
def map_sheet(dataset: str, indices: np.ndarray) -> bytes:
    """Return the small pictures of some training images for a map."""
    return sheet(pictures(datasets.load(dataset, "train").images[indices]))


def answers(run: runs.Run, part: str) -> evaluation.Answers:
    """Return a finished run's answers on its ``"validation"`` or on the ``"test"`` images.

    Raises:
        RunDamaged: the run has none, or they cannot be read.
        ClassroomRefused: the test images are closed for a class.
    """
    _check_open(run, part)
    path = answers_file(run, part)
    if not path.exists() and (run.unfinished or part == evaluation.VALIDATION):
        raise RunDamaged(
            f"Its {part} predictions have not been computed yet. Choose it as the network on the "
            f"Evaluate page, look at its {part} images, and compute them there."
        )
    return _answers(run.id, part, str(path), _written(path))


def report(run: runs.Run, part: str) -> evaluation.Report:
    """Return the report on those answers; raises as ``answers`` does."""
    _check_open(run, part)
    path = answers_file(run, part)
    return _report(run.id, part, str(path), _written(path))


def rankings(run: runs.Run, part: str) -> list[evaluation.Ranking]:
    """Return how those answers rank each class's images; raises as ``answers`` does."""
    _check_open(run, part)
    path = answers_file(run, part)
    return _rankings(run.id, part, str(path), _written(path))


def _check_open(run: runs.Run, part: str) -> None:
    """Keep the answers on closed test images from whoever asks, before any cache is."""
    if part == evaluation.TEST and run.closed is not None:
        raise ClassroomRefused(run.closed)


@st.cache_data(max_entries=32, show_spinner="Reading the answers …")
def _answers(run_id: str, part: str, path: str, written: int) -> evaluation.Answers:
    # When the file was written is part of the cache's key.
    return evaluation.answers_of(runs.read(run_id), part, Path(path))


@st.cache_data(max_entries=64, show_spinner=False)
def _report(run_id: str, part: str, path: str, written: int) -> evaluation.Report:
    answers = _answers(run_id, part, path, written)
    config = runs.read(run_id).config
    assert config is not None, "a damaged run has no answers"
    spec = datasets.find(config.dataset)
    unseen = evaluation.unseen_classes(spec)
    return evaluation.report(
        answers.probabilities, answers.labels, spec.classes, answers.loss, unseen
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _rankings(run_id: str, part: str, path: str, written: int) -> list[evaluation.Ranking]:
    answers = _answers(run_id, part, path, written)
    config = runs.read(run_id).config
    assert config is not None, "a damaged run has no answers"
    classes = datasets.find(config.dataset).classes
    return evaluation.rankings(answers.probabilities, answers.labels, classes)


def tempered(run: runs.Run, part: str) -> evaluation.Tempered | None:
    """Return those answers after temperature scaling, None where no temperature fits.

    Raises:
        RunDamaged: the run has no answers on the validation images, or they cannot be read.
        ValueError: the validation images are fewer than ``evaluation.fewest_to_fit``.
    """
    paths = [answers_file(run, each) for each in (evaluation.TEST, evaluation.VALIDATION)]
    return _tempered(run.id, part, str(paths), *[_written(path) for path in paths])


@st.cache_data(max_entries=32, show_spinner=False)
def _tempered(run_id: str, part: str, paths: str, *written: int) -> evaluation.Tempered | None:
    run = runs.read(run_id)
    return evaluation.tempered(answers(run, part), answers(run, evaluation.VALIDATION))


# A resource, as it is never changed: a copy for each of thirty watchers would cost more than it.
@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def class_overview(class_id: int) -> "Overview":
    """Return a class as it was at most a second ago; raises as the core's function does."""
    from core.classroom.overview import overview

    return overview(class_id)


@st.cache_resource(max_entries=64, ttl=5.0, show_spinner=False)
def class_looks(class_id: int) -> dict[int, dict[str, int]]:
    """Return how many test sets each member has opened, by data set; raises as above."""
    from core.classroom.seal import all_looks

    members = {each.member.visitor: each.member.id for each in class_overview(class_id).students}
    return {members[visitor]: counts for visitor, counts in all_looks(members).items()}


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def class_contest(class_id: int) -> "Contest | None":
    """Return what a class works on, as it was at most a second ago; raises as above."""
    from core.classroom.overview import contest

    return contest(class_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def class_lines(class_id: int, *, of_contest: bool = False) -> "list[Line]":
    """Return the lines of ``class_chart``, read once a second for all who look; raises as above.

    Args:
        class_id: of the class.
        of_contest: only runs with the settings of the task that ``class_contest`` tells.
    """
    from pages.widgets.class_chart import lines_of

    found = class_contest(class_id) if of_contest else None
    return lines_of(class_overview(class_id), found.given.task if found is not None else None)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def class_rounds(class_id: int) -> "list[Round]":
    """Return the rounds of Beat the network of a class, the newest first; raises as above."""
    from core.classroom.beating import rounds_of
    from core.classroom.people import SERVER

    return rounds_of(SERVER, class_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def round_figures(round_id: int) -> "Figures":
    """Return how a class does in a round; whoever shows them asks ``beating.sees`` first."""
    from core.classroom.beating import figures
    from core.classroom.people import SERVER

    return figures(SERVER, round_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def class_experiments(class_id: int) -> "list[Experiment]":
    """Return the experiments of a class, the newest first; raises as above."""
    from core.classroom.experiments import experiments_of
    from core.classroom.people import SERVER

    return experiments_of(SERVER, class_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def experiment_figures(experiment_id: int) -> "ExperimentFigures":
    """Return the results of an experiment; whoever shows them asks who may see it first."""
    from core.classroom.experiments import figures
    from core.classroom.people import SERVER

    return figures(SERVER, experiment_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def class_courts(class_id: int) -> "list[Court]":
    """Return the label courts of a class, the newest first; raises as above."""
    from core.classroom.court import courts_of
    from core.classroom.people import SERVER

    return courts_of(SERVER, class_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def court_figures(court_id: int) -> "CourtFigures":
    """Return what a court has found; an open one tells nothing that must not be known."""
    from core.classroom.people import SERVER
    from core.classroom.verdicts import figures

    return figures(SERVER, court_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def court_difference(court_id: int) -> "Difference | None":
    """Return what the corrected labels of a court change, if that is or was measured."""
    from core.classroom.correcting import difference
    from core.classroom.people import SERVER

    return difference(SERVER, court_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def class_collections(class_id: int) -> "list[Collection]":
    """Return the collections of photos of a class, the newest first; raises as above."""
    from core.classroom.people import SERVER
    from core.classroom.photos import collections_of

    return collections_of(SERVER, class_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def approved_photos(collection_id: int) -> "list[Photo]":
    """Return the approved photos of a collection; whoever shows them asks who may see them."""
    from core.classroom.people import SERVER
    from core.classroom.photos import approved

    return approved(SERVER, collection_id)


@st.cache_resource(max_entries=64, ttl=1.0, show_spinner=False)
def photo_figures(collection_id: int) -> "PhotoFigures":
    """Return what networks are worth on the photos of a collection, as ``approved_photos``."""
    from core.classroom.people import SERVER
    from core.classroom.photo_judging import figures

    return figures(SERVER, collection_id)


def forget_classes() -> None:
    """Have the next look at any class see what has just been done in it."""
    for kept in (
        class_overview,
        class_looks,
        class_contest,
        class_lines,
        class_rounds,
        round_figures,
        class_experiments,
        experiment_figures,
        class_courts,
        court_figures,
        court_difference,
        class_collections,
        approved_photos,
        photo_figures,
    ):
        kept.clear()


def _written(path: Path) -> int:
    """Return when a file was written, in ns; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
