"""Everybody in a class: who is here, what trains, what they reached, and what a teacher can do."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

import streamlit as st

from core import runs
from core.classroom import joining, naming, training
from core.classroom.overview import Student
from core.classroom.people import Classroom, Person
from core.runs import Run
from core.runs.access import may_be_shared
from pages.session import data
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.activity import drawn_anew
from pages.widgets.class_chart import numbers
from pages.widgets.closing_popover import close_popover, closing_popover
from pages.words import STATE_WORDS, ago, dataset_title, literal, percent, title_markdown

TICK = 3.0  # seconds between two looks
_PAUSED = "class_paused"  # session: ids of the runs that the teacher has paused, by class


def people_view(who: Person, classroom: Classroom) -> None:
    """Draw everybody, kept up to date, and what can be done with those who are chosen."""
    watching(_people, TICK)(who, classroom.id)


def _people(who: Person, class_id: int) -> None:
    with sentences():
        now = data.class_overview(class_id)
        st.markdown(f"**{numbers(now)}**")
        if not now.students:
            st.info(
                "Nobody has joined yet. Show the board: it has the code.", icon=":material/groups:"
            )
            return
        with st.container(horizontal=True):
            active = [*now.running, *now.waiting]
            if st.button("Stop all runs", icon=":material/stop:", disabled=not active):
                training.stop_all(who, class_id)
                drawn_anew()
            if st.button("Pause all runs", icon=":material/pause:", disabled=not active):
                _pause(who, class_id)
            paused = _paused(class_id)
            if paused and st.button("Let them go on", icon=":material/play_arrow:"):
                training.resume_all(who, class_id, paused)
                paused.clear()
                drawn_anew()
        looks = data.class_looks(class_id)
        rows = [_row(each, now.at, looks.get(each.member.id, {})) for each in now.students]
        chosen = st.dataframe(
            rows,
            hide_index=True,
            on_select="rerun",
            selection_mode="multi-row",
            key=f"people_{class_id}",
            height=min(640, 36 * (len(rows) + 1) + 4),
        )
        picked = [now.students[i] for i in chosen["selection"]["rows"] if i < len(now.students)]
        _actions(who, picked)


def _pause(who: Person, class_id: int, member_ids: Sequence[int | None] = (None,)) -> NoReturn:
    """Pause the runs of some students, or of all, and keep in mind which these are."""
    for member_id in member_ids:
        _paused(class_id).extend(training.pause_all(who, class_id, member_id))
    drawn_anew()


def _paused(class_id: int) -> list[str]:
    paused: dict[int, list[str]] = st.session_state.setdefault(_PAUSED, {})
    return paused.setdefault(class_id, [])


def _row(student: Student, now: float, looks: Mapping[str, int]) -> dict[str, str]:
    run = student.active or student.latest
    member = student.member
    return {
        "Name": f"{member.handle} (hidden)" if member.hidden else member.handle,
        "Here": "yes" if student.here else f"last seen {ago(member.seen)}",
        "Page": member.page.capitalize() if student.here else "",
        "Run": STATE_WORDS[run.state][0] if run is not None else "",
        "Runs": str(len(student.runs)),
        "Best validation accuracy": percent(student.best_accuracy, 2),
        "Test sets opened": ", ".join(
            f"{number} on {dataset_title(dataset)}" for dataset, number in looks.items()
        ),
    }


def _actions(who: Person, picked: list[Student]) -> None:
    """Draw what can be done with the students who are chosen."""
    if not picked:
        st.caption(
            "Choose one or several in the list to change a name, to hide what they wrote, or to "
            "stop their runs."
        )
        return
    with st.container(horizontal=True):
        hidden = all(each.member.hidden for each in picked)
        if st.button("Show name" if hidden else "Hide name", icon=":material/visibility_off:"):
            for each in picked:
                (joining.show if hidden else joining.hide)(who, each.member.id)
            drawn_anew()
        if st.button("New handle", icon=":material/casino:"):
            for each in picked:
                joining.rename(who, each.member.id)
            drawn_anew()
        going = [run for each in picked for run in each.runs if run.state.active]
        if st.button("Stop their runs", icon=":material/stop:", disabled=not going):
            for each in picked:
                training.stop_all(who, each.member.class_id, each.member.id)
            drawn_anew()
        if st.button("Pause their runs", icon=":material/pause:", disabled=not going):
            _pause(who, picked[0].member.class_id, [each.member.id for each in picked])
        if st.button("Remove from the class", icon=":material/person_remove:"):
            for each in picked:
                joining.remove(who, each.member.id)
            drawn_anew()
    for each in picked:
        for run in each.runs:
            if run.name or run.hidden_name:
                _named(who, each, run)
            if run.shared and may_be_shared(run) and runs.read_note(run.folder).strip():
                _noted(who, each, run)
    st.caption("Every change is in the log, where it can be undone.")


def _named(who: Person, student: Student, run: Run) -> None:
    """Draw the name that a student gave a run, and what a teacher can do with it."""
    hidden = run.hidden_name is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        name, whose = literal(run.hidden_name or run.name or ""), literal(student.member.handle)
        st.page_link(
            "pages/train.py",
            label=f"Run “{name}” of {whose}{' (hidden)' if hidden else ''}",
            icon=":material/show_chart:",
            query_params={"run": run.id},
        )
        word = "Show its name" if hidden else "Hide its name"
        if st.button(word, icon=":material/visibility_off:", key=f"hide_{run.id}"):
            (naming.show if hidden else naming.hide)(who, run.id)
            drawn_anew()
        with (
            closing_popover("Change its name", f"name_of_{run.id}", ":material/edit:"),
            st.form(f"name_{run.id}", border=False),
        ):
            text = st.text_input("Name", max_chars=60, placeholder="Empty: no name")
            if st.form_submit_button("Save"):
                naming.rename(who, run.id, text)
                close_popover(f"name_of_{run.id}")
                drawn_anew()


def _noted(who: Person, student: Student, run: Run) -> None:
    """Draw the notes that a student wrote about a run that others may open, as the teacher may."""
    hidden = run.note_hidden or run.hidden_name is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        name = title_markdown(run)
        st.page_link(
            "pages/train.py",
            label=f"Notes on “{name}” of {literal(student.member.handle)}, which is shared"
            f"{' (hidden)' if hidden else ''}",
            icon=":material/notes:",
            query_params={"run": run.id},
        )
        with st.popover("Read them", icon=":material/article:", key=f"note_{run.id}"):
            st.text(runs.read_note(run.folder))
        # Notes of a run whose name is hidden are hidden with it.
        word = "Show its notes" if run.note_hidden else "Hide its notes"
        if (run.note_hidden or not hidden) and st.button(
            word, icon=":material/visibility_off:", key=f"hide_note_{run.id}"
        ):
            (naming.show_note if run.note_hidden else naming.hide_note)(who, run.id)
            drawn_anew()
