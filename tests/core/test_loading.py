"""What a process that trains or asks networks loads, and what it does not."""

import json
import subprocess
import sys

from core.processes.loading import UNUSED
from core.settings import ROOT

CODE = """
import gc, json, sys
from core.processes.loading import all_kept, lean

lean()
with all_kept():
    assert not gc.isenabled()
    import core.training.loop
import scipy.ndimage  # what is not kept out can be imported as ever
there = [name for name, module in sys.modules.items() if module is not None]
print(json.dumps([there, gc.isenabled(), gc.get_freeze_count()]))
"""


def test_a_worker_loads_keras_without_what_it_has_no_use_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, check=True, capture_output=True, text=True
    )
    there, looks_for_garbage, kept = json.loads(done.stdout)
    assert {"keras", "tensorflow"} <= set(there)
    assert not {name.split(".")[0] for name in there} & set(UNUSED)
    assert looks_for_garbage
    assert kept > 100_000
