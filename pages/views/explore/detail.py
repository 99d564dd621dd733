"""Explore, images: one image large, its pixels, its like, and what networks say of it.

Which image it is stands in ``?image=``: its index in the split that the page shows, or the name of
another split before it (``?image=train-12``), as the nearest neighbours of a test image are.
"""

import re
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core import datasets, evaluation, runs
from core.errors import RunDamaged
from pages.session import data
from pages.session.closed import closed_to, tell
from pages.session.guard import sentences
from pages.session.visitor import visitor_id
from pages.views.explore.split import SPLIT_TITLES
from pages.widgets.gallery import gallery
from pages.widgets.look_inside import look_inside
from pages.widgets.pixel_viewer import pixel_viewer, png
from pages.widgets.run_picker import finished_runs
from pages.words import literal, sure_by, title_markdown

NEIGHBOURS = 10
NETWORKS = 13  # the bundled models and the newest runs
ENLARGED = 10  # times, of the larger file

# The column that the panel is in; Streamlit's header is 3.75rem high.
_STAYS = """<style>[data-testid="stColumn"]:has(.st-key-image_panel) {
  position: sticky; top: 4rem; align-self: flex-start;
  max-height: calc(100vh - 5rem); overflow-y: auto; }</style>"""

_ASKED = re.compile(r"(?:(train|test)-)?([0-9]{1,9})")


@dataclass(frozen=True)
class Seen:
    """The image that is open."""

    split: str
    index: int


@dataclass(frozen=True)
class View:
    """What the page shows.

    Attributes:
        spec: the data set.
        split: ``"train"`` or ``"test"``.
        indices: of the images in the order that was chosen.
        tiles: images a page of the grid.
        first: place of the page's first image in ``indices``.
    """

    spec: datasets.DatasetSpec
    split: str
    indices: np.ndarray
    tiles: int
    first: int


def asked(spec: datasets.DatasetSpec, split: str) -> Seen | None:
    """Return the image that the URL asks for; if there is none such, say so."""
    text = st.query_params.get("image")
    if text is None:
        return None
    seen = _read(text, split)
    if seen is None or seen.index >= spec.counts[seen.split]:
        end = spec.counts[split if seen is None else seen.split] - 1
        st.warning(
            f"The link asks for image “{text[:20]}”, but the "
            f"{SPLIT_TITLES[split if seen is None else seen.split].lower()} images are "
            f"0 to {end:,}.",
            icon=":material/link_off:",
        )
        return None
    if seen.split == "test" and (closed := closed_to(spec.name)) is not None:
        tell(closed)
        return None
    return seen


def _read(text: str, split: str) -> Seen | None:
    match = _ASKED.fullmatch(text, endpos=20)
    return Seen(match[1] or split, int(match[2])) if match else None


def position(seen: Seen | None, split: str, indices: np.ndarray) -> int | None:
    """Return the place of the image in the order, if it is one of those."""
    if seen is None or seen.split != split:
        return None
    found = np.flatnonzero(indices == seen.index)
    return int(found[0]) if len(found) else None


def show(image: str, first: int) -> None:
    """Open an image, with the grid on the page that begins at a place (counting from 0).

    Both go into the URL at once, so that one press of the browser's Back undoes it.
    """
    st.query_params.update({"image": image, "from": str(first + 1)})


def _close(first: int) -> None:
    if "from" not in st.query_params and first:
        st.query_params["from"] = str(first + 1)
    st.query_params.pop("image", None)


def dialog(view: View) -> None:
    """Draw the image over the grid."""
    st.dialog("Image", width="medium", on_dismiss=partial(_close, view.first))(_draw)(view)


def panel(view: View) -> None:
    """Draw the image beside the grid, where it stays while the grid is scrolled."""
    with st.container(border=True, key="image_panel"):
        st.html(_STAYS)
        _draw(view, closable=True)


def _draw(view: View, *, closable: bool = False) -> None:
    """Draw the image that the URL asks for; in the dialog, also as a fragment."""
    with sentences():
        spec = view.spec
        seen = _read(st.query_params.get("image", ""), view.split)
        if seen is None or seen.index >= spec.counts[seen.split]:
            return
        if seen.split == "test" and closed_to(spec.name) is not None:
            return
        part = data.split(spec.name, seen.split)
        image, label = part.images[seen.index], int(part.labels[seen.index])
        _steps(view, position(seen, view.split, view.indices), closable=closable)
        kind = SPLIT_TITLES[seen.split].lower()
        st.header(f"{literal(spec.classes[label])} · {kind} image {seen.index:,}", anchor=False)
        name = f"{spec.classes[label]}, image {seen.index} of the {seen.split} split"
        pixel_viewer(image, name, key="pixels")
        height, width, _ = spec.shape
        title = literal(spec.classes[label])
        st.markdown(
            f"Label **{title}** (class {label}) · {height} × {width} pixels · "
            f"values {image.min()} to {image.max()}, mean {image.mean():.0f}"
        )
        _downloads(spec, seen, image)
        _neighbours(view, seen)
        _said(spec, seen, label)


def _steps(view: View, at: int | None, *, closable: bool) -> None:
    with st.container(horizontal=True):
        for title, step, shortcut in (("Previous", -1, "Left"), ("Next", 1, "Right")):
            place = -1 if at is None else at + step
            inside = at is not None and 0 <= place < len(view.indices)
            st.button(
                title,
                key=f"image_{title.lower()}",
                shortcut=shortcut,
                disabled=not inside,
                on_click=show,
                args=(str(view.indices[place]) if inside else "", place // view.tiles * view.tiles),
            )
        if closable:
            st.space("stretch")
            st.button(
                "Close",
                key="image_close",
                shortcut="Esc",
                type="tertiary",
                on_click=_close,
                args=(view.first,),
            )


def _downloads(spec: datasets.DatasetSpec, seen: Seen, image: np.ndarray) -> None:
    name = f"{spec.name}-{seen.split}-{seen.index}"
    with st.container(horizontal=True):
        for scale, title in ((1, "PNG"), (ENLARGED, f"PNG × {ENLARGED}")):
            st.download_button(
                title,
                png(image, scale),
                f"{name}.png" if scale == 1 else f"{name}-x{scale}.png",
                "image/png",
                key=f"download_{scale}",
                icon=":material/download:",
                on_click="ignore",
            )


def _neighbours(view: View, seen: Seen) -> None:
    spec = view.spec
    st.markdown("**Most similar training images**")
    indices, distances = data.nearest(spec.name, seen.split, seen.index, NEIGHBOURS)
    train = data.split(spec.name, "train")
    label = data.split(spec.name, seen.split).labels[seen.index]
    names = [spec.classes[train.labels[index]] for index in indices]
    gallery(
        data.pictures(train.images[indices]),
        [f"{name}\n{distance:.0f}" for name, distance in zip(names, distances, strict=True)],
        labels=[
            f"{name}, training image {index}, distance {distance:.1f}"
            for name, index, distance in zip(names, indices, distances, strict=True)
        ],
        marked=[bool(train.labels[index] != label) for index in indices],
        key="neighbours",
        on_pick=partial(_pick_neighbour, view, indices),
    )
    same = int((train.labels[indices] == label).sum())
    st.caption(
        f"{same} of {len(indices)} have the same label; other labels are red. The figure is the "
        "root mean square difference of pixel values."
    )


def _pick_neighbour(view: View, indices: np.ndarray, place: int) -> None:
    prefix = "" if view.split == "train" else "train-"
    show(f"{prefix}{indices[place]}", view.first)


def _said(spec: datasets.DatasetSpec, seen: Seen, label: int) -> None:
    """Show what networks that did not learn from the image say of it."""
    rows, first = [], None
    for run in finished_runs(visitor_id(), spec.name)[:NETWORKS]:
        probabilities = _answer(run, seen)
        if probabilities is not None:
            first = first or run
            answer = int(probabilities.argmax())
            verdict = ":green[✓]" if answer == label else ":red[✗]"
            rows.append(
                f"| {title_markdown(run)} | {verdict} {literal(spec.classes[answer])} "
                f"| {sure_by(float(probabilities[answer]))} |"
            )
    st.markdown("**What networks answer**")
    if rows:
        st.markdown("\n".join(["| Network | Answer | Sure |", "| :-- | :-- | --: |", *rows]))
        assert first is not None, "it has the first row"
        look_inside(first, f"{seen.split}-{seen.index}", label="Look inside the first of them")
    elif seen.split == "test":
        st.caption("No network here has its test set open.")
    else:
        st.caption(
            "No network held this image back for validation. An answer about an image that the "
            "network learned from tells little."
        )


def _answer(run: runs.Run, seen: Seen) -> np.ndarray | None:
    """Return the probabilities that a run gave this image, if it did not learn from it."""
    if seen.split == "test" and not run.test_opened:
        return None
    try:
        part = evaluation.TEST if seen.split == "test" else evaluation.VALIDATION
        answers = data.answers(run, part)
    except RunDamaged:
        return None  # runs from before validation answers were kept have none
    place = np.flatnonzero(answers.indices == seen.index)
    return answers.probabilities[place[0]] if len(place) else None
