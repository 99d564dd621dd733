"""What a task of a class, or a link, leaves of the settings to the visitor."""

from collections.abc import Callable

import streamlit as st

from core.classroom import handins
from core.classroom.handins import Progress
from core.classroom.questions import Kind
from core.classroom.tasks import Task, task_of_link
from core.errors import SettingsError
from core.runs import TrainingConfig
from pages.session.guard import check_url, sentences
from pages.session.person import person
from pages.views.train.settings import Chosen, task_settings
from pages.widgets.guess import guess_form
from pages.words import count

Make = Callable[[], TrainingConfig]
Submit = Callable[[TrainingConfig], str]
Start = Callable[[Make, Submit | None], None]


def given_settings(start: Start) -> Chosen | None:
    """Draw the settings that a task or a link leaves to the visitor; None if there is neither.

    Args:
        start: draws what starts a run, from what makes its config and what submits it.

    Returns:
        As ``training_settings``.
    """
    progress = _chosen_task()
    if progress is not None:
        return task_settings(lambda make: _start_for(progress, make, start), progress.given.task)
    linked = _linked_task()
    return None if linked is None else task_settings(lambda make: start(make, None), linked)


def _chosen_task() -> Progress | None:
    """Let a member of a class choose what to train for; return the task, or None for none."""
    if person().member is None:
        return None
    with sentences():
        by_id = {each.given.id: each for each in handins.progress(person())}
        if by_id:
            titles = {number: each.given.task.title for number, each in by_id.items()}
            titles[0] = "Myself"
            check_url("task", titles)
            chosen = st.selectbox(
                "Train for",
                list(titles),
                format_func=titles.__getitem__,
                key="task",
                bind="query-params",
            )
            return by_id.get(chosen)
    return None


def _linked_task() -> Task | None:
    """Return what a link gives that names the only controls to be seen (``?shows=``)."""
    if "shows" not in st.query_params:
        return None
    try:
        return task_of_link({name: st.query_params.get_all(name) for name in st.query_params})
    except SettingsError as error:
        st.warning(f"This link cannot be used as it is: {error}", icon=":material/link_off:")
        return None


def _start_for(progress: Progress, make: Make, start: Start) -> None:
    """Draw what starts a run of a task: first the guess, if one is asked for and not given yet."""
    given, left = progress.given, progress.runs_left
    question = given.task.guess
    if not progress.guessed and question is not None:
        if question.kind is Kind.CURVE:  # which has no room here
            st.markdown("**Your guess first.** Draw it on the page of the task.")
            st.page_link("pages/classroom.py", label="The task", icon=":material/assignment:")
        else:
            guess_form(person(), given)
        return

    def submit(config: TrainingConfig) -> str:
        return handins.start(person(), given.id, config)

    start(make, submit)
    words = [] if left is None else [f"{count(left, 'run')} left for this task"]
    st.caption(" · ".join([*words, f"{progress.hand_ins} handed in"]))
    st.page_link("pages/classroom.py", label="The task", icon=":material/assignment:")
