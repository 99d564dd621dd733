"""Runs, actions: what can be done with the chosen runs; what changes them, only with one's own."""

from collections.abc import Callable, Sequence

import streamlit as st

from core import jobs, runs
from core.runs import Run, State
from core.runs.access import may_be_shared, owns, seen
from pages.session.guard import sentences
from pages.session.person import circle
from pages.session.visitor import visitor_id
from pages.views.runs.address import CHOSEN, choose, each_own, ids, put
from pages.views.runs.compare import MOST
from pages.widgets.closing_popover import close_popover, closing_popover
from pages.widgets.several_home import several_home
from pages.widgets.take_home import can_go, take_home
from pages.words import title


def actions(chosen: Sequence[Run], found: Sequence[Run], visitor: str) -> None:
    """Draw what can be done with the chosen runs.

    Args:
        chosen: the runs with a tick.
        found: those that the filters leave.
        visitor: whose runs can be changed.
    """
    own = [run for run in chosen if owns(run, visitor)]
    with st.container(horizontal=True, vertical_alignment="center", key="runs_actions"):
        st.button(
            f"Compare {len(chosen)}" if len(chosen) > 1 else "Compare",
            type="primary",
            icon=":material/compare_arrows:",
            disabled=not 2 <= len(chosen) <= MOST,
            on_click=_compare,
            args=([run.id for run in chosen],),
        )
        if len(chosen) == 1 and chosen[0].network is not None:
            st.page_link(
                "pages/evaluate.py",
                label="Evaluate",
                icon=":material/target:",
                query_params={"run": chosen[0].id},
            )
        if len(chosen) == 1 and can_go(chosen[0]):
            take_home(chosen[0])
        if len(chosen) > 1:
            _take_several(chosen)
        if len(own) == 1:
            _rename(own[0])
        if own:
            _own_actions(own, several=len(own) < len(chosen) or len(own) > 1)
        st.button("Clear", type="tertiary", icon=":material/close:", on_click=choose, args=([],))
    st.caption(_words(chosen, found, own))


def _own_actions(own: Sequence[Run], *, several: bool) -> None:
    def button(label: str, icon: str, some: list[Run], action: Callable[[Run], object]) -> None:
        if some:
            st.button(
                f"{label} {len(some)}" if several else label,
                key=f"action_{label}",
                icon=f":material/{icon}:",
                on_click=each_own,
                args=([run.id for run in some], action),
            )

    # A paused run may be stopped as well: else it would only wait, and could never be done with.
    going_on = [run for run in own if run.state.active or run.state is State.PAUSED]
    button("Stop", "stop", [run for run in going_on if not run.stopping], _stop)
    if all(run.starred for run in own):
        button("Unstar", "star_outline", [*own], lambda run: runs.annotate(run.id, starred=False))
    else:
        button("Star", "star", [*own], lambda run: runs.annotate(run.id, starred=True))
    finished = [run for run in own if may_be_shared(run)]
    if finished and all(run.shared for run in finished):
        button("Unshare", "lock", finished, lambda run: runs.annotate(run.id, shared=False))
    else:
        button("Share", "share", finished, lambda run: runs.annotate(run.id, shared=True))
    button("Delete", "delete", [run for run in own if not run.state.active], _delete)


def _words(chosen: Sequence[Run], found: Sequence[Run], own: Sequence[Run]) -> str:
    count = len(chosen)
    words = [f"{count} {'run' if count == 1 else 'runs'} selected."]
    hidden = len({run.id for run in chosen} - {run.id for run in found})
    if hidden:
        words.append(f"{hidden} {'is' if hidden == 1 else 'are'} hidden by the filters.")
    if count == 1:
        words.append("Select another to compare them.")
    if count > MOST:
        words.append(f"At most {MOST} runs can be compared at a time.")
    others = count - len(own)
    if others:
        words.append(f"{others} {'is' if others == 1 else 'are'} not yours; view and compare only.")
    return " ".join(words)


def _take_several(chosen: Sequence[Run]) -> None:
    if st.button(
        f"Take home {len(chosen)}",
        icon=":material/download:",
        type="tertiary",
        key="take_several",
        help="These runs in one ZIP, for another Atelier.",
    ):
        st.dialog("Take the runs home", width="medium")(_several)([run.id for run in chosen])


def _several(ids: Sequence[str]) -> None:
    with sentences():
        visitor, watched = visitor_id(), circle()
        found = [(seen(run_id, visitor, watched), "") for run_id in ids]
        st.markdown(
            "One ZIP that another Atelier takes in, under **Bring a run** on its page Runs."
        )
        several_home(found, "atelier-runs.zip", key="several")


def _rename(run: Run) -> None:
    key = f"name_{run.id}"
    with (
        closing_popover("Rename", f"rename_of_{run.id}", ":material/edit:"),
        st.form(f"rename_{run.id}", border=False),
    ):
        st.text_input("Name", value=run.name or "", max_chars=60, key=key, placeholder=title(run))
        st.caption("Leave empty to use the default name.")
        st.form_submit_button("Save", on_click=_save_name, args=(run.id, key))


def _save_name(run_id: str, key: str) -> None:
    name = st.session_state.get(key) or ""
    each_own([run_id], lambda run: runs.annotate(run.id, name=name))
    close_popover(f"rename_of_{run_id}")


def _stop(run: Run) -> None:
    jobs.backend().stop(run.id)


def _delete(run: Run) -> None:
    runs.delete(run.id)
    choose([each for each in ids(CHOSEN) if each != run.id])


def _compare(some: Sequence[str]) -> None:
    put(runs=some, chosen=[])
