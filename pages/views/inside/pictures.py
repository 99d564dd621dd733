"""Inside: which picture the network is asked about.

It stands in ``?image=``: a split and an index, as in ``test-5`` or ``train-59990``, or ``mine`` for
the picture that was classified last.
"""

import random
import re
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import datasets, runs
from pages.session import data
from pages.session.closed import closed_to, tell
from pages.session.streamlit_internals import DeltaGenerator
from pages.session.visitor import visitor_id
from pages.widgets import look_inside
from pages.widgets.dataset_picker import dataset_titles
from pages.widgets.gallery import gallery

VALIDATION, TEST, MINE = "validation", "test", look_inside.MINE
TITLES = {VALIDATION: "Validation", TEST: "Test", MINE: "Yours"}
SHOWN = 10  # images to choose from
TILE = 56  # CSS pixels

_ASKED = re.compile(r"(train|test)-([0-9]{1,9})")


@dataclass(frozen=True)
class Picture:
    """What a network is asked about.

    Attributes:
        pixels: uint8 (height, width, channels).
        name: what it is.
        label: its class, where it has one.
        split: of the data set, where it comes from one.
    """

    pixels: np.ndarray
    name: str
    label: int | None = None
    split: str | None = None


@dataclass(frozen=True)
class _Image:
    """An image of the data set, by its split and its index there."""

    split: str
    index: int

    def __str__(self) -> str:
        return f"{self.split}-{self.index}"


def picture(run: runs.Run, spec: datasets.DatasetSpec, notes: DeltaGenerator) -> Picture:
    """Draw the choice, and return the picture.

    Args:
        run: whose network is asked; its config can be read.
        spec: its data set.
        notes: where sentences on the link have room.

    Raises:
        DataUnavailable, DataDamaged: the images cannot be read.
    """
    assert run.config is not None, "its config can be read"
    held = runs.held_out(run.config)
    with notes:
        asked = _asked("image", run, spec, held) or _Image("train", int(held[0]))
    kind = MINE if asked == MINE else TEST if _split(asked) == "test" else VALIDATION
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _kinds(run, spec, kind, held)
        if kind != MINE:
            _others(spec, kind, held)
        _pin(asked)
    if isinstance(asked, _Image):
        _strip(spec, kind, held, asked)
    return _shown(asked, run, spec, held)


def pinned(run: runs.Run, spec: datasets.DatasetSpec, notes: DeltaGenerator) -> Picture | None:
    """Return the picture that was pinned to be compared with, if one was; raises as above."""
    assert run.config is not None, "its config can be read"
    held = runs.held_out(run.config)
    with notes:
        asked = _asked("beside", run, spec, held)
    return None if asked is None else _shown(asked, run, spec, held)


def _shown(
    asked: "_Image | str", run: runs.Run, spec: datasets.DatasetSpec, held: np.ndarray
) -> Picture:
    if isinstance(asked, str):
        brought = look_inside.kept()
        assert brought is not None, "only a picture that is there is asked for"
        return Picture(brought.pixels, brought.name)
    part = data.split(spec.name, asked.split)
    label = int(part.labels[asked.index])
    name = f"{spec.classes[label]}, {_called(asked, run, held)}"
    return Picture(part.images[asked.index], name, label, asked.split)


def _asked(
    name: str, run: runs.Run, spec: datasets.DatasetSpec, held: np.ndarray
) -> "_Image | str | None":
    """Return what the link asks for; if that cannot be shown, say so, and return None."""
    text = st.query_params.get(name)
    if text is None:
        return None
    if text == MINE:
        return MINE if _fits(look_inside.kept(), spec, say=True) else None
    instead = "; showing a validation image" if name == "image" else ""
    match = _ASKED.fullmatch(text, endpos=20)
    if match is None:
        st.warning(
            f"The link asks for image “{text[:20]}”. An image is called such as test-5 or "
            f"train-59990{instead}.",
            icon=":material/link_off:",
        )
        return None
    split, index = match[1], int(match[2])
    if index >= spec.counts[split]:
        st.warning(
            f"The link asks for image {index:,} of the {split} split, whose images are 0 to "
            f"{spec.counts[split] - 1:,}{instead}.",
            icon=":material/link_off:",
        )
        return None
    if split == "test" and (reason := _closed(run, spec)) is not None:
        tell(f"{reason} {instead.removeprefix('; ').capitalize()}{'.' if instead else ''}")
        return None
    if split == "train" and not (held == index).any() and not _is_visible(spec):
        tell(
            "The images that this network learned from are in a data set of someone else. Only "
            f"the validation images are shown{instead}."
        )
        return None
    return _Image(split, index)


def _is_visible(spec: datasets.DatasetSpec) -> bool:
    """Tell whether the visitor may see all images of a data set, as Explore shows them.

    Who looks at a shared run on another visitor's data sees those that it was checked on alone.
    """
    return spec.name in dataset_titles(visitor_id())


def _fits(brought: look_inside.Brought | None, spec: datasets.DatasetSpec, *, say: bool) -> bool:
    """Tell whether there is a picture of the visitor's own that this network can be asked about."""
    if brought is not None and brought.dataset == spec.name:
        return True
    if say:
        st.warning(
            "The picture is no longer here. Classify one, and look inside from there."
            if brought is None
            else "Your picture was prepared for another data set. Classify it with this network, "
            "and look inside from there.",
            icon=":material/link_off:",
        )
    return False


def _closed(run: runs.Run, spec: datasets.DatasetSpec) -> str | None:
    """Return why a network may not be asked about test images, as a sentence, or None."""
    closed = closed_to(spec.name, run)
    if closed is not None or run.test_opened:
        return closed
    return (
        "The test set of this network is sealed: what it makes of test images is shown once its "
        "owner has opened it on Evaluate."
    )


def _kinds(run: runs.Run, spec: datasets.DatasetSpec, shown: str, held: np.ndarray) -> None:
    """Draw the choice of the kind of picture; another one goes into the URL."""
    first = {VALIDATION: str(_Image("train", int(held[0])))}
    if _closed(run, spec) is None and spec.counts["test"]:
        first[TEST] = str(_Image("test", 0))
    if _fits(look_inside.kept(), spec, say=False):
        first[MINE] = MINE
    chosen = st.segmented_control(
        "Picture",
        list(first),
        default=shown,
        required=True,
        format_func=TITLES.__getitem__,
        key=f"inside_kind_{shown}_{len(first)}",
    )
    if chosen is not None and chosen != shown:
        st.query_params["image"] = first[chosen]
        st.rerun()


def _others(spec: datasets.DatasetSpec, kind: str, held: np.ndarray) -> None:
    """Draw the button that draws other images."""

    def draw_lots() -> None:
        seed = random.randrange(1, 100_000)
        st.session_state["inside_seed"] = seed
        first = int(_drawn(spec, kind, held, seed)[0])
        st.query_params["image"] = str(_Image("test" if kind == TEST else "train", first))

    st.button("Others", icon=":material/casino:", help="Draws other images.", on_click=draw_lots)


def _pin(asked: "_Image | str") -> None:
    """Draw the button that keeps a picture beside the next one, or lets go of it."""

    def pin() -> None:
        st.query_params["beside"] = str(asked)

    def let_go() -> None:
        st.query_params.pop("beside", None)

    if "beside" in st.query_params:
        st.button("Unpin", icon=":material/keep_off:", on_click=let_go)
    elif not st.query_params.get("with"):  # two networks stand there already
        help = "Keeps this picture, to compare it with the one that you choose next."
        st.button("Pin", icon=":material/keep:", help=help, on_click=pin)


def _strip(spec: datasets.DatasetSpec, kind: str, held: np.ndarray, shown: _Image) -> None:
    """Draw images to choose from, of as many classes as there is room for."""
    drawn = _drawn(spec, kind, held, st.session_state.get("inside_seed", 0))
    split = "test" if kind == TEST else "train"
    part = data.split(spec.name, split)
    found = np.flatnonzero(drawn == shown.index)
    names = [spec.classes[label] for label in part.labels[drawn]]

    def pick(place: int) -> None:
        st.query_params["image"] = str(_Image(split, int(drawn[place])))

    edge = spec.shape[0]
    gallery(
        data.pictures(part.images[drawn]),
        names,
        labels=[f"{name}, image {index}" for name, index in zip(names, drawn, strict=True)],
        selected=int(found[0]) if len(found) else None,
        key="inside_images",
        tile=edge * max(1, round(TILE / edge)),
        on_pick=pick,
    )


def _drawn(spec: datasets.DatasetSpec, kind: str, held: np.ndarray, seed: int) -> np.ndarray:
    """Return the indices of images to choose from: one of each class, while there is room."""
    split = "test" if kind == TEST else "train"
    labels = data.split(spec.name, split).labels
    pool = np.arange(len(labels)) if kind == TEST else held
    generator = np.random.default_rng(seed)
    order = pool if seed == 0 else generator.permutation(pool)
    _, first = np.unique(labels[order], return_index=True)
    firsts = order[first]
    if len(firsts) >= SHOWN:
        return firsts[:SHOWN] if seed == 0 else generator.permutation(firsts)[:SHOWN]
    rest = order[~np.isin(order, firsts)]
    return np.concatenate([firsts, rest[: SHOWN - len(firsts)]])


def _called(image: _Image, run: runs.Run, held: np.ndarray) -> str:
    """Return what an image is to the network: it learned from it, was checked on it, or neither."""
    assert run.config is not None, "its config can be read"
    if image.split == "test":
        return f"test image {image.index:,}"
    if (held == image.index).any():
        return f"validation image {image.index:,}"
    called = f"training image {image.index:,}"
    if (runs.learned(run.config) == image.index).any():
        return called
    return f"{called}, not used in this training"


def _split(asked: "_Image | str | None") -> str:
    return asked.split if isinstance(asked, _Image) else "train"
