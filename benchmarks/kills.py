"""Does a run survive being killed, at any moment: ``python -m core benchmark kills``.

Trains tiny runs in real worker processes with a checkpoint some ten times a second, and ends them
with ``kill -9``: at a random moment, or as soon as a file is seen half written, or together with
the server that gave them the run. After each kill the run has to be listed with its true state, its
checkpoint has to be whole and not older than its curves; then it is resumed, and killed again. What
comes to its end has to equal, bit for bit, a run that nobody killed. Prints a Markdown table.
"""

import argparse
import contextlib
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures, runs
from core.errors import AtelierError
from core.runs import RunFolder, State, read_curves
from core.runs.checkpoint import read_checkpoint
from core.settings import ROOT, forget_settings, settings

EPOCHS = 60  # short ones: each writes a checkpoint
TEST_IMAGES, CLASSES = 10_000, 10
TRUTH_SECONDS = 15.0  # in which the state has to be told as it is
START_SECONDS = 120.0  # that a process with TensorFlow may take on a busy machine
VALUES = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")

SERVER = """
import time
from core.jobs import backend
backend()
time.sleep(3600)
"""


@dataclass
class Tally:
    """What happened.

    Attributes:
        kills: by what was aimed at: ``"any"`` moment, ``"saving"``, ``"server"``.
        in_start: kills before the worker had taken the run.
        in_saving: kills that left a file half written.
        ended: processes that finished their run before the kill came.
        finished: runs that came to their end.
        epochs: that these runs have together.
        lost: runs that could not be read, were not told truthfully, or not resumed.
        wrong_epochs: epochs repeated, missing or different from those of a run that nobody killed.
        slowest: seconds from a kill to the true state, at most.
        problems: a sentence for each thing that went wrong.
    """

    kills: Counter[str] = field(default_factory=Counter)
    in_start: int = 0
    in_saving: int = 0
    ended: int = 0
    finished: int = 0
    epochs: int = 0
    lost: int = 0
    wrong_epochs: int = 0
    slowest: float = 0.0
    problems: list[str] = field(default_factory=list)

    def lose(self, problem: str) -> None:
        """Note a run that was lost."""
        self.lost += 1
        self.problems.append(problem)


def kill_often(rounds: int, seed: int, epochs: int = EPOCHS) -> Tally:
    """Kill workers and servers so many times, in the folder that ``ATELIER_HOME`` names."""
    tally, chance = Tally(), random.Random(seed)
    settings().runs.mkdir(parents=True, exist_ok=True)
    reference = _new_run(epochs)
    with worker(reference) as process:
        process.wait()
    assert runs.read(reference).state is State.FINISHED, runs.read(reference)
    run_id, kept, spare = _new_run(epochs), 0, start_worker()
    for number in range(rounds):
        aim = ("any", "saving", "saving", "server")[number % 4]
        if kept == epochs and chance.random() < 0.5:
            aim = "nothing"  # else the last files would be killed for ever
        if aim == "server":
            _kill_server(run_id, chance, tally)
        else:
            process, spare = spare, start_worker()  # which loads while this one trains
            _kill_worker(run_id, process, chance, tally, aim)
        kept = _check(run_id, tally, kept)
        if kept < 0 or runs.read(run_id).state is State.FINISHED:
            if kept >= 0:
                _compare(run_id, reference, tally)
            run_id, kept = _new_run(epochs), 0
    while kept >= 0 and runs.read(run_id).state is not State.FINISHED:
        with worker(run_id, spare) as process:
            process.wait()
        kept, spare = _check(run_id, tally, kept), start_worker()
    if kept >= 0:
        _compare(run_id, reference, tally)
    spare.kill()
    spare.communicate()
    return tally


def _new_run(epochs: int) -> str:
    recipe = architectures.find("basic-cnn").recipe.changed(epochs=epochs, batch_size=50)
    config = runs.TrainingConfig("fashion-mnist", "basic-cnn", recipe, limit=300)
    return runs.create(config, "benchmark")


def start_worker() -> "subprocess.Popen[bytes]":
    """Start a worker as the local backend does; it loads, then waits for a run."""
    cores = str(settings().cores)  # as the one worker of a server has them
    threads = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), cores)
    settings().home.mkdir(parents=True, exist_ok=True)
    with (settings().home / "workers.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "core.training.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=ROOT,
            env=os.environ | threads | {"OMP_NUM_THREADS": cores},
        )


@contextlib.contextmanager
def worker(
    run_id: str, process: "subprocess.Popen[bytes] | None" = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """Give a run to a worker, and see to it that the worker has ended afterwards."""
    process = process or start_worker()
    assert process.stdin is not None
    process.stdin.write(run_id.encode() + b"\n")
    process.stdin.flush()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def _kill_worker(
    run_id: str,
    process: "subprocess.Popen[bytes]",
    chance: random.Random,
    tally: Tally,
    aim: str,
) -> None:
    """Give a run to a worker and kill it."""
    folder = runs.folder_of(run_id)
    with worker(run_id, process):
        if aim == "nothing":
            process.wait()
        early = chance.random() < 0.25
        if not early:
            _wait_for(folder, process)
            time.sleep(chance.uniform(0, 1.5))
        elif aim == "any":
            time.sleep(chance.uniform(0, 5))  # while it loads, or just after
        # Early and saving: what is written first is what a resume cuts from the curves.
        if aim == "saving":
            _wait_for_half_a_file(folder, process)
        ended = process.poll() is not None
        process.kill()
    _note(folder, tally, aim, ended)


def _kill_server(run_id: str, chance: random.Random, tally: Tally) -> None:
    """Start a server, which gives the run to a worker, and kill the server."""
    folder = runs.folder_of(run_id)
    environment = os.environ | {"ATELIER_WORKERS": "1", "ATELIER_WARM_SPARE": "0"}
    with subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, env=environment) as server:
        try:
            _wait_for(folder, server)
            time.sleep(chance.uniform(0, 1.5))
        finally:
            server.kill()
    killed = time.monotonic()
    while runs.read(run_id).state is State.RUNNING:  # the worker notices, saves, and ends
        if time.monotonic() - killed > TRUTH_SECONDS:
            break
        time.sleep(0.02)
    _note(folder, tally, "server", folder.result.exists())


def _wait_for(folder: RunFolder, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the process has taken the run."""
    end = time.monotonic() + START_SECONDS
    while not folder.heartbeat.exists() and process.poll() is None:
        assert time.monotonic() < end, "no process took the run"
        time.sleep(0.01)


def _wait_for_half_a_file(folder: RunFolder, process: "subprocess.Popen[bytes]") -> None:
    """Stop the process while it writes a checkpoint, or what a resume or the end writes."""
    while process.poll() is None:
        if any("heartbeat" not in name for name in _half_written(folder)):
            psutil.Process(process.pid).suspend()
            time.sleep(0.01)
            if _half_written(folder):
                return
            psutil.Process(process.pid).resume()  # it was quicker than we were


def _half_written(folder: RunFolder) -> list[str]:
    names = (entry.name for entry in os.scandir(folder.path))
    return [name for name in names if name.startswith(".") and not name.endswith("-reserve")]


def _note(folder: RunFolder, tally: Tally, aim: str, ended: bool) -> None:
    if ended:
        tally.ended += 1
        return
    tally.kills[aim] += 1
    tally.in_start += not folder.heartbeat.exists()
    tally.in_saving += bool(_half_written(folder))


def _check(run_id: str, tally: Tally, kept: int) -> int:
    """Check what a kill left, resume the run, and return its complete epochs; -1 if it is lost."""
    killed = time.monotonic()
    while (run := runs.read(run_id)).state is State.RUNNING:
        if time.monotonic() - killed > TRUTH_SECONDS:
            tally.lose(f"{run_id} is said to run after its end.")
            return -1
        time.sleep(0.01)
    tally.slowest = max(tally.slowest, time.monotonic() - killed)
    if run_id not in {each.id for each in runs.list_runs()}:
        tally.lose(f"{run_id} is not listed.")
        return -1
    if run.state not in (State.QUEUED, State.INTERRUPTED, State.FINISHED):
        tally.lose(f"{run_id} is {run.state}: {run.reason}")
        return -1
    try:
        checkpoint = read_checkpoint(run.folder.checkpoint)
        curves = read_curves(run.folder)
        if run.state is State.INTERRUPTED:
            runs.resume(run_id)
    except AtelierError as error:
        tally.lose(f"{run_id}: {error}")
        return -1
    shown = len(curves.epochs["epoch"])
    if run.state is State.FINISHED:
        return shown
    complete = checkpoint.progress.epoch if checkpoint is not None else 0
    if complete < max(kept, shown):
        tally.lose(f"{run_id} has {shown} epochs, had {kept}, and a checkpoint of {complete}.")
        return -1
    if curves.epochs["epoch"] != list(range(1, shown + 1)):
        tally.wrong_epochs += 1
        tally.problems.append(f"{run_id} has the epochs {curves.epochs['epoch']}.")
    return complete


def _compare(run_id: str, reference: str, tally: Tally) -> None:
    """Hold a run that was killed many times against one that never was."""
    folder, other = runs.folder_of(run_id), runs.folder_of(reference)
    curves, expected = read_curves(folder), read_curves(other)
    tally.finished += 1
    tally.epochs += len(expected.epochs["epoch"])
    rows, right = (
        list(zip(*(each.epochs[name] for name in VALUES), strict=True))
        for each in (curves, expected)
    )
    differing = sum(one != two for one, two in zip(rows, right, strict=False))
    differing += abs(len(rows) - len(right))
    tally.wrong_epochs += differing
    if differing:
        tally.problems.append(f"{run_id} differs in {differing} epochs.")
    points = curves.batches["epoch"]
    if any(one >= two for one, two in itertools.pairwise(points)):  # type: ignore[operator]
        tally.wrong_epochs += 1
        tally.problems.append(f"{run_id} has points that go back.")
    answers, others = (
        runs.read_evaluation(each.evaluation, TEST_IMAGES, CLASSES).probabilities
        for each in (folder, other)
    )
    if not np.array_equal(answers, others):
        tally.lose(f"{run_id} answers otherwise than a run that nobody killed.")
    if left := _half_written(folder):
        tally.lose(f"{run_id} still has {left}.")


def main() -> None:
    """Kill, check and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="processes started and killed")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ATELIER_HOME"] = str(Path(folder) / "home")
        forget_settings()
        tally = kill_often(options.rounds, options.seed)
    rows = {
        "rounds": options.rounds,
        "kills at a random moment": tally.kills["any"],
        "kills aimed at saving": tally.kills["saving"],
        "kills of the server": tally.kills["server"],
        "of all these, before the worker had the run": tally.in_start,
        "of all these, with a file half written": tally.in_saving,
        "rounds in which the run finished first": tally.ended,
        "runs finished": tally.finished,
        "their epochs": tally.epochs,
        "runs lost": tally.lost,
        "epochs repeated, missing or different": tally.wrong_epochs,
        "longest time to the true state": f"{tally.slowest:.2f} s",
    }
    lines = [describe(), "", "| what | figure |", "| --- | --- |"]
    lines += [f"| {what} | {figure} |" for what, figure in rows.items()]
    lines += [f"\n{problem}" for problem in tally.problems]
    publish("kills", "\n".join(lines), write=options.write)
    sys.exit(1 if tally.problems else 0)


if __name__ == "__main__":
    main()
