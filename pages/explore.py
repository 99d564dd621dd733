"""Explore: the images of a data set as a grid, one of them large, and the balance of classes."""

import streamlit as st

from core import datasets
from core.errors import DataUnavailable
from pages.components import data, frame
from pages.components.dataset_picker import dataset_picker
from pages.components.gallery import gallery
from pages.components.guard import check_url
from pages.components.pixels import pixel_image

TILES = 60  # a page
ALL = "All classes"
SPLIT_TITLES = {"train": "Training", "test": "Test"}


def main() -> None:
    """Draw the page."""
    st.title("Explore", anchor=False)
    st.markdown("What the networks learn from: look at the pictures before you train on them.")
    check_url("split", SPLIT_TITLES)
    left, middle, right = st.columns([2, 1, 2])
    with left:
        spec = dataset_picker(_first_page)
    with middle:
        name = st.segmented_control(
            "Split",
            datasets.SPLITS,
            default="train",
            required=True,
            format_func=SPLIT_TITLES.__getitem__,
            key="split",
            bind="query-params",
            on_change=_first_page,
        )
    name = name if name in datasets.SPLITS else "train"
    with right:
        check_url("class", {name: name for name in (ALL, *spec.classes)})
        chosen = st.selectbox(
            "Class",
            [ALL, *spec.classes],
            key="class",
            bind="query-params",
            on_change=_first_page,
        )
    reason = spec.missing()
    if reason is not None:
        raise DataUnavailable(reason)
    part = data.split(spec.name, name)
    label = spec.classes.index(chosen) if chosen in spec.classes else None
    _grid(spec, name, part, label)
    balance, nine = st.columns([3, 2])
    with balance, st.container(border=True, height="stretch"):
        _balance(spec, name)
    with nine, st.container(border=True, height="stretch"):
        _first_nine(spec)
    st.caption(f"{spec.title}: {spec.credit}.")


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
                tile=2 * spec.shape[0],
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


def _first_page() -> None:
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


def _balance(spec: datasets.DatasetSpec, name: str) -> None:
    import plotly.graph_objects as go

    counts = data.class_counts(spec.name, name)
    st.subheader("Class balance", anchor=False)
    even = len(set(counts)) == 1
    kind = SPLIT_TITLES[name].lower()
    st.caption(
        f"Every class has {counts[0]:,} {kind} images, so always guessing the same class is right "
        f"in {100 / len(counts):.0f} % of cases."
        if even
        else f"From {min(counts):,} to {max(counts):,} {kind} images a class."
    )
    figure = go.Figure(
        go.Bar(
            x=counts,
            y=spec.classes,
            orientation="h",
            text=[f"{count:,}" for count in counts],
            textposition="outside",
            hovertemplate="%{y}: %{x:,} images<extra></extra>",
        )
    )
    figure.update_layout(
        height=330,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis={"fixedrange": True, "visible": False, "range": [0, 1.15 * max(counts)]},
        yaxis={"fixedrange": True, "autorange": "reversed"},
        bargap=0.35,
    )
    st.plotly_chart(figure, config={"displayModeBar": False}, key="balance")


def _first_nine(spec: datasets.DatasetSpec) -> None:
    train = data.split(spec.name, "train")
    st.subheader("The first nine training images", anchor=False)
    st.caption("As notebooks begin: does the label fit what you see?")
    picked = gallery(
        data.pictures(train.images[:9]),
        [spec.classes[label] for label in train.labels[:9]],
        key="first_nine",
        tile=84 if spec.shape[0] == 28 else 96,
        sprite=data.sprite(spec.name, "train", tuple(range(9))),
    )
    if picked is not None:
        _open_image(spec, "train", train, str(picked))


frame.draw(main)
