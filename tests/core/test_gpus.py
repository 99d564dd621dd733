"""GPUs: who may see which, who trains on which, and what people are told. None is needed here."""

import json
import os
import subprocess
import sys

import pytest
from support import small, wait_until

from core import runs
from core.jobs import LocalBackend
from core.jobs.local import gpus_seen
from core.processes import gpus
from core.processes.gpus import Gpu
from core.runs import State
from core.settings import ROOT, Settings, settings
from core.training import devices

T4, A100 = Gpu(0, "Tesla T4"), Gpu(1, "NVIDIA A100")


@pytest.mark.parametrize(
    ("found", "workers", "chosen", "expected"),
    [
        ([], 3, False, (None, None, None)),
        ([T4], 8, False, (T4,)),
        ([T4, A100], 1, False, (T4, A100)),
        ([T4, A100], 1, True, (T4,)),
        ([T4, A100], 3, True, (T4, A100, T4)),
    ],
)
def test_one_training_at_a_time_a_gpu_unless_somebody_chose(found, workers, chosen, expected):
    assert gpus.seats(found, workers, chosen=chosen) == expected


def test_the_gpu_with_the_fewest_trainings_is_next():
    assert gpus.free_seat((None, None), [None]) is None
    assert gpus.free_seat((T4, A100), []) is T4
    assert gpus.free_seat((T4, A100), [T4]) is A100
    assert gpus.free_seat((T4, A100, T4), [T4]) is A100
    assert gpus.free_seat((T4, A100, T4), [T4, A100]) is T4
    with pytest.raises(ValueError, match="empty"):
        gpus.free_seat((T4,), [T4])


@pytest.mark.parametrize(
    ("gpu", "allowed", "seen"),
    [
        (None, None, "-1"),
        (None, "0,1", "-1"),
        (T4, None, "0"),
        (A100, None, "1"),
        (A100, "2, 3", "3"),
        (T4, "GPU-8932f937-d72c", "GPU-8932f937-d72c"),
    ],
)
def test_a_process_sees_its_own_gpu_and_no_other(gpu, allowed, seen):
    found = gpus.environment(gpu, allowed)
    assert found["CUDA_VISIBLE_DEVICES"] == seen
    assert ("TF_FORCE_GPU_ALLOW_GROWTH" in found) == (gpu is not None)


def test_only_a_machine_that_may_have_gpus_is_asked(tmp_path):
    assert not gpus.possible(None, tmp_path)
    (tmp_path / "nvidiactl").touch()
    assert not gpus.possible(None, tmp_path)
    (tmp_path / "nvidia0").touch()
    assert gpus.possible(None, tmp_path) and gpus.possible("0", tmp_path)
    assert not gpus.possible("", tmp_path) and not gpus.possible(" -1", tmp_path)


def test_linux_inside_windows_may_have_one(tmp_path):
    (tmp_path / "dxg").touch()
    assert gpus.possible(None, tmp_path)


@pytest.mark.parametrize(
    ("precision", "capability", "type_"),
    [
        ("float32", None, "float32"),
        ("bfloat16", None, "bfloat16"),
        ("bfloat16", (8, 0), "bfloat16"),
        ("bfloat16", (9, 0), "bfloat16"),
        ("bfloat16", (7, 5), "float32"),
        ("float32", (7, 5), "float32"),
    ],
)
def test_a_gpu_that_cannot_do_bfloat16_gets_float32(precision, capability, type_):
    assert devices.convolutions(precision, capability) == type_


def test_what_people_are_told():
    assert devices.on(None, 1) == "1 core" and devices.on("", 2) == "2 cores"
    assert devices.on(str(T4), 2) == "GPU 0: Tesla T4"


def test_tensorflow_says_what_it_sees_in_a_process_of_its_own(home):
    home.mkdir()
    assert gpus_seen(settings()) == devices.gpus()
    if not gpus.possible():
        assert not devices.gpus() and devices.capability() is None


@pytest.mark.parametrize(("allowed", "all_", "second"), [("2,3", "2,3", "3"), (None, None, "1")])
def test_the_server_keeps_off_and_its_workers_do_not(allowed, all_, second):
    """Of a server whose pages have begun: a process that asks, a worker, and a background task."""
    code = """if True:
        import json, os, sys
        from core.processes import gpus
        from core.processes.child import Child
        gpus.keep_off()
        said = [os.environ[gpus.VISIBLE]]
        tell = f"import json, os; print(json.dumps(os.environ.get({gpus.VISIBLE!r})))"
        for variables in (gpus.everything(), gpus.environment(gpus.Gpu(1, "x")), {}):
            child = Child([sys.executable, "-c", tell], environment=variables)
            said.append(json.loads(child.output.read()))
            child.close()
        print(json.dumps(said))
    """
    variables = {name: value for name, value in os.environ.items() if name != gpus.VISIBLE}
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=variables if allowed is None else variables | {gpus.VISIBLE: allowed},
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout
    assert json.loads(said) == ["-1", all_, second, "-1"]


@pytest.fixture
def start(home):
    """Return a function that starts a backend with made-up GPUs, and end them all after it."""
    started = []

    def start(found, **environment):
        environment = os.environ | {"ATELIER_WARM_SPARE": "0"} | environment
        backend = LocalBackend(Settings.from_environment(environment), find_gpus=found)
        started.append(backend)
        return backend

    yield start
    for backend in started:
        backend.close()


def test_here_a_run_trains_on_the_cores_and_says_so(start):
    backend = start(None)
    threads = settings().threads
    words = f"{threads} core{'s' if threads > 1 else ''}"
    if gpus.possible():
        pytest.skip("this machine may have a GPU")
    assert backend.engine().device == words
    run_id = runs.create(small(), "ada")
    backend.submit(run_id)
    wait_until(lambda: not runs.read(run_id).state.active, 120, "the end of the run")
    run = runs.read(run_id)
    assert run.state is State.FINISHED and run.heartbeat.device == words


def test_with_gpus_there_is_a_worker_for_each_and_every_run_has_its_own(start, monkeypatch):
    """The workers are real; TensorFlow finds no GPU behind the made-up ones and takes the cores."""
    asked = []
    real = gpus.environment
    monkeypatch.setattr(gpus, "environment", lambda gpu: asked.append(gpu) or real(gpu))
    backend = start(lambda settings: [T4, A100])
    wait_until(lambda: backend.engine().workers == 2, 10, "two places")
    assert backend.engine().device == "GPU 0: Tesla T4, GPU 1: NVIDIA A100"
    ids = [runs.create(small(seed=seed), who) for seed, who in enumerate(("ada", "bob"))]
    for run_id in ids:
        backend.submit(run_id)
    wait_until(lambda: not any(runs.read(each).state.active for each in ids), 120, "their end")
    assert {runs.read(each).state for each in ids} == {State.FINISHED}
    assert asked == [T4, A100]


def test_a_server_whose_gpus_cannot_be_found_trains_on_its_cores(start):
    def refuse(settings):
        raise OSError("no more processes")

    backend = start(refuse, ATELIER_WORKERS="2")
    wait_until(lambda: backend.engine().workers == 2, 10, "two places")
    assert "core" in backend.engine().device
