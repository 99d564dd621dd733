"""Explore, map: ten thousand training images as points, alike ones close together."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import datasets, evaluation
from core.analysis import embedding, files
from core.errors import DataUnavailable
from pages.components import data
from pages.components.embedding_map import NONE, Group, embedding_map
from pages.components.explore.opening import open_button
from pages.components.gallery import gallery
from pages.components.guard import check_url
from pages.components.pixels import pixel_image
from pages.components.run_picker import run_picker
from pages.components.wording import percent

TILES = 60  # a page
LAYOUTS = {"umap": "UMAP of pixels", "pca": "PCA of pixels"}
COLOURS = {"class": "Class", "mistakes": "A network's mistakes"}


@dataclass(frozen=True)
class Points:
    """What is drawn: images of the training split, and where."""

    indices: np.ndarray
    places: np.ndarray
    words: str


def draw(spec: datasets.DatasetSpec) -> None:
    """Draw the view."""
    found = data.embedding_of(spec.name)
    if found is None:
        raise DataUnavailable(
            f"The map of {spec.title} has not been worked out on this machine. Where the app is "
            f"installed, run '{files.command(spec, embedding.NAME)}', then look again."
        )
    check_url("layout", LAYOUTS)
    check_url("colour", COLOURS)
    left, right = st.columns(2)
    with left:
        layout = st.segmented_control(
            "Layout",
            list(LAYOUTS),
            default="umap",
            required=True,
            format_func=LAYOUTS.__getitem__,
            key="layout",
            bind="query-params",
        )
    with right:
        colour = st.segmented_control(
            "Coloured by",
            list(COLOURS),
            default="class",
            required=True,
            format_func=COLOURS.__getitem__,
            key="colour",
            bind="query-params",
        )
    points = _pixels(found, layout or "umap")
    with st.container(border=True):
        _map(spec, points, colour or "class", f"map_{layout}")


def _pixels(found: embedding.Embedding, layout: str) -> Points:
    if layout == "pca":
        first, second = (percent(float(share), 0) for share in found.explained)
        words = (
            "PCA: the two directions in which the pixels of these images differ most. Across they "
            f"explain {first} of all differences, upwards {second}; the rest is not on the map."
        )
        return Points(found.indices, found.pca, words)
    words = (
        "UMAP (McInnes and others, arXiv:1802.03426): images with similar pixels are neighbours. "
        "Who is next to whom means something; how far groups are from each other does not."
    )
    return Points(found.indices, found.umap, words)


def _map(spec: datasets.DatasetSpec, points: Points, colour: str, key: str) -> None:
    part = data.split(spec.name, "train")
    labels = part.labels[points.indices]
    if colour == "mistakes":
        groups, group, answers = _mistakes(spec, points.indices)
    else:
        groups, group, answers = [Group(name) for name in spec.classes], labels, None
    chosen = embedding_map(
        points.places,
        points.indices,
        labels,
        spec.classes,
        groups=groups,
        group=group,
        answers=answers,
        thumbnails=data.map_sheet(spec.name, points.indices),
        description=f"Map of {len(labels):,} training images of {spec.title}, by {colour}",
        key=key,
    )
    st.caption(f"{len(labels):,} training images, as many of each class. {points.words}")
    if chosen.lassoed is not None:
        _taken(spec, points.indices[chosen.lassoed])
    if chosen.picked is not None:
        _open(spec, int(points.indices[chosen.picked]))


def _taken(spec: datasets.DatasetSpec, taken: np.ndarray) -> None:
    """Show the images that were drawn around."""
    part = data.split(spec.name, "train")
    labels = part.labels[taken]
    counts = np.bincount(labels, minlength=len(spec.classes))
    if not len(taken):
        st.markdown("**No image** is inside what you drew.")
        return
    most = np.argsort(-counts, kind="stable")
    names = " · ".join(
        f"{spec.classes[label]} {counts[label]:,}" for label in most if counts[label]
    )
    st.markdown(f"**{len(taken):,} {'image' if len(taken) == 1 else 'images'} taken** · {names}")
    pages = -(-len(taken) // TILES)
    if int(st.session_state.get("map_page", 1) or 1) > pages:
        st.session_state["map_page"] = 1
    place = st.container()
    page = 1
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            page = st.pagination(pages, key="map_page")
    shown = taken[(page - 1) * TILES : page * TILES]
    with place:
        picked = gallery(
            data.pictures(part.images[shown]),
            [spec.classes[part.labels[index]] for index in shown],
            labels=[f"{spec.classes[part.labels[index]]}, image {index}" for index in shown],
            key="map_taken",
            tile=2 * spec.shape[0],
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
    if open_button("train", index):
        st.rerun()  # the whole page, and not only the dialog


def _mistakes(
    spec: datasets.DatasetSpec, indices: np.ndarray
) -> tuple[list[Group], np.ndarray, np.ndarray]:
    """Return the legend, each point's group and each point's answer, for a run that is chosen.

    Only images that the run held back for validation count: what a network says of an image that
    it learned from tells little.
    """
    run = run_picker("Network", spec.name)
    answers = data.answers(run, evaluation.VALIDATION)
    _, at, of = np.intersect1d(indices, answers.indices, assume_unique=True, return_indices=True)
    right = answers.right[of]
    group = np.full(len(indices), NONE)
    group[at] = np.where(right, 0, 1)
    answered = np.full(len(indices), NONE)
    answered[at] = answers.predicted[of]
    st.caption(
        f"{len(at):,} of the {len(indices):,} images on the map are among the {len(answers):,} "
        f"that this network held back for validation: it answered {int(right.sum()):,} right and "
        f"{int((~right).sum()):,} wrong. It learned from the others, which are only shadows here."
    )
    return [Group("Right", "right"), Group("Wrong", "wrong")], group, answered
