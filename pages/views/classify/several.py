"""Classify, several at once: files or a folder as a gallery of answers, with filters and a CSV.

What a visitor brought is held in the session, and not by the uploader: so it is still there when
the visitor comes back from another view, and the uploader stays a small place to drop more. The
files are classified a few at a time, in script runs that follow each other by themselves.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from core import classify
from core.classify import THRESHOLD, Answer, Verdict
from core.errors import ImageRejected
from core.imaging.gate import MAX_BYTES, SUFFIXES, Picture, open_picture, safe_name
from core.imaging.prepare import Kind
from core.networks import Model
from pages.session import engine
from pages.session.guard import check_url, sentences
from pages.session.ticking import ticking
from pages.views.classify import doubt, sources
from pages.views.classify.steps import step_picture
from pages.widgets.choice import choice
from pages.widgets.gallery import gallery, sprite_sheet
from pages.widgets.probability_bars import probability_bars
from pages.widgets.table import csv_button
from pages.widgets.upload_words import upload_words
from pages.words import duration, literal, none_of, sure_by

MOST = 50  # files at a time
MOST_BYTES = 150 * 1024**2  # of all files together; they stay in memory until they are removed
THUMB = 160  # px; twice a tile's picture, for dense screens
TILE = 96  # CSS pixels
BUDGET = 0.7  # seconds of work in one script run; Stop is heard between two
TICK = 0.2  # seconds between two script runs while there is work
ALL = "all"
# Titles of options in links of versions up to 0.4.1.
FORMER = {
    "As brought": "brought",
    "Most doubtful first": "doubt",
    "Photos and sketches": ALL,
    "Sketches": Kind.SKETCH,
}

SURE, GUESS, NONE, ERROR = Verdict.SURE, Verdict.GUESS, Verdict.NONE, "error"
SORTS: dict[str, tuple[str, Callable[["Row"], Any]]] = {
    "brought": ("Upload order", lambda row: 0),
    "doubt": ("Least sure first", lambda row: row.sure),
    "class": ("By class", lambda row: (row.label is None, row.label, -row.sure)),
    "name": ("By file name", lambda row: row.name.casefold()),
}

_FILES = "several_files"  # session: what was brought, by the uploader's id
_ROWS = "several_rows"  # session: what became of it, by run and id
_NOTICE = "several_notice"  # session: what was left out of the last files
_ROUND = "several_round"  # session: how often something was brought; a part of the uploaders' keys
_STOPPED = "several_stopped"  # session: whether the visitor pressed Stop
_PACE = "several_pace"  # session: when the work began, and how many files it has done
_OPEN = "several_open"  # session: id of the file whose details are open
_DETAIL = "several_detail"  # session: the last details that were worked out
_SHEET = "several_sheet"  # session: the last sprite sheet, and of which files


@dataclass(frozen=True)
class Brought:
    """A file, as it came."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Row:
    """What became of one file.

    Attributes:
        id: of the file.
        name: of the file, harmless.
        thumb: uint8 (THUMB, THUMB, 3).
        label: the most probable class, from 0; None where there is no answer.
        answer: its name.
        probabilities: by class, 0 to 1; empty where there is no answer.
        kind: as what the picture was prepared.
        unknown: 0 to 1, the higher the less likely it is any of the classes.
        error: why there is no answer, as a sentence.
        limit: from so much doubt on, the visitor wants no class named.
    """

    id: str
    name: str
    thumb: np.ndarray
    label: int | None = None
    answer: str = ""
    probabilities: tuple[float, ...] = ()
    kind: Kind | None = None
    unknown: float = 0.0
    error: str | None = None
    limit: float = THRESHOLD

    @property
    def sure(self) -> float:
        """The largest probability; below all others where there is no answer."""
        return max(self.probabilities, default=-1.0)

    @property
    def verdict(self) -> str:
        """Which of ``SURE``, ``GUESS``, ``NONE`` and ``ERROR`` it is."""
        return ERROR if self.error else classify.verdict(self.sure, self.unknown, self.limit)


def draw(model: Model) -> None:
    """Draw the view."""
    ticking(_view, lambda: engine.pace() or (TICK if _working(model) else None))(model)


def _files() -> dict[str, Brought]:
    files: dict[str, Brought] = st.session_state.setdefault(_FILES, {})
    return files


def _rows() -> dict[tuple[str, str], Row]:
    rows: dict[tuple[str, str], Row] = st.session_state.setdefault(_ROWS, {})
    return rows


def _pending(model: Model) -> list[str]:
    """Return the ids of the files that this network has not been asked about."""
    rows = _rows()
    return [each for each in _files() if (model.run, each) not in rows]


def _working(model: Model) -> bool:
    return bool(_pending(model)) and not st.session_state.get(_STOPPED, False)


def _view(model: Model) -> None:
    with sentences():
        _bring()
        if not _files():
            st.caption(
                f"Up to {MOST} pictures at a time. Nothing is stored: they stay in this tab's "
                "session. A picture that cannot be read is listed with the reason."
            )
            return
        progress = st.container()
        if _working(model) and not engine.loaded(model.run, sources.MEANWHILE):
            return
        if _working(model):
            _work(model)
        with progress:
            _progress(model)
        _results(model)


def _bring() -> None:
    round_ = st.session_state.setdefault(_ROUND, 0)
    ways: tuple[tuple[str, Any, str], ...] = (
        ("files", True, "Several pictures"),
        ("folder", "directory", "Or a whole folder"),
    )
    with st.grid(2, min_column_width=280):
        for name, several, words in ways:
            key = f"several_{name}_{round_}"
            with st.container(gap=None):
                st.file_uploader(
                    words,
                    type=["image", *SUFFIXES],
                    accept_multiple_files=several,
                    key=key,
                    max_upload_size=MAX_BYTES // 1024**2,
                    on_change=_take,
                    args=(key,),
                )
                upload_words(key, key=f"several_{name}_words", kept=bool(_files()))
    if notice := st.session_state.get(_NOTICE):
        st.warning(notice, icon=":material/filter_none:")


def _take(key: str) -> None:
    """Take over what the uploader holds, as far as there is room, and empty the uploader."""
    files = _files()
    room, bytes_left = MOST - len(files), MOST_BYTES - sum(len(f.data) for f in files.values())
    left_out = 0
    for file in st.session_state.get(key) or []:
        if room < 1 or file.size > bytes_left:
            left_out += 1
            continue
        files[file.file_id] = Brought(safe_name(file.name), file.getvalue())
        room, bytes_left = room - 1, bytes_left - file.size
    st.session_state[_NOTICE] = None
    if left_out:
        st.session_state[_NOTICE] = (
            f"{left_out:,} {'file was' if left_out == 1 else 'files were'} left out: there is room "
            f"for {MOST} files and {MOST_BYTES // 1024**2} MB in all. Press Clear all, then upload "
            "the rest."
        )
    st.session_state[_ROUND] += 1
    _go_on()


def _go_on() -> None:
    st.session_state[_STOPPED] = False
    st.session_state.pop(_PACE, None)


def _clear() -> None:
    for key in (_FILES, _ROWS, _NOTICE, _PACE, _OPEN, _DETAIL, _SHEET):
        st.session_state.pop(key, None)


def _work(model: Model) -> None:
    """Classify the next files, as many as the time allows, and at least one."""
    begun, done = st.session_state.setdefault(_PACE, (time.monotonic(), 0))
    end = time.monotonic() + BUDGET
    prepared, waiting = [], []
    for file_id in _pending(model):
        brought, thumb = _files()[file_id], _blank()
        try:
            picture = open_picture(brought.data, brought.name)
            thumb = _thumb(picture.rgb)
            prepared.append(classify.prepare_for(model, picture))
        except ImageRejected as error:
            row = Row(file_id, brought.name, thumb, error=str(error))
            _rows()[model.run, file_id] = row
        else:
            waiting.append((file_id, brought.name, thumb))
        done += 1
        if time.monotonic() > end:
            break
    answers = classify.answers_of(prepared, model)
    for (file_id, name, thumb), answer in zip(waiting, answers, strict=True):
        _rows()[model.run, file_id] = _row(file_id, name, thumb, answer)
    st.session_state[_PACE] = (begun, done)


def _row(file_id: str, name: str, thumb: np.ndarray, answer: Answer) -> Row:
    return Row(
        file_id,
        name,
        thumb,
        answer.label,
        answer.name,
        tuple(answer.probabilities.tolist()),
        answer.prepared.kind,
        answer.unknown,
    )


def _thumb(picture: Image.Image) -> np.ndarray:
    """Return the whole picture in a square, on the colour that its edges have."""
    small = picture.copy()
    small.thumbnail((THUMB, THUMB), Image.Resampling.BOX)
    pixels = np.asarray(small)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    square = Image.new("RGB", (THUMB, THUMB), tuple(int(v) for v in np.median(edge, axis=0)))
    square.paste(small, ((THUMB - small.width) // 2, (THUMB - small.height) // 2))
    return np.asarray(square)


def _blank() -> np.ndarray:
    """Return the tile of a file that is no picture: a grey sheet, crossed out."""
    sheet = Image.new("RGB", (THUMB, THUMB), "#85858f")
    pen = ImageDraw.Draw(sheet)
    low, high = THUMB * 0.36, THUMB * 0.64
    for ends in ((low, low, high, high), (low, high, high, low)):
        pen.line(ends, fill="#f4f4f6", width=THUMB // 16)
    return np.asarray(sheet)


def _progress(model: Model) -> None:
    """Say how far the work is, with Stop or what comes after it."""
    pending, total = len(_pending(model)), len(_files())
    if not pending:
        return
    done = total - pending
    if not _working(model):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Stopped: {done} of {total} done.")
            st.button("Continue", icon=":material/play_arrow:", on_click=_go_on)
        return
    words = f"{done} of {total}"
    if _PACE in st.session_state:
        begun, so_far = st.session_state[_PACE]
        if so_far:
            words += f" · {duration((time.monotonic() - begun) / so_far * pending)} left"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done / total, text=words)
        st.button(
            "Stop",
            icon=":material/stop:",
            on_click=st.session_state.__setitem__,
            args=(_STOPPED, True),
        )


def _results(model: Model) -> None:
    rows = [_rows()[model.run, each] for each in _files() if (model.run, each) in _rows()]
    if not rows:
        return
    summary = st.container()
    limit = doubt.threshold(model)
    rows = [replace(row, limit=limit) for row in rows]
    summary.markdown(_summary(rows, model))
    shown = _filtered(rows, model)
    if shown:
        picked = gallery(
            np.stack([row.thumb for row in shown]),
            [_caption(row, model) for row in shown],
            key="several_gallery",
            tile=TILE,
            smooth=True,
            marked=[row.error is not None for row in shown],
            labels=[_label(row, model) for row in shown],
            sprite=_sheet(shown),
        )
        if picked is not None:
            st.session_state[_OPEN] = shown[picked].id
    else:
        st.caption("No pictures match. Choose other filters.")
    for row in shown:
        if row.error:
            st.caption(f":material/error: {literal(row.error)}")
    with st.container(horizontal=True, horizontal_alignment="right"):
        names = model.dataset.classes
        csv_button(
            ["file", "answer", "probability", "kind", "unknown", "verdict", "error", *names],
            [_line(row, model) for row in shown],
            key="several_csv",
            name="answers",
        )
        st.button("Clear all", icon=":material/delete:", type="tertiary", on_click=_clear)
    opened = next((row for row in rows if row.id == st.session_state.get(_OPEN)), None)
    if opened is not None:
        st.dialog(_title(opened.name), width="large", on_dismiss=_close)(_detail)(opened, model)


def _verdicts(model: Model) -> dict[str, str]:
    none = none_of(model.dataset)
    return {
        SURE: "Sure",
        GUESS: "Unsure",
        NONE: none[0].upper() + none[1:],
        ERROR: "Not read",
    }


def _summary(rows: Sequence[Row], model: Model) -> str:
    parts = []
    for verdict, title in _verdicts(model).items():
        count = sum(row.verdict == verdict for row in rows)
        if count:
            parts.append(f"{count} {title.lower()}")
    return f"**{len(rows)} {'picture' if len(rows) == 1 else 'pictures'}**: {', '.join(parts)}."


def _filtered(rows: Sequence[Row], model: Model) -> list[Row]:
    """Draw the filters and return what they let through, in the order asked for."""
    classes = {ALL: "All classes"} | {
        str(label): name
        for label, name in enumerate(model.dataset.classes)
        if any(row.label == label for row in rows)
    }
    kinds = {ALL: "Photos and drawings", Kind.PHOTO: "Photos", Kind.SKETCH: "Drawings"}
    sorts = {name: title for name, (title, _) in SORTS.items()}
    notes = st.container()
    verdict = choice("Show", {ALL: "All"} | _verdicts(model), "show", notes=notes)
    with st.grid(3, min_column_width=200):
        label = _select("Class", classes, "class", notes)
        colour = model.dataset.shape[-1] == 3  # where photos and drawings are prepared alike
        kind = ALL if colour else _select("Kind", kinds, "taken_for", notes)
        order = _select("Order", sorts, "order", notes)
    kept = [
        row
        for row in rows
        if verdict in (ALL, row.verdict)
        and label in (ALL, str(row.label))
        and kind in (ALL, row.kind)
    ]
    return sorted(kept, key=SORTS[order][1])


def _select(caption: str, titles: dict[Any, str], key: str, notes: Any) -> Any:
    with notes:
        check_url(key, titles, FORMER)
    chosen = st.selectbox(
        caption, list(titles), format_func=titles.__getitem__, key=key, bind="query-params"
    )
    return chosen if chosen in titles else next(iter(titles))


def _caption(row: Row, model: Model) -> str:
    """Return the two lines under a tile."""
    if row.verdict == ERROR:
        return f"Not read\n{_short(row.name)}"
    if row.verdict == NONE:
        return f"{_verdicts(model)[NONE]}\n{_short(row.name)}"
    mark = "" if row.verdict == SURE else "?"
    return f"{row.answer}{mark}\n{sure_by(row.sure)}"


def _short(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:9]}…{name[-6:]}"


def _label(row: Row, model: Model) -> str:
    if row.error:
        return row.error
    if row.verdict == NONE:
        return f"{row.name}: probably {none_of(model.dataset)}, closest {row.answer}"
    words = "" if row.verdict == SURE else "best guess "
    return f"{row.name}: {words}{row.answer}, {sure_by(row.sure)}"


def _line(row: Row, model: Model) -> list[Any]:
    known = row.label is not None
    shares = row.probabilities or ("",) * len(model.dataset.classes)
    return [
        row.name,
        row.answer,
        f"{row.sure:.4f}" if known else "",
        row.kind or "",
        f"{row.unknown:.4f}" if known else "",
        _verdicts(model)[row.verdict],
        row.error or "",
        *(f"{each:.4f}" if known else "" for each in shares),
    ]


def _sheet(shown: Sequence[Row]) -> bytes:
    """Return the sprite sheet, made anew only when other files are shown."""
    ids = tuple(row.id for row in shown)
    kept = st.session_state.get(_SHEET)
    if kept is None or kept[0] != ids:
        kept = (ids, sprite_sheet(np.stack([row.thumb for row in shown])))
        st.session_state[_SHEET] = kept
    return kept[1]


def _title(name: str) -> str:
    return literal(_short(name))


def _close() -> None:
    for key in (_OPEN, _DETAIL):
        st.session_state.pop(key, None)


def _detail(row: Row, model: Model) -> None:
    """Draw one picture, its answer and the steps to it."""
    with sentences():
        brought = _files().get(row.id)
        if brought is None:  # removed meanwhile
            st.rerun()
        if row.error:
            raise ImageRejected(row.error)
        picture, answer = _looked_at(row, brought, model)
        left, right = st.columns(2, gap="medium")
        with left:
            st.image(picture.rgb, width=300, alt="The picture")
            st.caption(literal(row.name))
        with right:
            name, sure = answer.name, sure_by(row.sure)
            words: dict[str, str] = {
                SURE: f"It is: **{name}** ({sure})",
                GUESS: f"Best guess: **{name}** ({sure})",
                NONE: f"Probably {none_of(model.dataset)}. The closest is **{name}** ({sure}).",
            }
            st.markdown(words[row.verdict])
            probability_bars(model.dataset.classes, row.probabilities, key="several_bars")
        with st.grid(4, min_column_width=130):
            for number, step in enumerate(answer.prepared.steps, 1):
                with st.container(gap="xsmall"):
                    step_picture(step.image, f"Step {number}: {step.title}")
                    st.markdown(f"**{step.title}**")
                    st.caption(step.sentence)
        st.button(
            "Remove",
            icon=":material/delete:",
            type="tertiary",
            on_click=_remove,
            args=(row.id,),
        )


def _looked_at(row: Row, brought: Brought, model: Model) -> tuple[Picture, Answer]:
    """Return picture and answer in full, which are not kept for all files."""
    question = (model.run, row.id)
    kept = st.session_state.get(_DETAIL)
    if kept is None or kept[0] != question:
        picture = open_picture(brought.data, brought.name)
        kept = (question, (picture, classify.classify_picture(picture, model)))
        st.session_state[_DETAIL] = kept
    return kept[1]


def _remove(file_id: str) -> None:
    _files().pop(file_id, None)
    for key in [key for key in _rows() if key[1] == file_id]:
        del _rows()[key]
    _close()
