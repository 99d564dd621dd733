"""A student's tasks: guess, train, hand in, and see how the class did."""

import streamlit as st

from core import runs
from core.classroom import given as tasks
from core.classroom import handins
from core.classroom.given import Given, Phase
from core.classroom.handins import MOST, SENTENCE, Progress
from core.classroom.people import Classroom, Member, Person
from core.classroom.questions import What
from core.errors import RunNotFound
from core.runs import Run
from pages.session.activities import calls
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.boards import end_board, hand_in_board
from pages.widgets.guess import ask, beside, change_form, guess_form
from pages.words import ago, count, literal, percent, title

TICK = 4.0  # seconds between two looks
COUNTS = {
    What.VALIDATION: "Validation accuracy counts while you work, and test images that nobody has "
    "seen at the hand-in.",
    What.ROBUST: "What counts is the accuracy on validation images that were made worse.",
    What.PER_PARAMETER: "What counts is the accuracy for the number of parameters.",
    What.TIME: "What counts is the time until the goal is reached.",
    What.ANSWER: "What counts is your answer when you hand in.",
}


def todo(who: Person, member: Member, classroom: Classroom) -> None:
    """Draw the tasks of a class for a member, the open ones first, and follow the teacher."""
    watching(_todo, TICK)(who, member, classroom)


def _todo(who: Person, member: Member, classroom: Classroom) -> None:
    with sentences():
        given = tasks.tasks_of(who, classroom.id)
        open_now = calls(classroom.id) if classroom.is_open else []
        for call in open_now:
            st.info(f"{call.words} Choose “{call.title}” above.", icon=call.icon)
        if not given and not open_now:
            st.info(
                "There is no task yet. Look around, and train what you like: everybody's curves "
                "are under “Everybody”.",
                icon=":material/hourglass_empty:",
            )
        for progress in handins.progress(who):
            with st.container(border=True), sentences():
                _open_task(who, member, progress)
        for each in given:
            if each.phase is not Phase.OPEN:
                with st.expander(f"{literal(each.task.title)} · {each.phase}"), sentences():
                    _ended(who, member, each)


def _open_task(who: Person, member: Member, progress: Progress) -> None:
    given, task = progress.given, progress.given.task
    st.subheader(literal(task.title), anchor=False)
    st.markdown(literal(task.question))
    st.caption(COUNTS[task.counts.what])
    if not progress.guessed:
        guess_form(who, given)
        return
    own = _runs(who, given)
    left = progress.runs_left
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "pages/train.py",
            label="Train" if left is None else f"Train ({count(left, 'run')} left)",
            icon=":material/show_chart:",
            query_params={"task": str(given.id)},
            disabled=left == 0,
        )
        st.caption(f"{count(progress.runs, 'run')} · {progress.hand_ins} of {MOST} handed in")
    if not progress.runs:
        change_form(who, given)
    finished = [run for run in own if run.state is runs.State.FINISHED]
    if finished:
        beside(who, given, finished[-1])
    if progress.hand_ins_left:
        _hand_in(who, given, finished)
    _handed_in(who, given)
    hand_in_board(who, given, mine=member.public_id)


def _hand_in(who: Person, given: Given, finished: list[Run]) -> None:
    """Draw the form that hands in a run."""
    handed = {each.run_id for each in handins.hand_ins(who, given.id)}
    free = {run.id: run for run in finished if run.id not in handed}
    if not free:
        st.caption("When a run of this task has finished, you can hand it in here.")
        return
    question = given.task.counts.question
    with st.container(border=True):
        st.markdown("**Hand in**")
        chosen = st.selectbox(
            "Run",
            list(free),
            format_func=lambda run_id: _run_title(free[run_id]),
            key=f"hand_in_run_{given.id}",
        )
        answer = None
        if question is not None:
            st.markdown(literal(question.question))
            answer = ask(question, given.task, key=f"answer_{given.id}")
        sentence = st.text_area(
            "One sentence: what did you find out?",
            max_chars=SENTENCE,
            height=70,
            key=f"sentence_{given.id}",
        )
        ready = bool(sentence.strip()) and (question is None or answer is not None)
        if st.button(
            "Hand in",
            type="primary",
            icon=":material/upload:",
            disabled=not ready or chosen is None,
            key=f"hand_in_{given.id}",
        ):
            handins.hand_in(who, given.id, chosen, sentence, answer)
            st.rerun()


def _handed_in(who: Person, given: Given) -> None:
    """Say what was handed in, and what it did on the board."""
    for each in handins.hand_ins(who, given.id):
        words = [f"Handed in {ago(each.at)}"]
        if each.validation is not None:
            words.append(f"validation accuracy {percent(each.validation.value, 2)}")
        if given.task.counts.blind:
            words.append(
                f"moved you on the board: {percent(each.board.value, 2)}"
                if each.moved and each.board is not None
                else "not better by more than chance, so your line on the board stays"
            )
        if each.right is not None:
            answer = literal(f"{given.task.counts.answer}")
            words.append("your answer is right" if each.right else f"the right answer is {answer}")
        st.caption(f"{' · '.join(words)}. “{literal(each.sentence)}”")


def _ended(who: Person, member: Member, given: Given) -> None:
    """Draw a task that is closed, and the end once it is revealed."""
    st.markdown(literal(given.task.question))
    if given.task.see:
        st.markdown(f"**What there is to see:** {literal(given.task.see)}")
    finished = [run for run in _runs(who, given) if run.state is runs.State.FINISHED]
    if finished:
        beside(who, given, finished[-1])
    _handed_in(who, given)
    if given.phase is Phase.REVEALED and given.task.counts.blind:
        end_board(who, given, mine=member.public_id)
    else:
        hand_in_board(who, given, mine=member.public_id)


def _runs(who: Person, given: Given) -> list[Run]:
    """Return one's own runs of a task, in order, as far as they are still there."""
    found = []
    for run_id in handins.runs_of(who, given.id):
        try:
            found.append(runs.read(run_id))
        except RunNotFound:
            continue
    return found


def _run_title(run: Run) -> str:
    told = run.told
    accuracy = told.val_accuracy if told is not None else None
    return f"{title(run)} · {percent(accuracy, 2)} · {ago(run.created)}"
