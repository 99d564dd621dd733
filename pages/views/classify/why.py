"""Classify, why: where the network looked, the training images like it, what would change it."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from core import runs
from core.analysis.neighbours import learned_from
from core.classify import Answer
from core.classify import explain as core
from core.classify.explain import Change, Gaze, Occlusion
from core.classify.nearest import NAME, Near, nearest
from core.imaging.gate import Picture
from core.imaging.prepare import Kind, Options, Stage
from core.networks import Model
from pages.session import data
from pages.widgets import palette
from pages.widgets import task as task_view
from pages.widgets.picture_row import Figure, figures
from pages.words import literal, sure_by

NEAREST = 10  # training images
OVERLAY = 230  # CSS pixels
SMALL = 84  # CSS pixels; three times 28
CHANGED = 112  # CSS pixels; four times 28
FAINT = 0.05  # of probability; smaller effects of covering are not drawn as if they were large

# Orange speaks for, blue against: apart for all kinds of colour vision, on light and on dark.
FOR, AGAINST = (np.array(palette.rgb(each)) for each in (palette.ON_PICTURES, palette.CLASSES[5]))

_KEPT = "classify_why"  # session: the last answer, and what was found out about it

T = TypeVar("T")


def expander(answer: Answer, picture: Picture, model: Model, options: Options) -> None:
    """Draw the expander, whose content is worked out once it is open; as ``draw``."""
    opened = st.expander("Why?", icon=":material/psychology:", key="why", on_change="rerun")
    if opened.open:
        with opened:
            draw(answer, picture, model, options)


def draw(answer: Answer, picture: Picture, model: Model, options: Options | None = None) -> None:
    """Draw why a network answers as it does.

    Args:
        answer: what it answers.
        picture: what the visitor brought, as it came through the gate.
        model: the network.
        options: what the picture was prepared with.
    """
    pixels = answer.prepared.pixels
    with st.spinner("Looking where it looked …"):
        gaze = _once(answer, "gaze", lambda: core.look(model, pixels, answer.label))
        covered = _once(answer, "covered", lambda: core.occlude(model, pixels))
    _where(answer, model, gaze, covered)
    with st.spinner("Looking for training images like it …"):
        _like_it(answer, model)
    with st.spinner("Preparing the picture in other ways …"):
        changes = _once(answer, "changes", lambda: core.changes(answer, picture, model, options))
    _otherwise(answer, model, covered, changes)


def nearest_three(answer: Answer, model: Model) -> None:
    """Draw the three training images most like a picture, in a row; nothing without the data."""
    if model.dataset.missing() is not None:
        return
    near, _ = _near(answer, model)
    if len(near.indices):
        _row(near, model, 3)


def _once(answer: Answer, name: str, work: Callable[[], T]) -> T:
    """Return what ``work`` returns, kept until there is another answer."""
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] is not answer:
        kept = (answer, {})
        st.session_state[_KEPT] = kept
    found: dict[str, Any] = kept[1]
    if name not in found:
        found[name] = work()
    result: T = found[name]
    return result


def _where(answer: Answer, model: Model, gaze: Gaze, covered: Occlusion) -> None:
    st.markdown("**Where the network looked**")
    name, other = answer.name, _runner_up(answer)
    second = model.dataset.classes[other]
    items = [
        Figure(
            _overlay(answer, gaze.heat),
            f"Your picture with what the network looked at in orange: {_place(answer, gaze.heat)}",
            {
                "grad-cam": "Where it looked (Grad-CAM)",
                "layer-cam": "Where it looked (LayerCAM)",
                "gradient": "Where it looked (gradient × input)",
            }[gaze.method],
            f"Mostly at the {_place(answer, gaze.heat)}.",
        )
    ]
    if len(covered.boxes):
        drop = covered.drop(answer.label)
        lead = covered.between(answer.label, other)
        items += [
            Figure(
                _overlay(answer, drop, FAINT),
                f"Your picture: orange where covering it lowers the probability of {name}, "
                "blue where covering it raises it",
                "Covered part by part",
                _spoken(answer, drop, f"for {name}", "against it"),
            ),
            Figure(
                _overlay(answer, lead, FAINT),
                f"Your picture: orange what speaks for {name}, blue what speaks for {second}",
                f"{name} or {second}?",
                _spoken(answer, lead, f"for {name}", f"for {second}"),
            ),
        ]
    figures(items, width=OVERLAY)
    _legend()
    method = {
        "grad-cam": "The first picture traces the answer back to the feature maps of the last "
        "convolution.",
        "layer-cam": "The first picture traces the answer back to the last feature maps that are "
        "fine enough to show a place.",
        "gradient": "This network has no convolutions, so there is no Grad-CAM: the first picture "
        "shows the pixels that the answer depends on.",
    }[gaze.method]
    st.caption(
        f"{method} For the others, one part at a time was covered, {len(covered.boxes)} in all, "
        "and the network was asked again."
    )


def _like_it(answer: Answer, model: Model) -> None:
    st.markdown("**The training images most like it**")
    missing = model.dataset.missing()
    if missing is not None:
        st.caption(missing)
        return
    near, by_network = _near(answer, model)
    if not len(near.indices):
        return
    _row(near, model, NEAREST)
    same = int((near.labels == answer.label).sum())
    words = f"{same} of these {len(near.labels)} are labelled {literal(answer.name)}."
    if by_network:
        st.caption(
            f"{words} In the network's last hidden layer they are closest to your picture: to the "
            "network they look alike."
        )
        return
    st.caption(
        f"{words} Compared by pixels, they are the closest. The network does not compare pixels."
    )
    task_view.task(NAME, runs.read(model.run))


def _otherwise(answer: Answer, model: Model, covered: Occlusion, changes: list[Change]) -> None:
    st.markdown("**What would change the answer**")
    name, other = literal(answer.name), _runner_up(answer)
    sure, next_sure = (float(answer.probabilities[each]) for each in (answer.label, other))
    lines = [
        f"**The margin:** {name} has {sure_by(sure)}, {literal(model.dataset.classes[other])} "
        f"{sure_by(next_sure)}."
    ]
    turned = [change for change in changes if change.answer.label != answer.label]
    if turned:
        least = turned[0]
        lines.append(
            f"**The preparation:** {_way(least).lower()}, it would be "
            f"{literal(least.answer.name)} ({sure_by(_sure(least.answer))})."
        )
    elif len(changes) == 1:
        lines.append(f"**The preparation:** {_way(changes[0]).lower()}, it stays {name}.")
    elif changes:
        lines.append(
            f"**The preparation:** no step decides. In all {len(changes)} other ways the answer "
            f"stays {name}."
        )
    turning = covered.turning()
    if turning is not None:
        told = covered.probabilities[turning]
        place = _place(answer, _box_heat(covered, turning[0]))
        instead = literal(model.dataset.classes[int(told.argmax())])
        lines.append(
            f"**The picture:** cover the part at the {place}, and it is {instead} "
            f"({sure_by(float(told.max()))})."
        )
    elif len(covered.boxes):
        least_sure = float(covered.probabilities[..., answer.label].min())
        lines.append(
            f"**The picture:** no single part decides. Whichever is covered, it stays {name}, at "
            f"least {sure_by(least_sure)}."
        )
    st.markdown("\n".join(f"- {line}" for line in lines))
    items = [
        Figure(
            change.answer.prepared.pixels,
            f"{_way(change)}: the network's input",
            f"{change.answer.name}, {sure_by(_sure(change.answer))}",
            _way(change),
            marked=change in turned,
        )
        for change in changes
    ]
    if turning is not None:
        told = covered.probabilities[turning]
        items.append(
            Figure(
                covered.pictures[turning],
                "The prepared picture with a part covered",
                f"{model.dataset.classes[int(told.argmax())]}, {sure_by(float(told.max()))}",
                "Partly covered",
                marked=True,
            )
        )
    if items:
        figures(items, width=CHANGED, pixelated=True)
    if any(item.marked for item in items):
        st.caption("Input and answer; changed answers are framed.")


def _near(answer: Answer, model: Model) -> tuple[Near, bool]:
    """Return the nearest training images, and whether it is the network that finds them so."""
    near = nearest(model, answer.prepared.pixels, NEAREST)
    if near is not None:
        return near, True
    train, config = data.split(model.dataset.name, "train"), runs.read(model.run).config
    assert config is not None, "a damaged run has no answer"
    image = answer.prepared.pixels.reshape(model.dataset.shape)
    indices, distances = learned_from(train, image, config, NEAREST)
    return Near(indices, train.labels[indices], distances), False


def _row(near: Near, model: Model, count: int) -> None:
    images = data.split(model.dataset.name, "train").images
    figures(
        [
            Figure(
                images[index],
                f"Training image {index}, {model.dataset.classes[label]}",
                text=model.dataset.classes[label],
            )
            for index, label in zip(near.indices[:count], near.labels[:count], strict=True)
        ],
        width=SMALL,
        pixelated=True,
    )


def _way(change: Change) -> str:
    """Return in a few words what is done otherwise."""
    if change.kind is not None:
        return f"Prepared as a {'drawing' if change.kind is Kind.SKETCH else change.kind}"
    if change.stage is None:
        return "Mirrored"
    return _WITHOUT[change.stage]


_WITHOUT = {
    Stage.MASK: "With the background left in",
    Stage.CROP: "Without the crop",
    Stage.NEGATE: "Not negated",
    Stage.CONTRAST: "Without the contrast",
    Stage.MIRROR: "Not mirrored",
    Stage.LINES: "With the lines as they are",
    Stage.THICKNESS: "With the lines as thick as they are",
}


def _sure(answer: Answer) -> float:
    return float(answer.probabilities[answer.label])


def _runner_up(answer: Answer) -> int:
    return int(np.argsort(-answer.probabilities, kind="stable")[1])


def _overlay(answer: Answer, values: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return the picture in grey with values of the prepared picture over it.

    Args:
        answer: whose picture.
        values: float (height, width) of the network's input: above 0 orange, below 0 blue.
        least: what is drawn at full strength is this much at least.

    Returns:
        uint8 (h, w, 3) at working size; the crop is outlined.
    """
    laid = core.onto_picture(values, answer.prepared)
    laid = laid / max(float(np.abs(laid).max()), least, 1e-9)
    whole = answer.prepared.steps[0].image
    grey = whole.mean(axis=-1, keepdims=True) if whole.ndim == 3 else whole[..., None]
    ground = 30 + grey * (195 / 255)  # neither black nor white: both colours show on it
    strength = 0.85 * np.abs(laid)[..., None] ** 0.8
    mixed = (1 - strength) * ground + strength * np.where(laid[..., None] > 0, FOR, AGAINST)
    return mixed.round().clip(0, 255).astype(np.uint8)


def _place(answer: Answer, heat: np.ndarray) -> str:
    """Return in words where on the garment the most of a heat is, as the visitor sees it."""
    laid = core.onto_picture(np.maximum(heat, 0), answer.prepared)
    height, width = laid.shape
    left, top, right, bottom = np.array(answer.prepared.box) * (width, height, width, height)
    weight = np.maximum(laid - 0.5 * laid.max(), 0)
    total = max(float(weight.sum()), 1e-9)
    y = ((weight.sum(axis=1) @ np.arange(height)) / total - top) / max(bottom - top, 1)
    x = ((weight.sum(axis=0) @ np.arange(width)) / total - left) / max(right - left, 1)
    row = "top" if y < 0.38 else "bottom" if y > 0.62 else ""
    column = "left" if x < 0.38 else "right" if x > 0.62 else ""
    return " ".join(each for each in (row, column) if each) or "middle"


def _spoken(answer: Answer, values: np.ndarray, speaks_for: str, speaks_against: str) -> str:
    """Return where what speaks for the one and for the other is, as a sentence."""
    parts = []
    if values.max() > FAINT / 2:
        parts.append(f"the {_place(answer, values)} speaks {speaks_for}")
    if -values.min() > FAINT / 2:
        verb = "" if parts else "speaks "
        parts.append(f"the {_place(answer, -values)} {verb}{speaks_against}")
    if not parts:
        return "No part of it matters much by itself."
    words = ", ".join(parts)
    return f"{words[0].upper()}{words[1:]}."


def _box_heat(covered: Occlusion, place: int) -> np.ndarray:
    """Return 1 where a part was covered, 0 elsewhere."""
    heat = np.zeros(covered.pictures.shape[2:4], np.float32)
    top, left, bottom, right = covered.boxes[place]
    heat[top:bottom, left:right] = 1
    return heat


def _legend() -> None:
    """Draw what the colours mean."""
    low, high = (f"rgb({','.join(map(str, colour))})" for colour in (AGAINST, FOR))
    st.html(
        '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:.6rem;'
        'font-size:.875rem"><span>speaks against</span>'
        f'<span aria-hidden="true" style="width:140px;height:10px;border-radius:5px;'
        f'background:linear-gradient(90deg,{low},rgb(128,128,128),{high})"></span>'
        "<span>speaks for</span></div>"
    )
