"""Evaluate: the figures of a finished run, and runs that cannot be shown."""

import numpy as np
import pytest
from making import VISITOR
from reading import button, components, labels, quiet, sentence, texts

from core import runs
from core.runs import Evaluation, Result, State
from core.runs.analysis import analysis_file, stamp_of, write_analysis
from core.runs.checkpoint import Checkpoint, Progress, write_checkpoint


@pytest.fixture
def finished(every_state):
    return every_state[State.FINISHED]


def test_a_finished_run_is_shown_with_its_figures(open_page, finished):
    app = open_page("evaluate", run=finished)
    run = runs.read(finished)
    for part, accuracy, count in (
        ("Validation", run.result.val_accuracy, run.config.validation_count),
        ("Test", run.result.test_accuracy, 10_000),
    ):
        app.segmented_control(key="part").set_value(part.lower()).run()
        assert quiet(app)
        figures = {metric.label: metric.value for metric in app.metric}
        assert figures[f"{part} accuracy"] == f"{100 * accuracy:.2f} %"
        assert figures["Wrong answers"] == f"{round(count * (1 - accuracy)):,}"
    assert len(components(app, "confusion_grid")) == 1
    app.segmented_control(key="view").set_value("report").run()
    assert quiet(app)
    assert len(components(app, "live_chart")) == 1
    (report,) = app.dataframe
    assert list(report.value["Class"])[-1] == "weighted average"


def test_shares_and_three_others(open_page, finished):
    app = open_page("evaluate", run=finished)
    app.segmented_control(key="numbers").set_value("rows").run()
    assert quiet(app)
    app = open_page("evaluate", run=finished, view="examples")
    before = [str(bars) for bars in components(app, "probability_bars")]
    assert len(before) == 3
    button(app, "Another three").click().run()
    assert quiet(app)
    assert [str(bars) for bars in components(app, "probability_bars")] != before


@pytest.mark.usefixtures("bundled")
def test_the_bundled_model_comes_first_and_all_finished_runs_are_offered(open_page, finished):
    app = open_page("evaluate")
    assert quiet(app)
    picker, other = app.selectbox
    assert [picker.label, other.label] == ["Network", "Compare with"]
    assert len(picker.options) == 2
    assert picker.options[0].startswith("Bundled model")
    assert len(other.options) == 2 and other.options[0] == "–"


@pytest.mark.usefixtures("no_bundled")
def test_without_a_bundled_model_the_page_says_so(open_page):
    app = open_page("evaluate")
    assert sentence(app).startswith("This run cannot be shown: The file config.json is missing.")


@pytest.mark.usefixtures("bundled")
def test_an_unknown_run_in_the_url_becomes_a_sentence(open_page):
    app = open_page("evaluate", run="nope")
    assert sentence(app).startswith("There is no run 'nope' here.")


def write_answers(run, part, kept):
    """Put there what the background task would: the answers that the run's worker had kept."""
    values = {"probabilities": kept.probabilities, "loss": np.array(kept.loss)}
    write_analysis(analysis_file(part, run), values, stamp_of(run))


@pytest.mark.usefixtures("bundled")
def test_a_stopped_run_is_offered_as_unfinished_and_evaluated(open_page, put_run):
    run_id = put_run()
    folder = runs.folder_of(run_id)
    validation, test = (
        runs.read_evaluation(path, count, 10)
        for path, count in (
            (folder.validation, runs.read(run_id).config.validation_count),
            (folder.evaluation, 10_000),
        )
    )
    folder.validation.unlink()
    folder.evaluation.unlink()
    folder.result.unlink()
    folder.write_result(Result(State.STOPPED, "Stopped on request.", epochs=1, val_accuracy=0.5))
    app = open_page("evaluate", run=run_id)
    assert quiet(app)
    assert any("unfinished, 1 of 1 epochs" in each for each in app.selectbox[0].options)
    assert "This training is unfinished" in texts(app) and "Start" in labels(app)
    run = runs.read(run_id)
    write_answers(run, "validation", validation)
    app = open_page("evaluate", run=run_id)
    assert quiet(app) and app.metric[0].label == "Validation accuracy"
    assert "This training is unfinished: 1 of 1 epochs." in texts(app)
    # The test set is sealed as a finished run's is, and asked once it is open.
    app = open_page("evaluate", run=run_id, part="test")
    button(app, "Open without a guess").click().run()
    assert quiet(app) and "Start" in labels(app) and not app.metric
    write_answers(runs.read(run_id), "test", test)
    app = open_page("evaluate", run=run_id, part="test")
    assert quiet(app) and app.metric[0].label == "Test accuracy"
    assert quiet(open_page("classify", run=run_id))


@pytest.mark.usefixtures("bundled")
def test_a_paused_run_is_offered_and_its_test_set_stays_sealed(open_page, every_state, trained):
    run_id = every_state[State.PAUSED]
    folder = runs.folder_of(run_id)
    folder.epochs.write_bytes(trained.folder.epochs.read_bytes())
    write_checkpoint(folder.checkpoint, Checkpoint(Progress(), {"a": np.zeros(1)}))
    assert runs.read(run_id).visitor == VISITOR and runs.read(run_id).unfinished
    app = open_page("evaluate", run=run_id)
    assert quiet(app) and "Start" in labels(app)
    (shown,) = (each for each in app.selectbox[0].options if "unfinished" in each)
    assert "–" not in shown
    app = open_page("evaluate", run=run_id, part="test")
    assert quiet(app) and "This run may still continue." in texts(app)
    assert not [each for each in labels(app) if "guess" in each]


@pytest.mark.parametrize("state", [state for state in State if state is not State.FINISHED])
def test_a_run_without_a_finished_network_becomes_a_sentence(open_page, every_state, state):
    app = open_page("evaluate", run=every_state[state])
    assert "has no network yet: it is" in sentence(app)
    assert "Open it on the Train page" in sentence(app)


def test_a_missing_evaluation_becomes_a_sentence(open_page, finished):
    runs.read(finished).folder.evaluation.unlink()
    app = open_page("evaluate", run=finished, part="test")
    assert (
        sentence(app)
        == "This run has no file evaluation.npz: its answers are missing. Train the run again."
    )


@pytest.mark.parametrize("damage", ["cut", "other shape"])
def test_a_damaged_evaluation_becomes_a_sentence(open_page, finished, damage):
    path = runs.read(finished).folder.evaluation
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        runs.write_evaluation(path, Evaluation(np.full((5, 10), 0.1, np.float32), 2.3))
    app = open_page("evaluate", run=finished, part="test")
    assert sentence(app).startswith("The file evaluation.npz ")
    assert sentence(app).endswith("Train the run again.")


@pytest.mark.usefixtures("no_data")
def test_without_data_the_page_says_which_file_is_missing(open_page, finished):
    app = open_page("evaluate", run=finished)
    assert "missing from" in sentence(app) and "git restore" in sentence(app)


@pytest.mark.usefixtures("damaged_data")
def test_with_damaged_data_the_page_says_which_file_it_is(open_page, finished):
    app = open_page("evaluate", run=finished, part="test")
    assert "t10k-images-idx3-ubyte.gz is damaged" in sentence(app)


def test_nothing_is_left_of_a_run_but_its_name(open_page, finished):
    """Somebody deletes the folder while another looks at the page."""
    app = open_page("evaluate", run=finished)
    for file in runs.read(finished).path.iterdir():
        file.unlink()
    app.run()
    assert not app.exception
    assert len(app.error) == 1 and "accuracy" not in texts(app)
