"""Take home: the list of what a run can become, from Train, Runs and Evaluate."""

from dataclasses import replace

import pytest
from making import SOMEBODY_ELSE, VISITOR
from reading import button, labels, quiet, texts

from core import runs
from core.errors import RunNotFound
from core.export import making
from core.export.formats import FORMATS
from core.tasks.pool import TaskState
from pages.widgets.take_home import NONE, _content

pytestmark = pytest.mark.usefixtures("bundled")


def offered(app):
    """Return the names of the formats that have a button to download them now."""
    keys = [each.key or "" for each in app.get("download_button")]
    return [key.removeprefix("download_") for key in keys if key]


def compare_with(app):
    """Return the choice of a second run in the list; Evaluate has one of its own."""
    (box,) = [each for each in app.selectbox if each.key.startswith("take_home_with_")]
    return box


@pytest.mark.parametrize("page", ["train", "runs", "evaluate"])
def test_a_run_is_taken_home_from_three_pages(page, open_page, put_run):
    run_id = put_run()
    app = open_page(page, **{"chosen" if page == "runs" else "run": run_id})
    quick = {form.key for form in FORMATS.values() if form.quick}
    assert not quick & {*offered(app)}
    button(app, "Take home").click().run()
    assert quiet(app)
    assert quick <= {*offered(app)}
    for form in FORMATS.values():
        assert f"**{form.title}**  \n{form.purpose}" in texts(app)


def test_a_run_that_trains_is_not_taken_home(open_page, every_state):
    app = open_page("train", run=every_state["running"])
    assert "Take home" not in labels(app)


def test_the_file_is_made_when_it_is_asked_for_and_for_who_may_see_the_run(put_run):
    run_id = put_run(SOMEBODY_ELSE)
    content = _content(FORMATS["cite"], run_id, SOMEBODY_ELSE, frozenset())
    assert content().startswith(b"% MLP 300-100 on Fashion-MNIST")
    with pytest.raises(RunNotFound, match="belongs to someone else"):
        _content(FORMATS["cite"], run_id, VISITOR, frozenset())()


@pytest.mark.parametrize("page", ["train", "runs", "evaluate"])
def test_a_report_compares_with_a_run_that_is_chosen_in_the_list(
    page, open_page, put_run, monkeypatch
):
    contents = {}  # what the buttons make; AppTest does not press them

    def content(form, *asked):
        contents[form.key] = _content(form, *asked)
        return contents[form.key]

    monkeypatch.setattr("pages.widgets.take_home._content", content)
    run_id, other, foreign = put_run(), put_run(seed=1, name="The other"), put_run(SOMEBODY_ELSE)
    app = open_page(page, **{"chosen" if page == "runs" else "run": run_id})
    button(app, "Take home").click().run()
    box = compare_with(app)
    assert box.value == NONE and "chosen above" not in texts(app)
    assert any("The other" in each for each in box.options)
    assert not any(run_id[-6:] in each or foreign[-6:] in each for each in box.options)
    box.set_value(other).run()
    assert quiet(app) and texts(app).count("It compares with the run chosen above.") == 1
    report = contents["report"]()
    assert b"<h2>Comparison</h2>" in report and b"The other" in report
    box.set_value(NONE).run()
    assert b"<h2>Comparison</h2>" not in contents["report"]()


def test_on_evaluate_it_begins_with_the_second_network(open_page, put_run):
    run_id, other = put_run(), put_run(seed=1)
    app = open_page("evaluate", run=run_id, **{"with": other})
    button(app, "Take home").click().run()
    assert quiet(app)
    assert compare_with(app).value == other
    foreign = put_run(SOMEBODY_ELSE)
    with pytest.raises(RunNotFound, match="belongs to someone else"):
        _content(FORMATS["report"], run_id, VISITOR, frozenset(), foreign)()


@pytest.mark.parametrize("page", ["train", "runs"])
def test_a_training_that_waits_to_continue_goes_along_before_its_first_epoch(
    page, open_page, every_state
):
    run = runs.read(every_state["paused"])
    app = open_page(page, **{"chosen" if page == "runs" else "run": run.id})
    assert "Take home" not in labels(app), "it has learned nothing yet"
    run.folder.checkpoint.write_bytes(b"some batches")
    runs.annotate(run.id, name="Some batches")  # the folder has changed
    app = open_page(page, **{"chosen" if page == "runs" else "run": run.id})
    button(app, "Take home").click().run()
    assert quiet(app) and set(offered(app)) & set(FORMATS) == {"run", "cite"}
    assert texts(app).index("**The run itself**") < texts(app).index("**Lab report**")


def test_a_slow_one_is_begun_shows_progress_and_can_be_stopped(open_page, put_run, monkeypatch):
    """The process itself is tested in tests/core; here it stands still."""
    slow = replace(FORMATS["cite"], key="slow", title="Slow", quick=False)
    for form in [form for form in FORMATS.values() if not form.quick]:
        monkeypatch.delitem(FORMATS, form.key)
    monkeypatch.setitem(FORMATS, "slow", slow)
    state, asked = {"now": TaskState("none")}, []
    monkeypatch.setattr(making, "look", lambda form, run: state["now"])
    monkeypatch.setattr(making, "start", lambda form, run, visitor: asked.append(visitor))
    monkeypatch.setattr(making, "stop", lambda form, run: asked.append("stop"))
    app = open_page("evaluate", run=put_run())
    button(app, "Take home").click().run()
    app.button("make_slow").click().run()
    (visitor,) = asked
    state["now"] = TaskState("working", 0.5, 4.0, visitor=visitor)
    app.run()
    assert "50 % done · 4 s left" in [each.proto.text for each in app.get("progress")]
    app.button("stop_slow").click().run()
    assert asked == [visitor, "stop"]
    state["now"] = TaskState("failed", reason="The memory ran out. Start it again.")
    app.run()
    assert "The memory ran out. Start it again." in texts(app) and "Make again" in labels(app)
    assert "slow" not in offered(app)
    state["now"] = TaskState("done", 1.0)
    app.run()
    assert "slow" in offered(app)
