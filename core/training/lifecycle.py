"""The life of a run in one process: taken over, trained, evaluated, and ended with a reason.

The process is the only writer in the run's folder meanwhile.
"""

import contextlib
import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core import datasets
from core.datasets.imported import COMMAND_LINE
from core.errors import AtelierError, DataUnavailable, RunDamaged, SettingsError
from core.files import remove
from core.processes.locks import hold
from core.runs.changing import create, request_stop
from core.runs.checkpoint import Checkpoint, Progress, read_checkpoint
from core.runs.config import TrainingConfig
from core.runs.curves import rewind_curves
from core.runs.division import divide
from core.runs.evaluation import write_evaluation
from core.runs.files import append_line, write_atomic
from core.runs.reading import folder_of, read
from core.runs.records import Result, Run, RunFolder, State
from core.runs.snapshots import Snapshot, line_of, read_snapshots, rewind_snapshots
from core.settings import settings
from core.training import devices
from core.training.events import Diverged
from core.training.recorder import STOPPED, Recorder, log_error, share

if TYPE_CHECKING:
    import keras


LOCK_SECONDS = 3.0  # a run that was stopped and is resumed at once may still have a dying worker


def train_run(
    run_id: str,
    *,
    may_exit: bool = False,
    server_gone: threading.Event | None = None,
    gpu: str | None = None,
) -> None:
    """Train a run to its end, or on from its checkpoint, and write all that its folder should hold.

    Args:
        run_id: of a run.
        may_exit: whether a stop may end this process to keep its time limit.
        server_gone: an event that ends the training without a result.
        gpu: what the server calls the GPU that it gave this process, if it gave one.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: its config cannot be used, another process trains it, or its folder takes
            no result; then the state is what the other files say.
    """
    folder = folder_of(run_id)
    run = read(run_id)
    if run.config is None:
        raise SettingsError(f"The run {run_id} is damaged: {run.reason}")
    with _only_writer(folder):
        if folder.result.exists():
            return  # it ended since somebody gave it to us
        recorder, checkpoint = None, None
        try:
            checkpoint = read_checkpoint(folder.checkpoint)
            folder.remove_temporary()
            _rewind(folder, run.config, checkpoint)
            recorder = Recorder(
                folder,
                run.config,
                checkpoint,
                may_exit=may_exit,
                server_gone=server_gone,
                allowance=run.allowance,
            )
            recorder.device(devices.words(gpu))
            _train_and_evaluate(folder, run.config, recorder, checkpoint)
        except Exception as error:  # noqa: BLE001 - the end of the process: the page needs a reason
            if not isinstance(error, AtelierError):
                log_error()
            if isinstance(error, Diverged | RunDamaged):
                # What led there would lead there again.
                with contextlib.suppress(OSError):
                    remove(folder.checkpoint)
            _fail(folder, recorder, checkpoint, _sentence(error, folder.checkpoint.exists()))
        finally:
            if recorder is not None:
                recorder.leave()


def _fail(
    folder: RunFolder, recorder: Recorder | None, checkpoint: Checkpoint | None, sentence: str
) -> None:
    """End the run as failed, with what is known of it."""
    try:
        if recorder is not None:
            recorder.end(recorder.result(State.FAILED, sentence))
            return
        folder.remove_temporary()  # such as half of what was to be kept free
        progress = checkpoint.progress if checkpoint is not None else Progress()
        folder.write_result(
            Result(State.FAILED, sentence, epochs=progress.epoch, seconds=progress.seconds)
        )
    except OSError as error:
        raise SettingsError(sentence) from error


def train_in_process(config: TrainingConfig) -> Run:
    """Make a run, train it in this process and return how it ended.

    Raises:
        DataUnavailable: the data set is not on this machine.
        SettingsError: the runs folder cannot be written.
    """
    missing = datasets.find(config.dataset).missing()
    if missing is not None:
        raise DataUnavailable(missing)
    return go_on_in_process(create(config, COMMAND_LINE, claimed=True))


def go_on_in_process(run_id: str) -> Run:
    """Train a run that this process made or resumed, and return how it ended.

    Ctrl-C and SIGTERM stop the run as a page would: what is there by then is kept.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: its config cannot be used, or another process trains it.
    """
    sys.stderr.write(f"Training {run_id} ...\n")
    handlers = {
        number: signal.signal(number, lambda *_: request_stop(run_id))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        train_run(run_id)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return read(run_id)


def _train_and_evaluate(
    folder: RunFolder, config: TrainingConfig, recorder: Recorder, checkpoint: Checkpoint | None
) -> None:
    from core.training.loop import evaluate, train

    # Held from here on: the owner of an imported data set may delete it while a run trains on it,
    # and the images that are mapped stay readable until they are let go.
    train_split, test = (datasets.load(config.dataset, split) for split in ("train", "test"))
    trained = train(config, recorder, checkpoint, *_records(folder, config))
    if recorder.interrupted and trained.stopped:
        return
    save_model(trained.model, folder.model)
    validation = evaluation = None
    if not trained.stopped:
        held_back = divide(train_split, config).validation
        validation = evaluate(trained.model, held_back.images, held_back.labels, recorder)
    if validation is not None:
        evaluation = evaluate(trained.model, test.images, test.labels, recorder)
    if evaluation is None and recorder.interrupted:
        return
    if evaluation is None:
        # Stopped while it trained, the model has the weights of the moment, not of the best epoch.
        finished = None if trained.stopped else trained
        recorder.end(recorder.result(State.STOPPED, STOPPED, finished))
        return
    assert validation is not None, "the test images come after it"
    write_evaluation(folder.validation, validation)
    write_evaluation(folder.evaluation, evaluation)
    right = evaluation.probabilities.argmax(axis=1) == test.labels
    recorder.end(
        replace(
            recorder.result(State.FINISHED, None, trained),
            test_accuracy=float(right.mean()),
            test_loss=evaluation.loss,
        )
    )
    remove(folder.checkpoint)


def _records(
    folder: RunFolder, config: TrainingConfig
) -> tuple[Callable[[Snapshot], None] | None, Snapshot | None]:
    """Return what keeps records of the network on its way, if any are kept, and the latest one."""
    if not settings().snapshots:
        return None, None
    try:
        known = read_snapshots(folder, len(datasets.find(config.dataset).classes))
    except RunDamaged:  # no training ends for its records
        remove(folder.snapshots)
        known = []
    return lambda each: append_line(folder.snapshots, line_of(each)), known[-1] if known else None


def _rewind(folder: RunFolder, config: TrainingConfig, checkpoint: Checkpoint | None) -> None:
    """Make the curves end where the checkpoint is, or begin anew without one.

    What an earlier stop left is of a moment that is over.
    """
    for file in (folder.model, folder.validation, folder.evaluation):
        remove(file)
    if checkpoint is None:
        for file in (folder.batches, folder.epochs, folder.stretches, folder.snapshots):
            remove(file)
        return
    progress = checkpoint.progress
    done = progress.epoch + share(config, progress.step)
    rewind_curves(folder, progress.history, done)
    rewind_snapshots(folder, done)


@contextlib.contextmanager
def _only_writer(folder: RunFolder) -> Iterator[None]:
    """Hold the run folder's lock, which ends with the process that holds it."""
    end = time.monotonic() + LOCK_SECONDS
    try:
        while (lock := hold(folder.lock)) is None:
            if time.monotonic() > end:
                raise SettingsError(
                    f"The run {folder.path.name} is being trained by another process."
                )
            time.sleep(0.1)
    except OSError as error:
        sentence = _sentence(error, folder.checkpoint.exists())
        _fail(folder, None, None, sentence)
        raise SettingsError(sentence) from error
    with lock:
        yield


def save_model(model: "keras.Model", path: Path) -> None:
    """Write a model file in one step, without the optimizer, which would triple its size."""
    import keras

    plain = keras.Model.from_config(model.get_config())
    plain.set_weights(model.get_weights())
    write_atomic(path, plain.save)


def _sentence(error: Exception, resumable: bool) -> str:
    """Return why a training ended, and what to do, for the person who started it."""
    if isinstance(error, AtelierError):
        return str(error)
    # TensorFlow has one name for a full disk and a full memory.
    full = os.strerror(errno.ENOSPC)
    if isinstance(error, OSError) or full in str(error):
        cause = full if full in str(error) else getattr(error, "strerror", None) or error
        return (
            f"A file could not be written ({cause}). Free some space, or make the folder writable, "
            f"and {'resume the run' if resumable else 'start the run again'}."
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "The memory ran out. Use a smaller batch, and start the run again."
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"The training ended with an unexpected error ({type(error).__name__}: {first})."
