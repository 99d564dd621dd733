"""One experiment on its pages: what a student, a teacher and the wall see."""

from collections.abc import Iterator

import pytest
import streamlit as st
from reading import sent
from streamlit.testing.v1 import AppTest

from core import jobs, runs
from core.classroom import classes, experiments
from core.classroom.differences import mean_of, standing
from core.classroom.experiments import Experiment, Figures, Part, Stage
from core.classroom.people import SERVER
from core.classroom.teachers import start_session
from core.jobs import LocalBackend
from core.runs import SERVER_ALLOWS, Allowance, Result, State
from pages.session.cookies import TEACHER
from pages.widgets import experiment_chart

VIEW = "One experiment"
QUESTION = "Which rate, <b>class</b>?"


class Queue(LocalBackend):
    """A queue that trains nothing."""

    def __init__(self) -> None:
        self.submitted: list[str] = []

    def submit(self, run_id: str) -> None:
        self.submitted.append(run_id)

    def check_waiting(self, visitor: str, allowance: Allowance = SERVER_ALLOWS) -> None:
        pass

    def position(self, run_id: str) -> int | None:
        return None

    def close(self) -> None:
        pass


@pytest.fixture
def queue() -> Iterator[Queue]:
    queue = Queue()
    before = jobs.use(queue)
    yield queue
    jobs.use(before)


@pytest.fixture
def opened(classroom) -> Experiment:
    return experiments.open_experiment(
        SERVER, classroom.id, QUESTION, "learning_rate", [0.001, 0.01, 0.1]
    )


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def test_there_is_none_yet_and_then_the_tasks_say_that_there_is_one(open_page, joined, classroom):
    assert any("no experiment yet" in each.value for each in open_page("classroom", view=VIEW).info)
    experiments.open_experiment(SERVER, classroom.id, QUESTION, "width", [0.5, 1.0])
    st.cache_resource.clear()
    assert any(VIEW in each.value for each in open_page("classroom").info)


def test_a_student_trains_the_part_by_one_button_and_sees_the_result(
    open_page, joined, opened, queue
):
    app = open_page("classroom", view=VIEW)
    assert "Your part: learning rate" in sent(app) and "seed 1" in sent(app)
    button(app, "Train my part").click().run()
    (run_id,) = queue.submitted
    assert "Train my part" not in [each.label for each in app.button]
    assert "waits for its turn" in sent(app)
    runs.folder_of(run_id).write_result(Result(State.FINISHED, val_accuracy=0.777))
    st.cache_resource.clear()
    experiments.figures(SERVER, opened.id)
    after = sent(open_page("classroom", view=VIEW))
    assert "Your run reached **77.7" in after and 'class=\\"mine\\"' in after
    assert joined.member.visitor not in after and "<b>class" not in after


def test_a_teacher_opens_closes_shows_and_removes(open_page, jar, classroom):
    jar[TEACHER] = start_session()
    app = open_page("classroom", view=VIEW)
    button(app, "Open the experiment").click().run()
    (found,) = experiments.experiments_of(SERVER, classroom.id)
    assert found.is_open and list(found.values) == [0.0001, 0.001, 0.01, 0.1]
    assert "Open the experiment" not in [each.label for each in app.button], "one at a time"
    button(app, "Take it off the board").click().run()
    assert not experiments.experiments_of(SERVER, classroom.id)[0].on_wall
    button(app, "Close the experiment").click().run()
    assert not experiments.experiments_of(SERVER, classroom.id)[0].is_open
    button(app, "Remove it").click().run()
    assert experiments.experiments_of(SERVER, classroom.id) == []
    assert not app.error and not app.exception


def test_an_experiment_begins_with_a_ready_made_one_or_that_of_another_class(
    open_page, jar, classroom
):
    jar[TEACHER] = start_session()
    other = classes.open_class(SERVER, "Before")
    before = experiments.open_experiment(
        SERVER, other.id, "Which kind?", "optimizer", ["sgd", "adam"], epochs=1, limit=2_000
    )
    for place, question in ((1, experiments.BUNDLED[1].question), (2, before.question)):
        app = open_page("classroom", view=VIEW, **{"class": classroom.code})
        app.selectbox(key="experiment_plan").set_value(place).run()
        button(app, "Open the experiment").click().run()
        assert not app.error and not app.exception
        found = experiments.experiments_of(SERVER, classroom.id)[0]
        assert found.question == question
        experiments.close_experiment(SERVER, found.id)
    assert (found.values, found.configs) == (before.values, before.configs)


@pytest.mark.parametrize("text", ["", "0.1", "x, y", "nan, 1", "0.1, 0.1", "1," * 90])
def test_values_that_cannot_be_are_a_sentence(open_page, jar, classroom, text):
    jar[TEACHER] = start_session()
    app = open_page("classroom", view=VIEW)
    app.text_input(key="experiment_values_learning_rate").set_value(text).run()
    button(app, "Open the experiment").click().run()
    assert len(app.error) == 1 and app.error[0].value.endswith(".")
    assert experiments.experiments_of(SERVER, classroom.id) == []


@pytest.mark.parametrize("setting", ["architecture", "optimizer", "batch_size", "limit", "dropout"])
def test_the_form_fits_what_is_varied(open_page, jar, classroom, setting):
    jar[TEACHER] = start_session()
    app = open_page("classroom", view=VIEW)
    app.selectbox(key="experiment_setting").set_value(setting).run()
    if setting not in ("architecture", "optimizer"):
        words = {"batch_size": "32, 64", "limit": "1000, 6000", "dropout": "none, 0.5"}[setting]
        app.text_input(key=f"experiment_values_{setting}").set_value(words).run()
    button(app, "Open the experiment").click().run()
    assert not app.error
    (found,) = experiments.experiments_of(SERVER, classroom.id)
    assert found.setting == setting and len(found.values) in (2, 3)


def test_the_wall_shows_the_question_and_the_chart(open_page, jar, classroom, opened, joined):
    shown = sent(open_page("board"))
    assert "exp-chart" in shown and "No run has finished yet" in shown
    assert "&lt;b&gt;class" in shown
    experiments.show_on_wall(SERVER, opened.id, False)
    st.cache_resource.clear()
    assert "exp-chart" not in sent(open_page("board"))


def figures_of(opened: Experiment, *results: list[float], failed: int = 0) -> Figures:
    parts = [
        Part(10 * place + seed, place, seed, 1, "r", Stage.DONE, 0, figure, 600)
        for place, each in enumerate(results)
        for seed, figure in enumerate(each, start=1)
    ]
    parts += [Part(100 + n, 2, 90 + n, 1, "r", Stage.FAILED, 2, None, 0) for n in range(failed)]
    return Figures(
        opened, tuple(parts), tuple(mean_of(each) for each in results), standing(results)
    )


def test_the_sentence_says_what_can_and_cannot_be_told_apart(opened):
    def said(*results: list[float], failed: int = 0) -> str:
        return experiment_chart.verdict(figures_of(opened, *results, failed=failed))

    assert said([], [], []) == "No run has finished yet."
    assert said([0.8], [0.9], []).startswith("Too few runs")
    low, high = [0.50, 0.51, 0.52, 0.53], [0.80, 0.81, 0.82, 0.83]
    clear = said(low, high, [])
    assert "0.01 is best: ahead of 0.001" in clear and "30.0 percentage points" in clear
    assert "0.1 has fewer than two runs" in clear
    near = said([0.80, 0.82], [0.81, 0.83], low)
    assert "cannot tell it apart from 0.001" in near
    assert "2 parts failed each time (with 0.1)" in said(low, high, [], failed=2)


def test_the_chart_has_a_dot_a_run_and_intervals_from_two_runs_on(opened):
    drawn = experiment_chart.chart(figures_of(opened, [0.8, 0.82], [0.9], []), mine=2)
    assert drawn.count("<i") == 3 and drawn.count("<u ") == 1 and drawn.count("<b ") == 2
    assert drawn.count('class="mine"') == 1
    assert "n = 2" in drawn and "no run" in drawn and "over 1 run;" in drawn
