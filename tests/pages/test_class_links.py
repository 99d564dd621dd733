"""A task and a link of the Train page are the same settings."""

import pytest
from reading import button, quiet

from core import runs
from core.classroom import tasks


@pytest.mark.parametrize("task", tasks.bundled().values(), ids=lambda task: task.id)
def test_the_link_of_a_task_fills_the_form_with_its_settings(open_page, task):
    app = open_page("train", **task.link())
    assert quiet(app)
    button(app, "Train").click().run()
    assert quiet(app)
    (run,) = runs.list_runs()
    assert run.config == task.config() and task.refusal(run.config) is None
