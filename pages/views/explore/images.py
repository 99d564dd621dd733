"""Explore, images: the images of a data set as a grid, in many orders, one of them large."""

from functools import partial

import numpy as np
import streamlit as st

from core import datasets, runs
from core.analysis.order import ORDERS, Order
from pages.session import data
from pages.session.guard import check_url, sentences
from pages.session.screen import Screen, screen
from pages.views.explore import detail
from pages.views.explore.split import split_control
from pages.widgets.gallery import gallery
from pages.widgets.run_picker import run_picker
from pages.words import literal, percent

TILES = {Screen.PHONE: 30, Screen.TABLET: 60, Screen.DESKTOP: 120}
"""A page by the size of the screen. Each divides the next, so that a link to a page of one screen
begins a page, or is in the middle of one, on every other."""

ALL = "All classes"
NOT_FOUND = "find_problem"  # what to say of a number that was typed


def draw(spec: datasets.DatasetSpec) -> None:
    """Draw the view."""
    size = screen()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = split_control(spec.name, first_page)
        label = class_control(spec)
        order = _order_control()
        _search(spec, split)
    if problem := st.session_state.pop(NOT_FOUND, None):
        st.warning(problem, icon=":material/search_off:")
    asked = detail.asked(spec, split)
    run = None
    values = None
    with sentences():
        if order.needs_answers:
            run = run_picker("Run", spec.name)
        values = _values(spec, split, order, run)
    if values is None:
        order, values = ORDERS["index"], data.order_values("index", spec.name, split)
        assert values is not None, "every image has an index"
    indices = order.ranked(values, data.indices(spec.name, split, label))
    tiles = TILES[size]
    at = detail.position(asked, split, indices)
    first = _first(len(indices), tiles, at)
    view = detail.View(spec, split, indices, tiles, first)
    beside = asked is not None and size is Screen.DESKTOP
    if asked is not None and not beside:
        # Over the grid: beside it there is no room, and below it nobody would find it.
        detail.dialog(view)
    # Columns even where there is one: the grid stays what it is, and keeps the focus, when an
    # image is opened beside it.
    columns = st.columns([8, 5] if beside else 1, gap="medium")
    with columns[0]:
        _grid(view, label, order, values, at=at, follow=beside)
    if beside:
        with columns[1]:
            detail.panel(view)


def class_control(spec: datasets.DatasetSpec) -> int | None:
    """Draw the choice of a class, bound to ``?class=``; return its label, or None for all."""
    check_url("class", {name: name for name in (ALL, *spec.classes)})
    chosen = st.selectbox(
        "Class",
        [ALL, *spec.classes],
        key="class",
        bind="query-params",
        on_change=first_page,
        width=160,
    )
    return spec.classes.index(chosen) if chosen in spec.classes else None


def _order_control() -> Order:
    titles = {name: order.title for name, order in ORDERS.items()}
    check_url("sort", titles)
    chosen = st.selectbox(
        "Order",
        list(titles),
        format_func=titles.__getitem__,
        key="sort",
        bind="query-params",
        on_change=first_page,
        width=200,
    )
    return ORDERS[chosen if chosen in ORDERS else "index"]


def _search(spec: datasets.DatasetSpec, split: str) -> None:
    """Let people open an image by its number."""
    st.text_input(
        "Image number",
        placeholder=f"0 to {spec.counts[split] - 1:,}",
        key="find",
        max_chars=12,
        on_change=_find,
        args=(spec.counts[split],),
        width=140,
    )


def _find(count: int) -> None:
    """Open the image whose number was typed; ``count`` images are numbered from 0."""
    asked = str(st.session_state["find"]).strip().replace(",", "")
    st.session_state["find"] = ""
    if asked and not (asked.isascii() and asked.isdigit() and int(asked[:9]) < count):
        st.session_state[NOT_FOUND] = (
            f"There is no image “{asked}”: images are numbered 0 to {count - 1:,}."
        )
    elif asked:
        st.query_params["image"] = asked
        st.query_params.pop("from", None)  # the page that the image is on


def _values(
    spec: datasets.DatasetSpec, split: str, order: Order, run: runs.Run | None
) -> np.ndarray | None:
    """Return what the order sorts by, or None after a sentence that says why there is nothing."""
    if run is not None and split == "test" and not run.test_opened:
        st.info(
            "The test set of this run is sealed. Open it on the Evaluate page when you have "
            "finished tuning, or choose the training images: of those, the run held some back.",
            icon=":material/lock:",
        )
        return None
    values = data.order_values(order.name, spec.name, split, run)
    if values is None:
        st.info(
            f"The doubtful labels of {spec.title} have not been computed yet. On the server, run: "
            f"python -m core analyse labels --dataset {spec.name}",
            icon=":material/info:",
        )
    return values


def _grid(
    view: detail.View,
    label: int | None,
    order: Order,
    values: np.ndarray,
    *,
    at: int | None,
    follow: bool,
) -> None:
    spec, first = view.spec, view.first
    part = data.split(spec.name, view.split)
    what = "images" if label is None else f"images of the class {literal(spec.classes[label])}"
    if order.needs_answers:
        what += " that this run held back for validation" if view.split == "train" else ""
    with st.container(border=True):
        if not len(view.indices):
            st.markdown(f"**No {what}**")
            return
        shown = view.indices[first : first + view.tiles]
        count = f"**{len(view.indices):,} {what}** · {first + 1:,} to {first + len(shown):,}"
        st.markdown(count)
        if order.shown:
            st.caption(order.explanation)
        names = [spec.classes[part.labels[index]] for index in shown]
        figures = [_figure(order, values[index]) for index in shown]
        gallery(
            data.pictures(part.images[shown]),
            [
                f"{name}\n{figure}" if figure else name
                for name, figure in zip(names, figures, strict=True)
            ],
            labels=[
                f"{name}, image {index}" + (f", {figure}" if figure else "")
                for name, index, figure in zip(names, shown, figures, strict=True)
            ],
            key="gallery",
            sprite=data.sprite(spec.name, view.split, tuple(shown.tolist())),
            selected=at - first if at is not None and first <= at < first + len(shown) else None,
            follow=follow,
            on_pick=partial(_pick, shown, first),
        )
        pages = -(-len(view.indices) // view.tiles)
        if pages > 1:
            st.session_state["page"] = first // view.tiles + 1
            with st.container(horizontal=True, horizontal_alignment="center"):
                st.pagination(pages, width=440, key="page", on_change=_turn, args=(view.tiles,))


def _figure(order: Order, value: float) -> str:
    if not order.shown:
        return ""
    return percent(float(value)) if order.share else f"{value:.0f}"


def _first(count: int, tiles: int, at: int | None) -> int:
    """Return the place of the page's first image, which counts from 0.

    ``?from=`` counts from 1 and means the same image on every screen, however many a page has. If
    it is not there, the page is the one of the image that is open.
    """
    asked = st.query_params.get("from")
    place = (at or 0) + 1
    if asked is not None:
        if asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= count:
            place = int(asked[:9])
        elif count:
            st.warning(
                f"The link asks for images from “{asked[:20]}” on, but they are 1 to {count:,}.",
                icon=":material/link_off:",
            )
    return (place - 1) // tiles * tiles


def _pick(shown: np.ndarray, first: int, place: int) -> None:
    detail.show(str(shown[place]), first)


def _turn(tiles: int) -> None:
    st.query_params["from"] = str((st.session_state["page"] - 1) * tiles + 1)


def first_page() -> None:
    """Go back to the first page: what is chosen has changed, and with it the images."""
    st.query_params.pop("from", None)
    st.query_params.pop("image", None)
