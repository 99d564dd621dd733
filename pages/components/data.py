"""Data for the pages, cached: what several visitors look at is worked out once.

The only place with ``st.cache_*``. Any visitor can have these emptied, which costs time and
nothing else.
"""

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


@st.cache_data(max_entries=32, show_spinner="Reading the evaluation …")
def evaluated(run_id: str, written: int) -> tuple[np.ndarray, evaluation.Report]:
    """Return a run's test probabilities (n, classes) and the report on them.

    Args:
        run_id: of a finished run.
        written: when its evaluation was written, in ns: part of the cache's key.
    """
    run = runs.read(run_id)
    return evaluation.predictions_of(run).probabilities, evaluation.report_of(run)
