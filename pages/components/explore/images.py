"""Explore, images: the images of a data set as a grid, one of them large."""

import streamlit as st

from core import datasets
from pages.components import data
from pages.components.explore.split import split_control
from pages.components.gallery import fitting_tile, gallery
from pages.components.guard import check_url
from pages.components.pixels import pixel_image

TILES = 60  # a page
ALL = "All classes"


def draw(spec: datasets.DatasetSpec) -> None:
    """Draw the view."""
    left, right = st.columns([1, 2])
    with left:
        name = split_control(first_page)
    with right:
        check_url("class", {name: name for name in (ALL, *spec.classes)})
        chosen = st.selectbox(
            "Class",
            [ALL, *spec.classes],
            key="class",
            bind="query-params",
            on_change=first_page,
        )
    part = data.split(spec.name, name)
    label = spec.classes.index(chosen) if chosen in spec.classes else None
    _grid(spec, name, part, label)


def _grid(spec: datasets.DatasetSpec, name: str, part: datasets.Split, label: int | None) -> None:
    indices = data.indices(spec.name, name, label)
    pages = max(1, -(-len(indices) // TILES))
    with st.container(border=True):
        what = "images" if label is None else f"images of the class {spec.classes[label]}"
        _check_page(pages)
        # The gallery first: pressing a page number must not move the numbers away.
        place = st.container()
        with st.container(horizontal=True, horizontal_alignment="center"):
            page = st.pagination(pages, key="page", bind="query-params")
        shown = indices[(page - 1) * TILES : page * TILES]
        with place:
            first = (page - 1) * TILES + 1
            st.markdown(f"**{len(indices):,} {what}** · {first:,} to {first + len(shown) - 1:,}")
            picked = gallery(
                data.pictures(part.images[shown]),
                [spec.classes[part.labels[index]] for index in shown],
                labels=[f"{spec.classes[part.labels[index]]}, image {index}" for index in shown],
                key="gallery",
                tile=fitting_tile(spec.shape[0]),
                sprite=data.sprite(spec.name, name, tuple(shown.tolist())),
            )
    if picked is not None:
        st.query_params["image"] = str(shown[picked])
    asked = st.query_params.get("image")
    if asked is not None:
        _open_image(spec, name, part, asked)


def _check_page(pages: int) -> None:
    asked = st.query_params.get("page")
    if "page" in st.session_state:
        return  # the widget has taken it; the URL follows at the end of the run
    if asked and not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= pages):
        st.warning(
            f"The link asks for page “{asked[:20]}”, but there are pages 1 to {pages:,}.",
            icon=":material/link_off:",
        )
        st.session_state["page"] = 1


def first_page() -> None:
    """Go back to page 1: page 900 of all images is not a page of one class."""
    st.session_state["page"] = 1
    _forget_image()


def _forget_image() -> None:
    st.query_params.pop("image", None)


def _open_image(spec: datasets.DatasetSpec, name: str, part: datasets.Split, asked: str) -> None:
    if not (asked.isascii() and asked.isdigit() and int(asked[:9]) < len(part)):
        st.warning(
            f"The link asks for image “{asked[:20]}”, but the {name} images end at "
            f"{len(part) - 1:,}.",
            icon=":material/link_off:",
        )
        return
    index = int(asked)
    label = spec.classes[part.labels[index]]
    st.dialog(f"{label} · image {index:,}", on_dismiss=_forget_image)(_image)(
        spec, name, part, index
    )


def _image(spec: datasets.DatasetSpec, name: str, part: datasets.Split, index: int) -> None:
    image = part.images[index]
    label = int(part.labels[index])
    pixel_image(image, f"{spec.classes[label]}, image {index} of the {name} split", width=420)
    height, width, _ = spec.shape
    st.markdown(
        f"Label **{spec.classes[label]}** (class {label}) · {name} split · {height} × {width} "
        f"pixels · values {image.min()} to {image.max()}, mean {image.mean():.0f}"
    )
