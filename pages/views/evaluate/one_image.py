"""Evaluate, one image: large, what was answered, and the training images like it."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import streamlit as st

from core.analysis.neighbours import learned_from
from core.evaluation import Answers
from pages.session import data
from pages.session.guard import sentences
from pages.session.visitor import visitor_id
from pages.views.evaluate.looked import Looked
from pages.widgets.dataset_picker import dataset_titles
from pages.widgets.gallery import gallery
from pages.widgets.look_inside import look_inside
from pages.widgets.pixel_viewer import pixel_image
from pages.widgets.probability_bars import probability_bars
from pages.words import literal, percent

NEAREST = 5


def open_image(index: int) -> None:
    """Open the image with this index of the split: the URL says so from now on."""
    st.query_params["image"] = str(index)


def close() -> None:
    """Close the image."""
    st.query_params.pop("image", None)


def opened(looked: Looked) -> None:
    """Show the image that the URL asks for, if it does."""
    asked = st.query_params.get("image")
    if asked is None:
        return
    place = _place(looked.answers, asked)
    if place is None:
        st.warning(
            f"The link asks for image “{asked[:20]}”, which is not among the "
            f"{looked.answers.part} images of this run.",
            icon=":material/link_off:",
        )
        return
    open_dialog(looked, place, close)


def open_dialog(
    looked: Looked, place: int, on_dismiss: Callable[[], None] | Literal["ignore"] = "ignore"
) -> None:
    """Show an image large, what each network says of it, and its nearest training images.

    Args:
        looked: what the page looks at.
        place: of the image in ``looked.answers``.
        on_dismiss: called when the dialog is closed.
    """
    index = int(looked.answers.indices[place])
    name = literal(looked.spec.classes[looked.answers.labels[place]])
    title = f"{name} · {looked.answers.part} image {index:,}"
    width: Literal["medium", "large"] = "medium" if looked.other is None else "large"
    st.dialog(title, width=width, on_dismiss=on_dismiss)(_detail)(looked, place)


def _place(answers: Answers, asked: str) -> int | None:
    if not (asked.isascii() and asked.isdigit()):
        return None
    places = np.flatnonzero(answers.indices == int(asked[:9]))
    return int(places[0]) if len(places) else None


def _detail(looked: Looked, place: int) -> None:
    with sentences():
        answers, names = looked.answers, looked.spec.classes
        at = answers.at(np.array([place]))
        index, truth = int(at.indices[0]), int(at.labels[0])
        sides = [("A" if looked.other else "", at)]
        if looked.other_answers is not None:
            other = _place(looked.other_answers, str(index))
            if other is not None:
                sides.append(("B", looked.other_answers.at(np.array([other]))))
        with st.grid(1 + len(sides), min_column_width=220):
            with st.container():
                pixel_image(looked.images(at)[0], f"{names[truth]}, image {index}", width=280)
                st.markdown(f"Label: **{names[truth]}**")
            for letter, side in sides:
                with st.container():
                    st.markdown(_said(letter, side, names))
                    _bars(side, names, truth, key=f"answers_{letter}")
        _nearest(looked, at)
        with st.container(horizontal=True):
            look_inside(looked.run, f"{at.split}-{index}", label="Look inside the network")
            if looked.spec.name in dataset_titles(visitor_id()):  # or it is another visitor's
                query = {"dataset": looked.spec.name, "split": at.split, "image": str(index)}
                st.page_link(
                    "pages/explore.py",
                    label="Open in Explore",
                    icon=":material/grid_view:",
                    query_params=query,
                )


def _said(letter: str, side: Answers, names: tuple[str, ...]) -> str:
    answer = int(side.predicted[0])
    verdict = "✓ right" if side.right[0] else ":red[✗ wrong]"
    sure = percent(float(side.probabilities[0, answer]))
    return f"{f'{letter}: ' if letter else ''}**{names[answer]}**, {sure} sure · {verdict}"


def _bars(side: Answers, names: tuple[str, ...], truth: int, *, key: str) -> None:
    """Draw the probabilities; of very many classes the ten likeliest and the truth."""
    shown = np.argsort(-side.probabilities[0], kind="stable")[:10]
    shown = np.sort(np.union1d(shown, [truth]))
    probability_bars(
        [names[each] for each in shown],
        side.probabilities[0, shown].tolist(),
        key=key,
        truth=int(np.flatnonzero(shown == truth)[0]),
    )


def _nearest(looked: Looked, at: Answers) -> None:
    """Show the images that the run learned from and that are most like this one."""
    config, names = looked.run.config, looked.spec.classes
    assert config is not None, "a damaged run has no answers"
    train = data.split(looked.spec.name, "train")
    image = data.split(looked.spec.name, at.split).images[at.indices[0]]
    near, distances = learned_from(train, image, config, NEAREST)
    st.markdown(f"**The {len(near)} most similar training images**")
    if not len(near):
        return
    labels = train.labels[near]
    gallery(
        data.pictures(train.images[near]),
        [names[label] for label in labels],
        labels=[
            f"Training image {index}, {names[label]}, distance {distance:.0f}"
            for index, label, distance in zip(near, labels, distances, strict=True)
        ],
        marked=(labels != at.labels[0]).tolist(),
        key="nearest",
        tile=looked.tile,
    )
    same = int((labels == at.labels[0]).sum())
    words = f"{same} of these {len(near)} are labelled {names[at.labels[0]]}, like this image"
    if not at.right[0]:
        answered = int((labels == at.predicted[0]).sum())
        words += f"; {answered} {names[at.predicted[0]]}, like the answer"
    st.caption(
        f"{words}. Similarity is measured pixel by pixel, among the images that this run learned "
        "from. The network compares less literally, so take it as a hint."
    )
