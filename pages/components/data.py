"""Data for the pages, cached: what several visitors look at is worked out once.

The only place with ``st.cache_*``. Any visitor can have these emptied, which costs time and
nothing else.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from core import datasets, evaluation, runs
from pages.components.gallery import sprite_sheet


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
    return np.bincount(spec.load(name).labels, minlength=len(spec.classes)).tolist()


@st.cache_data(max_entries=256, show_spinner=False)
def sprite(dataset: str, name: str, chosen: tuple[int, ...]) -> str:
    """Return the sprite sheet of some images."""
    return sprite_sheet(pictures(datasets.load(dataset, name).images[list(chosen)]))


def answers(run: runs.Run, part: str) -> evaluation.Answers:
    """Return a finished run's answers on its ``"validation"`` or on the ``"test"`` images.

    Raises:
        RunDamaged: the run has none, or they cannot be read.
    """
    path = run.folder.evaluation if part == evaluation.TEST else run.folder.validation
    return _answers(run.id, part, str(path), _written(path))


def report(run: runs.Run, part: str) -> evaluation.Report:
    """Return the report on those answers; raises as ``answers`` does."""
    path = run.folder.evaluation if part == evaluation.TEST else run.folder.validation
    return _report(run.id, part, str(path), _written(path))


@st.cache_data(max_entries=32, show_spinner="Reading the answers …")
def _answers(run_id: str, part: str, path: str, written: int) -> evaluation.Answers:
    # When the file was written is part of the cache's key.
    return evaluation.answers_of(runs.read(run_id), part, Path(path))


@st.cache_data(max_entries=64, show_spinner=False)
def _report(run_id: str, part: str, path: str, written: int) -> evaluation.Report:
    answers = _answers(run_id, part, path, written)
    config = runs.read(run_id).config
    assert config is not None, "a damaged run has no answers"
    classes = datasets.find(config.dataset).classes
    return evaluation.report(answers.probabilities, answers.labels, classes, answers.loss)


def tempered(run: runs.Run, part: str) -> evaluation.Tempered | None:
    """Return those answers after temperature scaling, None where no temperature fits.

    Raises:
        RunDamaged: the run has no answers on the validation images, or they cannot be read.
        ValueError: the validation images are fewer than ``evaluation.fewest_to_fit``.
    """
    test, validation = run.folder.evaluation, run.folder.validation
    written = _written(test), _written(validation)
    return _tempered(run.id, part, str(test), str(validation), *written)


@st.cache_data(max_entries=32, show_spinner=False)
def _tempered(
    run_id: str, part: str, test: str, validation: str, *written: int
) -> evaluation.Tempered | None:
    run = runs.read(run_id)
    return evaluation.tempered(answers(run, part), answers(run, evaluation.VALIDATION))


def _written(path: Path) -> int:
    """Return when a file was written, in ns; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
