"""A few parts of the suite once more, as if on macOS: most of what it lacks Windows lacks too."""

import sys

import pytest
from running import run_tests

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the other systems are emulated on Linux"
)

PARTS = {
    "settings": "core/test_settings.py core/test_machine.py",
    "classes": "core/test_classroom_database.py core/test_classroom_classes.py",
    "runs": "core/test_run_folder.py",
    "sources": "core/test_sources_imported.py",
    "imaging": "hostile/test_decoding.py",
    "processes": "core/test_processes.py",
    "tasks": "core/test_tasks.py",
}


@pytest.mark.timeout(1200)  # a whole part, where a machine is busy
@pytest.mark.parametrize("part", PARTS)
def test_a_part_works_on_macos(part):
    run_tests("macos", PARTS[part])
