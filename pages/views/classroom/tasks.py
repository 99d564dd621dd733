"""A teacher's tasks: give, open and close them, see what the class believes, reveal the end."""

from collections.abc import Mapping

import streamlit as st

from core.classroom import exports, guessing, handins
from core.classroom import given as tasks
from core.classroom import tasks as files
from core.classroom.given import Given, Phase
from core.classroom.guessing import Belief
from core.classroom.handins import HandIn
from core.classroom.people import Classroom, Member, Person
from core.classroom.task_files import TEXT, TITLE
from core.classroom.tasks import Task
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.boards import end_board, hand_in_board
from pages.words import ago, count, literal, percent

TICK = 3.0  # seconds between two looks at an open task
_NAMES = "class_names"  # session: ids of the tasks whose names the teacher has opened
BADGES = {
    Phase.PLANNED: ("Planned", "gray", ":material/schedule:"),
    Phase.OPEN: ("Open", "green", ":material/play_arrow:"),
    Phase.CLOSED: ("Closed", "orange", ":material/lock:"),
    Phase.REVEALED: ("Revealed", "blue", ":material/visibility:"),
}


def tasks_view(who: Person, classroom: Classroom) -> None:
    """Draw the tasks of a class, and what gives it more."""
    given = tasks.tasks_of(who, classroom.id)
    with st.expander("Give a task", icon=":material/add:", expanded=not given):
        _give(who, classroom)
    for each in given:
        with st.container(border=True), sentences():
            _task(who, each, last=len(given))
    if any(each.opened is not None for each in given):
        _downloads(who, classroom)


def _give(who: Person, classroom: Classroom) -> None:
    """Draw the ways to a task: a ready-made one, a file, a link, or words of one's own."""
    bundled, file, link, own = st.tabs(["Ready-made", "File", "Link", "Write one"])
    with bundled:
        ready = files.bundled()
        chosen = st.selectbox(
            "Task", list(ready), format_func=lambda name: ready[name].title, key="task_ready"
        )
        if chosen is not None:
            _preview(who, classroom, ready[chosen], "ready")
    with file, sentences():
        uploaded = st.file_uploader("A task file (TOML)", type="toml", key="task_file")
        if uploaded is not None:
            _preview(who, classroom, files.read_task(uploaded.getvalue()), "file")
    with link, sentences():
        st.caption(
            "Set everything up on the Train page, press Copy link there, and paste it here. Add "
            "shows=epochs,learning_rate to the link for the controls that students may use."
        )
        text = st.text_input("Link to the Train page", key="task_link", max_chars=2000)
        title = st.text_input("Title", key="task_link_title", max_chars=TITLE)
        question = st.text_area(
            "Question", "How accurate can you make this network?", max_chars=TEXT, height=80
        )
        if text.strip():
            asked = {"title": title.strip(), "question": question.strip()}
            task = files.task_of_link(files.query_of(text), **asked)
            _preview(who, classroom, task, "link")
    with own, sentences():
        start = ready[chosen].to_toml() if chosen is not None else ""
        text = st.text_area("Task file", start, height=360, key=f"task_text_{chosen}")
        _preview(who, classroom, files.read_task(text.encode()), "own")


def _preview(who: Person, classroom: Classroom, task: Task, key: str) -> None:
    """Show what a task asks, and the button that gives it."""
    st.markdown(f"**{literal(task.title)}** · {literal(task.question)}")
    if task.guess is not None:
        st.caption(f"Asks for a guess: {literal(task.guess.question)}")
    with st.container(horizontal=True):
        if st.button("Give it", icon=":material/add_task:", key=f"give_{key}", type="primary"):
            tasks.give(who, classroom.id, task)
            st.toast(
                f"“{literal(task.title)}” is the last of the tasks below. Open it there.",
                icon=":material/add_task:",
            )
            st.rerun()
        st.download_button(
            "Save as a file",
            task.to_toml(),
            f"{task.id}.toml",
            "application/toml",
            icon=":material/download:",
            key=f"save_{key}",
            on_click="ignore",
        )


def _task(who: Person, given: Given, *, last: int) -> None:
    task = given.task
    word, color, icon = BADGES[given.phase]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {literal(task.title)}", width="stretch")
        st.badge(word, color=color, icon=icon)  # type: ignore[arg-type]
    st.markdown(literal(task.question))
    with st.container(horizontal=True):
        _controls(who, given, last=last)
    if given.opened is not None:
        watching(_so_far, TICK if given.phase is Phase.OPEN else None)(who, given)


def _so_far(who: Person, given: Given) -> None:
    """Draw what the class has done in a task, and follow it while the task is open."""
    with sentences():
        # Without figures in the titles: a tab whose title changes is closed by the browser.
        believes, hand_ins, board = st.tabs(["What the class believes", "Hand-ins", "Board"])
        with believes:
            _beliefs(who, given)
        with hand_ins:
            _hand_ins(handins.hand_ins(who, given.id))
        with board:
            hand_in_board(who, given)
            if given.phase is Phase.REVEALED and given.task.counts.blind:
                end_board(who, given)


def _hand_ins(handed: list[HandIn]) -> None:
    if not handed:
        st.caption("Nobody has handed in yet.")
        return
    students = len({each.member.id for each in handed})
    st.caption(f"{count(len(handed), 'hand-in')} of {count(students, 'student')}")
    for each in handed:
        words = [f"**{literal(each.member.handle)}**"]
        if each.validation is not None:
            words.append(f"validation accuracy {percent(each.validation.value, 2)}")
        if each.board is not None:
            words.append(f"board {percent(each.board.value, 2)}")
        st.markdown(f"{' · '.join([*words, ago(each.at)])}  \n{literal(each.sentence)}")


def _controls(who: Person, given: Given, *, last: int) -> None:
    """Draw what can be done with a task where it is."""
    if given.phase in (Phase.PLANNED, Phase.CLOSED):
        word = "Open" if given.phase is Phase.PLANNED else "Open again"
        if st.button(word, icon=":material/play_arrow:", type="primary", key=f"open_{given.id}"):
            tasks.open_task(who, given.id)
            st.rerun()
    if given.phase is Phase.OPEN and st.button(
        "Close", icon=":material/lock:", key=f"close_{given.id}"
    ):
        tasks.close_task(who, given.id)
        st.rerun()
    answered = given.task.counts.question is not None
    if given.phase in (Phase.OPEN, Phase.CLOSED) and (given.task.counts.blind or answered):
        what = "Reveal the answer" if answered else "Reveal the end"
        with st.popover(what, icon=":material/visibility:"):
            does = (
                "Tells everybody the right answer, and who had it."
                if answered
                else "Places everybody on the images that no board has shown, for all at once."
            )
            st.markdown(f"{does} The task is closed with it, and this cannot be undone.")
            if st.button("Reveal", type="primary", key=f"reveal_{given.id}"):
                tasks.reveal(who, given.id)
                st.rerun()
    if given.place > 1 and st.button("Up", icon=":material/arrow_upward:", key=f"up_{given.id}"):
        tasks.move(who, given.id, given.place - 1)
        st.rerun()
    if given.place < last and st.button(
        "Down", icon=":material/arrow_downward:", key=f"down_{given.id}"
    ):
        tasks.move(who, given.id, given.place + 1)
        st.rerun()
    if st.button("Remove", icon=":material/delete:", key=f"remove_{given.id}"):
        tasks.remove(who, given.id)
        st.rerun()


def _beliefs(who: Person, given: Given) -> None:
    """Draw what the class guessed and answered, the commonest first, without names."""
    if given.task.guess is None and given.task.counts.question is None:
        st.caption("This task asks for no guess.")
        return
    opened = st.session_state.setdefault(_NAMES, set())
    named = given.id in opened
    if given.task.guess is not None:
        st.caption(literal(given.task.guess.question))
        by_words = guessing.names(who, given.id) if named else {}
        _bars(guessing.beliefs(who, given.id), by_words)
    if given.task.counts.question is not None:
        st.caption(literal(given.task.counts.question.question))
        by_words = guessing.answer_names(who, given.id) if named else {}
        _bars(guessing.answers(who, given.id), by_words)
    if st.button(
        "Hide the names" if named else "Show the names",
        icon=":material/visibility_off:" if named else ":material/visibility:",
        type="tertiary",
        key=f"names_{given.id}",
        help="Who guessed and answered what, for you alone: do not project it. The log says that "
        "you looked.",
    ):
        if named:
            opened.discard(given.id)
        else:
            guessing.open_names(who, given.id)
            opened.add(given.id)
        st.rerun()


def _bars(beliefs: list[Belief], names: Mapping[str, list[Member]]) -> None:
    if not beliefs:
        st.caption("Nobody has said anything yet.")
    for each in beliefs:
        mark = {True: " · right", False: " · not right", None: ""}[each.right]
        st.progress(each.share, text=f"{literal(each.words)}: {count(each.count, 'student')}{mark}")
        if each.words in names:
            st.caption(", ".join(literal(member.handle) for member in names[each.words]))


def _downloads(who: Person, classroom: Classroom) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "CSV of all",
            lambda: exports.spreadsheet(who, classroom.id),
            f"class-{classroom.code}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="Students, guesses and hand-ins of all tasks, for a spreadsheet.",
        )
        st.download_button(
            "ZIP of hand-ins",
            lambda: exports.archive(who, classroom.id),
            f"class-{classroom.code}.zip",
            "application/zip",
            icon=":material/folder_zip:",
            on_click="ignore",
            help="A folder for each hand-in: sentence, settings and curve.",
        )
