"""A map of thousands of images: points on a canvas, pictures at the pointer, a lasso."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image
from streamlit import runtime

from core.analysis.embedding import inside, polygon_of
from pages.widgets.shared import packed, register

COLUMNS = 100  # pictures a row of the sheet; embedding_map.js counts on it
EDGE = 24  # pixels of a picture on the sheet: 10,000 of them are 0.9 MB
NONE = 255  # the group of a point that has none

_MAP = register(__file__, "embedding_map", uses=("address", "theme"))


@dataclass(frozen=True)
class Group:
    """What points have in common, and are coloured and filtered by.

    Attributes:
        title: for the legend.
        kind: ``"class"``, ``"right"`` or ``"wrong"``.
    """

    title: str
    kind: str = "class"


@dataclass(frozen=True)
class Chosen:
    """What a visitor did with the map.

    Attributes:
        lassoed: the places of the points inside the lasso, in order; None without a lasso.
        picked: the place of the point that was clicked in this rerun.
    """

    lassoed: np.ndarray | None
    picked: int | None


def sheet(images: np.ndarray) -> bytes:
    """Return a lossy WebP with small pictures of all images, ``COLUMNS`` a row; a pure function.

    Args:
        images: uint8 (n, height, width) or (n, height, width, 3).
    """
    count, height, width = images.shape[:3]
    high = min(4 * EDGE, max(1, round(EDGE * height / width)))
    rows = []
    # A row at a time: all at once, large images would take a lot of memory.
    for start in range(0, count, COLUMNS):
        row = np.zeros((COLUMNS, *images.shape[1:]), np.uint8)
        part = images[start : start + COLUMNS]
        row[: len(part)] = part
        strip = row.swapaxes(0, 1).reshape(height, COLUMNS * width, *images.shape[3:])
        small = Image.fromarray(strip).resize((COLUMNS * EDGE, high), Image.Resampling.BOX)
        rows.append(np.asarray(small))
    picture = Image.fromarray(np.concatenate(rows))
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=20, method=2)
    return file.getvalue()


def embedding_map(
    points: np.ndarray,
    indices: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    *,
    groups: Sequence[Group],
    group: np.ndarray,
    thumbnails: bytes,
    description: str,
    key: str,
    answers: np.ndarray | None = None,
) -> Chosen:
    """Draw the map.

    Args:
        points: float (n, 2), -1 to 1.
        indices: int (n,), what the images are called.
        labels: int (n,), their classes.
        classes: the names of the classes.
        groups: the legend's entries.
        group: int (n,), the group of each point; ``NONE`` for those that are only a shadow.
        thumbnails: ``sheet`` of the images.
        description: what the map shows, for those who cannot see it.
        key: of the element; another one starts with the whole map and without a lasso.
        answers: int (n,), the class that a network answered; ``NONE`` where it was not asked.
    """
    for name, values in (("indices", indices), ("labels", labels), ("group", group)):
        if len(values) != len(points):
            raise ValueError(f"{len(points)} points need as many {name}; received {len(values)}")
    counts = np.bincount(group, minlength=NONE + 1)
    kind = "classes" if all(each.kind == "class" for each in groups) else "mistakes"
    lasso = lasso_of(_state(key), kind, len(groups))
    result = _MAP(
        key=key,
        data={
            "points": packed(np.round((np.clip(points, -1, 1) + 1) * 32767.5), np.uint16),
            "indices": packed(indices, np.uint32),
            "labels": packed(labels, np.uint8),
            "group": packed(group, np.uint8),
            "answers": None if answers is None else packed(answers, np.uint8),
            "classes": list(classes),
            "groups": [
                {"title": each.title, "kind": each.kind, "count": int(counts[i])}
                for i, each in enumerate(groups)
            ],
            "kind": kind,
            "sheet": _url(thumbnails, key),
            "lasso": None if lasso is None else lasso[0].tolist(),
            "description": description,
        },
        default={"lasso": None},
        on_lasso_change=lambda: None,
        on_picked_change=lambda: None,
    )
    picked = result.picked
    lassoed = None
    if lasso is not None:
        polygon, wanted = lasso
        shown = np.isin(group, list(wanted)) if wanted else np.ones(len(points), bool)
        lassoed = np.flatnonzero(inside(points, polygon) & shown)
    return Chosen(lassoed, picked if type(picked) is int and 0 <= picked < len(points) else None)


def lasso_of(value: object, kind: str, groups: int) -> tuple[np.ndarray, frozenset[int]] | None:
    """Return what a lasso that a browser sent holds, or None if it is no lasso.

    Args:
        value: what was sent.
        kind: of the groups that are shown now; those of another kind are forgotten.
        groups: how many there are.

    Returns:
        The polygon, and the groups that it is restricted to; an empty set for no restriction.
    """
    if not isinstance(value, dict):
        return None
    polygon, wanted = polygon_of(value.get("polygon")), value.get("groups")
    if polygon is None or not isinstance(wanted, list):
        return None
    if value.get("kind") != kind:
        return polygon, frozenset()
    if len(wanted) > groups or not all(type(one) is int and 0 <= one < groups for one in wanted):
        return None
    return polygon, frozenset(wanted)


def _url(thumbnails: bytes, key: str) -> str:
    """Let the browser fetch the sheet from the server, as ``st.image`` does: once, and later."""
    return runtime.get_instance().media_file_mgr.add(thumbnails, "image/webp", f"map-{key}")


def _state(key: str) -> object:
    state = st.session_state.get(key)
    return state.get("lasso") if isinstance(state, Mapping) else None
