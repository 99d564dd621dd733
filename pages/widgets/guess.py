"""What a student guesses before the first run of a task, and how it came out."""

from typing import Any

import streamlit as st

from core import runs
from core.classroom import guessing
from core.classroom.given import Given
from core.classroom.guessing import Answer, Guess
from core.classroom.people import Person
from core.classroom.questions import Kind, Question
from core.classroom.results import curve_of, figure_of
from core.classroom.tasks import Task
from pages.session.guard import sentences
from pages.widgets.guess_curve import guess_curve
from pages.words import literal


def guess_form(who: Person, given: Given) -> None:
    """Ask for the guess of a task."""
    question = given.task.guess
    assert question is not None, "the task asks for one"
    with st.container(border=True):
        st.markdown(f"**Your guess first.** {literal(question.question)}")
        value = ask(question, given.task, key=f"guess_{given.id}")
        st.caption(
            "You can change it until you start the first run. The class sees no names; your "
            "teacher can."
        )
        if st.button(
            "Keep my guess",
            type="primary",
            icon=":material/lightbulb:",
            disabled=value is None,
            key=f"keep_guess_{given.id}",
        ):
            guessing.guess(who, given.id, value)
            st.rerun()


def change_form(who: Person, given: Given) -> None:
    """Show the guess that was kept, and let it be changed while no run has been started."""
    question = given.task.guess
    kept = guessing.guess_of(who, given.id)
    if question is None or kept is None or kept.final:
        return
    with st.expander(f"You guessed {words_of(kept, question)}", icon=":material/lightbulb:"):
        st.markdown(literal(question.question))
        value = ask(question, given.task, key=f"guess_again_{given.id}", start=kept.value)
        st.caption("You can change it until you start the first run.")
        if st.button(
            "Change my guess",
            icon=":material/edit:",
            disabled=value is None or value == kept.value,
            key=f"change_guess_{given.id}",
        ):
            guessing.guess(who, given.id, value)
            st.rerun()


def ask(question: Question, task: Task, *, key: str, start: Answer | None = None) -> Any:
    """Draw what a question is answered with, and return the answer; None before there is one.

    Args:
        question: to be answered.
        task: that it is of.
        key: the element's key.
        start: an answer of before to begin with.
    """
    match question.kind:
        case Kind.CHOICE:
            return st.radio(
                literal(question.question),
                question.choices,
                index=question.choices.index(start) if start in question.choices else None,
                format_func=literal,
                key=key,
                label_visibility="collapsed",
            )
        case Kind.NUMBER:
            unit = f" in {question.unit}" if question.unit else ""
            return st.number_input(
                f"From {question.low:g} to {question.high:g}{unit}",
                question.low,
                question.high,
                start if isinstance(start, float) else None,
                key=key,
                width=260,
            )
        case Kind.CURVE:
            return guess_curve(
                task.config().recipe.epochs,
                low=question.low,
                high=question.high,
                unit=question.unit,
                title=str(question.figure or ""),
                start=start if isinstance(start, list) else None,
                key=key,
            )
    raise TypeError(f"no widget for {question.kind!r}")


def words_of(guess: Guess, question: Question) -> str:
    """Return a guess in words."""
    unit = f" {question.unit}" if question.unit else ""
    if isinstance(guess.value, str):
        return literal(guess.value)
    if isinstance(guess.value, list):
        return f"from {guess.value[0]:.4g} to {guess.value[-1]:.4g}{unit}"
    return f"{guess.value:.4g}{unit}"


def beside(who: Person, given: Given, run: runs.Run) -> None:
    """Show a guess beside what came out, if there is a guess and something came out."""
    question = given.task.guess
    guess = guessing.guess_of(who, given.id)
    if question is None or guess is None or run.config is None:
        return
    with st.container(border=True), sentences():
        st.markdown(f"**You guessed** {words_of(guess, question)}")
        st.caption(literal(question.question))
        if isinstance(guess.value, list):
            assert question.figure is not None, "a curve is of a figure"
            guess_curve(
                len(guess.value),
                low=question.low,
                high=question.high,
                unit=question.unit,
                title=str(question.figure),
                drawn=guess.value,
                found=curve_of(run, question.figure),
                key=f"guessed_{given.id}_{run.id}",
            )
        elif question.figure is not None:
            found = figure_of(run, question.figure)
            unit = f" {question.unit}" if question.unit else ""
            if found is None:
                st.caption("What came out stands here when the run has ended.")
            else:
                st.markdown(f"**It was** {found:.4g}{unit}")
