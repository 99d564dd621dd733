"""The main parts of the suite once more, as if on Windows; ``emulated`` says what that means."""

import sys

import pytest
from running import chosen, run_tests

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the other systems are emulated on Linux"
)

# Of each part the files whose tests meet the system: files, processes, pipes, text, the clock.
PARTS = {
    "settings": "core/test_settings.py core/test_machine.py",
    "classes": "core/test_classroom_database.py core/test_classroom_classes.py",
    "runs": "core/test_run_folder.py core/test_run_files.py hostile/test_run_folders.py",
    "sources": """core/test_sources_imported.py core/test_sources_table.py core/test_mapped.py
        core/test_sources_archive.py core/test_sources_formats.py core/test_download.py
        hostile/test_sources.py""",
    "imaging": "core/test_imaging.py hostile/test_decoding.py",
    "training": "core/test_worker.py",
    "processes": "core/test_processes.py",
    "jobs": chosen(
        "core/test_local_backend.py",
        """a_run_goes_from_the_queue_to_its_end a_running_run_pauses_and_goes_on_from_where_it_was
        a_killed_worker_is_an_interrupted_run_and_the_next_one_starts
        a_worker_that_does_not_heed_a_pause_is_ended workers_end_when_their_server_is_killed""",
    ),
    "tasks": "core/test_tasks.py",
    "networks": chosen(
        "core/test_apart.py",
        """answers_are_those_of_this_process it_ends_with_its_server one_that_never_answers_is_ended
        one_that_is_killed_is_replaced_and_what_was_asked_is_answered""",
    ),
    "pages": "pages/test_home_page.py pages/test_sources_view.py pages/test_runs_page.py",
}


@pytest.mark.timeout(1200)  # a whole part, where a machine is busy
@pytest.mark.parametrize("part", PARTS)
def test_a_part_works_on_windows(part):
    run_tests("windows", PARTS[part])
