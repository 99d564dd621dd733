"""Explore, map: thousands of training images as points, alike ones close together."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import datasets, evaluation, runs
from core.analysis import embedding, files
from core.errors import DataUnavailable
from pages.session import data
from pages.views.explore.opening import open_button
from pages.widgets.choice import choice
from pages.widgets.embedding_map import NONE, Group, embedding_map
from pages.widgets.gallery import gallery
from pages.widgets.pixel_viewer import pixel_image
from pages.widgets.run_picker import run_picker
from pages.widgets.task import task
from pages.words import percent

TILES = 60  # a page
OF = {"pixels": "Pixels", "hidden": "A network's last hidden layer"}
LAYOUTS = {"neighbours": "Neighbours", "pca": "PCA"}
COLOURS = {"class": "Class", "mistakes": "A network's mistakes"}


@dataclass(frozen=True)
class Points:
    """What is drawn.

    Attributes:
        indices: of the images in the training split.
        places: float32 (n, 2), where.
        words: what the map means, in words.
        key: tells this map from others.
    """

    indices: np.ndarray
    places: np.ndarray
    words: str
    key: str


def draw(spec: datasets.DatasetSpec) -> None:
    """Draw the view."""
    with st.container(horizontal=True, gap="medium"):
        of = choice("Map of", OF, "map")
        layout = choice("Layout", LAYOUTS, "layout")
        colour = choice("Coloured by", COLOURS, "colour")
    run = None
    if of == "hidden" or colour == "mistakes":
        run = run_picker("Network", spec.name)
    points = _hidden(spec, run, layout) if of == "hidden" and run else _pixels(spec, layout)
    if points is not None:
        with st.container(border=True):
            _map(spec, points, run if colour == "mistakes" else None)


def _pixels(spec: datasets.DatasetSpec, layout: str) -> Points:
    found = data.embedding_of(spec.name)
    if found is None:
        raise DataUnavailable(
            f"The map of {spec.title} has not been computed on this machine. Where the app is "
            f"installed, run '{files.command(spec, embedding.NAME)}', then look again. A network's "
            "last hidden layer can be mapped without it."
        )
    if layout == "pca":
        words = _pca_words("the pixels of these images", found.explained)
        return Points(found.indices, found.pca, words, "pixels_pca")
    words = (
        "UMAP (McInnes and others, arXiv:1802.03426): images with similar pixels are neighbours. "
        "Which images are neighbours means something; how far apart groups are does not."
    )
    return Points(found.indices, found.umap, words, "pixels_umap")


def _hidden(spec: datasets.DatasetSpec, run: runs.Run, layout: str) -> Points | None:
    """Return the map of a run's last hidden layer, or draw what it takes to get one."""
    path = task("features", run)
    if path is None:
        return None
    found = data.hidden_of(spec.name, path)
    if layout == "pca":
        words = _pca_words("what this layer makes of the images", found.explained)
        return Points(found.indices, found.pca, words, f"{run.id}_pca")
    words = (
        "t-SNE (van der Maaten and Hinton, 2008) of the last layer before the answer: images that "
        "look alike to this network are neighbours. Next to the map of the pixels it shows what it "
        "learned to tell apart. How far apart groups are means nothing."
    )
    return Points(found.indices, found.tsne, words, f"{run.id}_tsne")


def _pca_words(what: str, explained: np.ndarray) -> str:
    first, second = (percent(float(share), 0) for share in explained)
    return (
        f"PCA: the two directions in which {what} differ most. The horizontal one explains {first} "
        f"of all differences, the vertical one {second}; the map does not show the rest."
    )


def _map(spec: datasets.DatasetSpec, points: Points, judged: runs.Run | None) -> None:
    part = data.split(spec.name, "train")
    labels = part.labels[points.indices]
    if judged is None:
        groups, group, answers = [Group(name) for name in spec.classes], labels, None
    else:
        groups, group, answers = _mistakes(judged, points.indices)
    chosen = embedding_map(
        points.places,
        points.indices,
        labels,
        spec.classes,
        groups=groups,
        group=group,
        answers=answers,
        thumbnails=data.map_sheet(spec.name, points.indices),
        description=f"Map of {len(labels):,} training images of {spec.title}, "
        + ("by class" if judged is None else "by what a network answered"),
        key=f"map_{spec.name}_{points.key}",
    )
    st.caption(f"{len(labels):,} training images, equally many of each class. {points.words}")
    if chosen.lassoed is not None:
        _taken(spec, points.indices[chosen.lassoed])
    if chosen.picked is not None:
        _open(spec, int(points.indices[chosen.picked]))


def _mistakes(run: runs.Run, indices: np.ndarray) -> tuple[list[Group], np.ndarray, np.ndarray]:
    """Return the legend, each point's group and each point's answer.

    Only images that the run held back for validation count: what a network says of an image that
    it learned from tells little.
    """
    answers = data.answers(run, evaluation.VALIDATION)
    _, at, of = np.intersect1d(indices, answers.indices, assume_unique=True, return_indices=True)
    right = answers.right[of]
    group = np.full(len(indices), NONE)
    group[at] = np.where(right, 0, 1)
    answered = np.full(len(indices), NONE)
    answered[at] = answers.predicted[of]
    st.caption(
        f"{len(at):,} of the {len(indices):,} images on the map are among the {len(answers):,} "
        f"that this network held back for validation: {int(right.sum()):,} answers are right and "
        f"{int((~right).sum()):,} wrong. The pale points are images that it may "
        "have learned from: they prove nothing."
    )
    return [Group("Right", "right"), Group("Wrong", "wrong")], group, answered


def _taken(spec: datasets.DatasetSpec, taken: np.ndarray) -> None:
    """Show the images that were drawn around."""
    if not len(taken):
        st.markdown("**The selection is empty.**")
        return
    part = data.split(spec.name, "train")
    counts = np.bincount(part.labels[taken], minlength=len(spec.classes))
    most = [label for label in np.argsort(-counts, kind="stable") if counts[label]]
    names = " · ".join(f"{spec.classes[label]} {counts[label]:,}" for label in most)
    what = "image" if len(taken) == 1 else "images"
    st.markdown(f"**{len(taken):,} {what} selected** · {names}")
    pages = -(-len(taken) // TILES)
    if int(st.session_state.get("map_page") or 1) > pages:
        st.session_state["map_page"] = 1
    place = st.container()
    page = 1
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            page = st.pagination(pages, width=440, key="map_page")
    shown = taken[(page - 1) * TILES : page * TILES]
    with place:
        picked = gallery(
            data.pictures(part.images[shown]),
            [spec.classes[part.labels[index]] for index in shown],
            labels=[f"{spec.classes[part.labels[index]]}, image {index}" for index in shown],
            key="map_taken",
        )
    if picked is not None:
        _open(spec, int(shown[picked]))


def _open(spec: datasets.DatasetSpec, index: int) -> None:
    label = spec.classes[data.split(spec.name, "train").labels[index]]
    st.dialog(f"{label} · image {index:,}")(_image)(spec, index)


def _image(spec: datasets.DatasetSpec, index: int) -> None:
    part = data.split(spec.name, "train")
    label = spec.classes[part.labels[index]]
    pixel_image(part.images[index], f"{label}, image {index} of the training split", width=420)
    if open_button("train", index, "map"):
        st.rerun()  # the whole page, and not only the dialog
