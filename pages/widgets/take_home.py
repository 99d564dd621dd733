"""Take home: what a run can become outside of Atelier, to choose from and to download."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.export import making
from core.export.format import Format
from core.export.formats import FORMATS
from core.export.run_zip.write import problem as not_taken_along
from core.runs import Run
from core.runs.access import owns, seen
from pages.session.guard import sentences
from pages.session.person import circle
from pages.session.streamlit_internals import DeltaGenerator
from pages.session.ticking import ticking
from pages.session.visitor import visitor_id
from pages.widgets.run_picker import usable_runs
from pages.widgets.task import TICK, is_active, progress_words
from pages.words import title_markdown
from pages.words.telling import labels

NONE = ""  # the id for no run


def can_go(run: Run) -> bool:
    """Tell whether a run is worth the button: it has a network, or can be continued elsewhere."""
    if run.state.active or run.config is None:
        return False
    return run.network is not None or not_taken_along(run) is None


def take_home(run: Run, other: Run | None = None) -> None:
    """Draw the button that opens the list, and the list while it is open; once a page.

    Args:
        run: that the visitor may see and that ``can_go``.
        other: the run on the same data set that the page compares it with, if it does; the report
            does too, unless another is chosen in the list.
    """
    if st.button(
        "Take home",
        icon=":material/download:",
        key=f"take_home_{run.id}",
        type="tertiary",
        help="This run as a lab report, a script, a model file and more.",
    ):
        st.session_state["take_home_open"] = run.id
    if st.session_state.get("take_home_open") == run.id:
        title = f"Take home: {title_markdown(run)}"
        show = st.dialog(title, width="medium", on_dismiss=_close)(_list)
        show(run.id, other.id if other else None)


def _close() -> None:
    st.session_state.pop("take_home_open", None)


def _list(run_id: str, other_id: str | None) -> None:
    with sentences():
        visitor, watched = visitor_id(), circle()
        run = seen(run_id, visitor, watched)
        second: str | None = None
        problems = {key: form.problem(run) for key, form in FORMATS.items()}
        # What can be had comes first.
        for key in sorted(FORMATS, key=lambda key: problems[key] is not None):
            form, problem = FORMATS[key], problems[key]
            with st.container(border=True, gap="xsmall"):
                if problem is not None:
                    _row(form)
                    st.caption(f":material/block: {problem}")
                elif form.compares is not None:
                    actions = _row(form)
                    if second is None:  # the first of them asks, and the others do the same
                        second = _compared(run, visitor, watched, other_id)
                    elif second:
                        st.caption("It compares with the run chosen above.")
                    with actions:
                        _download(form, run, _content(form, run_id, visitor, watched, second))
                elif form.quick:
                    with _row(form):
                        _download(form, run, _content(form, run_id, visitor, watched))
                else:
                    ticking(_slow, partial(_pace, form, run))(form, run_id, visitor, watched)


def _compared(run: Run, visitor: str, watched: frozenset[str], other_id: str | None) -> str:
    """Draw the choice of a second run for the reports, and return its id, or ``NONE``."""
    assert run.config is not None, "a damaged run has no report"
    offered = {each.id: each for each in usable_runs(visitor, run.config.dataset)}
    if other_id is not None:
        offered[other_id] = seen(other_id, visitor, watched)
    offered.pop(run.id, None)
    if not offered:
        return NONE
    titles = {NONE: "No other run"} | labels(list(offered.values()))
    ids = list(titles)
    chosen = st.selectbox(
        "Compare with",
        ids,
        index=ids.index(other_id or NONE),
        format_func=titles.__getitem__,
        key=f"take_home_with_{run.id}_{other_id or NONE}",
        help="The report then says what tells the two apart, and whether it could be chance.",
    )
    return chosen or NONE


def _row(form: Format) -> DeltaGenerator:
    """Draw what a format is, and return the place for what can be done, beside it or below."""
    words, actions = st.columns([7, 2], vertical_alignment="center")
    words.markdown(f"**{form.title}**  \n{form.purpose}")
    return actions


def _slow(form: Format, run_id: str, visitor: str, watched: frozenset[str]) -> None:
    """Draw a format that a process makes: what begins it, how far it is, or the file."""
    with sentences():
        run = seen(run_id, visitor, watched)
        state = making.look(form, run)
        with _row(form):
            if state.phase == "done":
                _download(form, run, _content(form, run_id, visitor, watched))
            elif not is_active(state):
                _begin(form, run, visitor, "Make" if state.phase == "none" else "Make again")
            elif (visitor == state.visitor or owns(run, visitor)) and st.button(
                "Stop", icon=":material/stop:", key=f"stop_{form.key}", width="stretch"
            ):
                making.stop(form, run)
                st.rerun()
        if is_active(state):
            st.progress(state.share, text=progress_words(state))
        elif state.phase == "failed":
            reason = state.reason or "It could not be made. Make it again."
            st.error(reason, icon=":material/error:")
        elif state.phase == "stopped":
            st.caption("Stopped. Nothing was kept.")


def _begin(form: Format, run: Run, visitor: str, label: str) -> None:
    if st.button(
        label,
        icon=":material/play_arrow:",
        key=f"make_{form.key}",
        help="Takes up to 20 seconds, in the background. The file is kept.",
        width="stretch",
    ):
        making.start(form, run, visitor)
        st.rerun()


def _pace(form: Format, run: Run) -> float | None:
    return TICK if is_active(making.look(form, run)) else None


def _download(form: Format, run: Run, content: Callable[[], bytes]) -> None:
    st.download_button(
        "Download",
        content,
        form.file_name(run),
        "application/octet-stream",
        key=f"download_{form.key}",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )


def _content(
    form: Format,
    run_id: str,
    visitor: str,
    watched: frozenset[str],
    other_id: str = NONE,
) -> Callable[[], bytes]:
    """Return what makes the file when the button is pressed, if all runs may be seen then."""

    def content() -> bytes:
        other = seen(other_id, visitor, watched) if other_id else None
        run = seen(run_id, visitor, watched)
        return making.make(form, run, visitor=visitor, other=other)

    return content
