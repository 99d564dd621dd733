"""A student's part of an experiment of the class: one button, own result, and everybody's chart."""

from functools import partial

import streamlit as st

from core import runs
from core.classroom import experiments
from core.classroom.experiments import Experiment, Part, Stage
from core.classroom.people import Classroom, Person
from core.errors import RunNotFound
from core.runs import State
from pages.session import data
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.activity import newest_first
from pages.widgets import experiment_chart
from pages.words import count, literal, percent

TICK = 3.0  # seconds between two looks


def experiment_view(who: Person, classroom: Classroom) -> None:
    """Draw the experiment that was opened last, and those before it."""
    watching(_look, TICK)(who, classroom)


def _look(who: Person, classroom: Classroom) -> None:
    with sentences():
        newest_first(
            experiments.experiments_of(who, classroom.id),
            "There is no experiment yet. When the teacher opens one, each of you trains one run of "
            "it, and all runs together are the answer.",
            newest=partial(_newest, who, classroom),
            earlier=partial(results, who),
            title=lambda each: f"An earlier experiment: {literal(each.question)}",
        )


def _newest(who: Person, classroom: Classroom, found: Experiment) -> None:
    st.subheader(literal(found.question), anchor=False)
    with sentences():
        _mine(who, classroom, found)
    results(who, found)


def results(who: Person, experiment: Experiment) -> None:
    """Draw the chart of an experiment with what it says, one's own run marked."""
    found = data.experiment_figures(experiment.id)
    mine = None
    if who.member is not None:
        own = (part.id for part in found.parts if part.member_id == who.member.id)
        mine = next(own, None)
    st.html(experiment_chart.STYLE + experiment_chart.chart(found, mine=mine))
    so_far = "So far: " if experiment.is_open else ""
    st.markdown(f"**{so_far}{literal(experiment_chart.verdict(found))}**")
    st.caption(f"{experiment_chart.progress(found)}. {literal(experiment_chart.given(experiment))}")
    st.caption(experiment_chart.BASIS)


def _mine(who: Person, classroom: Classroom, experiment: Experiment) -> None:
    part = experiments.part_of(who, experiment.id)
    if part is None:
        if not (experiment.is_open and classroom.is_open):
            return
        part = experiments.deal(who, experiment.id)
    value = literal(experiment.words[part.place])
    with st.container(border=True, width=640):
        st.markdown(f"**Your part: {literal(experiment.title.lower())} {value}, seed {part.seed}**")
        match part.stage:
            case Stage.DONE:
                st.markdown(
                    f"Your run reached **{percent(part.accuracy, 1)}** of "
                    f"{count(part.images, 'validation image')}. It is the marked dot."
                )
            case Stage.FAILED:
                st.markdown(
                    f"Your run failed {part.failures} times, which is a result too: the class "
                    "counts it below the chart."
                )
            case Stage.TRAINING:
                _going(part)
            case Stage.DEALT:
                _start(who, classroom, experiment, part)
        if part.run_id is not None:
            st.page_link(
                "pages/train.py",
                label="See the run",
                icon=":material/show_chart:",
                query_params={"run": part.run_id},
            )


def _going(part: Part) -> None:
    try:
        state = runs.read(part.run_id or "").state
    except RunNotFound:
        state = State.INTERRUPTED
    words = {
        State.QUEUED: "Your run waits for its turn.",
        State.RUNNING: "Your run is training.",
        State.PAUSED: "Your run is paused.",
    }
    st.markdown(words.get(state, "Your run has ended: its result comes in a moment."))


def _start(who: Person, classroom: Classroom, experiment: Experiment, part: Part) -> None:
    if not (experiment.is_open and classroom.is_open):
        st.markdown("The experiment was closed before you trained your part.")
        return
    if part.failures:
        st.markdown("The last run of this part failed. Train it once more.")
    else:
        st.markdown(
            "Nobody else has this value with this seed. If you do not train it within "
            f"{experiments.PATIENCE / 60:.0f} minutes, it may go to somebody else."
        )
    if st.button("Train my part", type="primary", icon=":material/play_arrow:"):
        experiments.train(who, experiment.id, part.id)
        data.forget_classes()
        st.rerun()
