"""The worker program: trains one run and is the only writer in its folder.

``python -m core.training.worker`` loads TensorFlow, prints ``ready``, then waits for one line on
standard input: the id of a run. It trains that run and ends. When its standard input closes while
it works, the server that started it is gone: it keeps a checkpoint and ends too.
"""

import contextlib
import errno
import faulthandler
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core import datasets
from core.datasets.imported import COMMAND_LINE
from core.errors import AtelierError, DataUnavailable, RunDamaged, SettingsError
from core.files import temporary_name
from core.processes.identity import HOST, OWN_START, memory_of
from core.processes.locks import hold
from core.processes.program import end_with_server, give_way, line_to_server
from core.runs.changing import create, request_stop
from core.runs.checkpoint import Checkpoint, Progress, read_checkpoint, write_checkpoint
from core.runs.config import TrainingConfig
from core.runs.curves import rewind_curves
from core.runs.division import divide
from core.runs.evaluation import write_evaluation
from core.runs.files import append_line, open_append, write_atomic
from core.runs.reading import folder_of, read
from core.runs.records import Heartbeat, Result, Run, RunFolder, State
from core.settings import settings
from core.training.events import BatchEvent, Diverged, EpochEvent

if TYPE_CHECKING:
    import keras

    from core.training.loop import Trained

BEAT_SECONDS = 0.5
STOP_LOOK_SECONDS = 0.1
STOP_GRACE = 0.7  # seconds from the wish to stop until the process ends, ready or not
DURABLE_SECONDS = 5.0  # at least, between two checkpoints that survive a power cut as well
SAVING_SECONDS = 10.0  # for a checkpoint, after the server has gone
SPEED_SECONDS = 8.0  # the speed is the mean of so many: smooth, yet it follows a change
LOCK_SECONDS = 3.0  # a run that was stopped and is resumed at once may still have a dying worker
RESERVE = 16_384  # bytes kept free for the result of a run that a full disk ends
STOPPED = "Stopped on request."


class Recorder:
    """The listener that writes a run folder; one instance a process and run.

    A thread of its own beats the heart and looks for what people and limits want, so that all work
    while TensorFlow compiles or computes. If the training does not react to a stop in time, that
    thread writes the result and ends the process.
    """

    def __init__(
        self,
        folder: RunFolder,
        config: TrainingConfig,
        checkpoint: Checkpoint | None = None,
        *,
        may_exit: bool,
        server_gone: threading.Event | None = None,
    ) -> None:
        """Take over the run folder.

        Args:
            folder: of the run.
            config: what the run is to do.
            checkpoint: where it goes on from.
            may_exit: whether a stop may end this process to keep its time limit.
            server_gone: an event that ends the training without a result.
        """
        self._folder = folder
        self._total = config.training_count * config.recipe.epochs
        self._epochs_planned = config.recipe.epochs
        self._may_exit = may_exit
        self._limits = settings().limits
        self._started = time.monotonic()
        self._stopping, self._pausing = threading.Event(), threading.Event()
        self.server_gone = server_gone or threading.Event()
        self._ended = False
        self._lock = threading.Lock()
        self._beat = Heartbeat(os.getpid(), HOST, started=OWN_START)
        self._epochs: list[EpochEvent] = []
        self._seconds_before = 0.0
        if checkpoint is not None:
            progress = checkpoint.progress
            self._epochs = [EpochEvent(**values) for values in progress.history]
            self._seconds_before = progress.seconds
            self._update(epoch=progress.epoch + _share(config, progress.step))
        self._recent: deque[tuple[float, int]] = deque()  # (time, images seen)
        self._durable_at = self._started
        self._board = None
        if config.tensorboard:
            from core.training.tensorboard import Board

            self._board = Board(folder, config.training_count)
        self._reserve = temporary_name(folder.path / "reserve")
        self._reserve.write_bytes(os.urandom(RESERVE))
        folder.write_heartbeat(self._beat)
        threading.Thread(target=self._watch, daemon=True).start()

    def phase(self, name: str) -> None:
        """Say what is being done."""
        self._update(phase=name, left=None)

    def batch(self, event: BatchEvent) -> None:
        """Write a point of the curve and the speed."""
        now = time.monotonic()
        point = {
            "epoch": round(event.epoch, 6),
            "loss": round(event.loss, 5),
            "accuracy": round(event.accuracy, 5),
            "seconds": round(event.seconds, 2),
        }
        append_line(self._folder.batches, point)
        if self._board is not None:
            self._board.batch(point)
        self._recent.append((now, event.images))
        while now - self._recent[0][0] > SPEED_SECONDS and len(self._recent) > 2:
            self._recent.popleft()
        (then, before), speed = self._recent[0], event.images_per_second
        if now - then > 0.5:
            speed = (event.images - before) / (now - then)
        left = (self._total - event.images) / speed if speed else None
        self._update(epoch=round(event.epoch, 3), images_per_second=speed, left=left)

    def checkpoint(self, make: Callable[[], Checkpoint]) -> None:
        """Write what a resume needs, unless the run was stopped for good by force already."""
        now = time.monotonic()
        durable = now - self._durable_at > DURABLE_SECONDS or self.should_stop()
        if durable:
            self._durable_at = now
        write_checkpoint(self._folder.checkpoint, make(), durable=durable)

    def epoch(self, event: EpochEvent) -> None:
        """Write the epoch's line; its checkpoint is there by now."""
        self._epochs.append(event)
        append_line(self._folder.epochs, asdict(event))
        if self._board is not None:
            self._board.epoch(asdict(event))

    def should_stop(self) -> bool:
        """Tell whether the training should end: asked to by a person, or the server is gone."""
        return self._stopping.is_set() or self.interrupted

    @property
    def interrupted(self) -> bool:
        """Whether the training ends without a result, to go on later."""
        return self._pausing.is_set() or self.server_gone.is_set()

    def time_is_up(self, epoch_seconds: float) -> bool:
        """Tell whether another epoch would break the server's time limit."""
        return self._seconds + epoch_seconds > self._limits.seconds

    def end(self, result: Result) -> None:
        """Write the result, unless the run has ended already.

        Raises:
            OSError: the disk refused, though all that was kept free for this was given back.
        """
        result = replace(result, seconds=round(self._seconds, 2))
        with self._lock:
            if self._ended:
                return
            try:
                self._folder.write_result(result)
            except OSError:
                self._reserve.unlink(missing_ok=True)
                self._folder.write_result(result)
            self._ended = True

    def leave(self) -> None:
        """Give the run folder up: without a result, the run is paused or interrupted."""
        with self._lock:
            with contextlib.suppress(OSError):
                self._reserve.unlink(missing_ok=True)
                if not self._ended:
                    # The process may go on with other things: it is no sign of life any more.
                    self._folder.write_heartbeat(replace(self._beat, started=None))
            self._ended = True

    def result(self, state: State, reason: str | None, trained: "Trained | None" = None) -> Result:
        """Return the result of a run that ends now.

        Args:
            state: how it ends.
            reason: why, as a sentence, unless it came to its planned end.
            trained: the network, if the training came to its end; else the latest epoch counts.
        """
        shown = trained.best if trained else (self._epochs[-1] if self._epochs else None)
        result = Result(state, reason, epochs=len(self._epochs))
        if trained is not None:
            result = replace(result, images_per_second=trained.images_per_second)
            if trained.out_of_time:
                result = replace(
                    result,
                    reason=f"Ended after {len(self._epochs)} of {self._epochs_planned} epochs: "
                    f"another one would have passed this server's limit of "
                    f"{self._limits.seconds / 60:g} minutes a run.",
                )
        if shown is None:
            return result
        return replace(
            result,
            best_epoch=shown.epoch,
            train_accuracy=shown.accuracy,
            train_loss=shown.loss,
            val_accuracy=shown.val_accuracy,
            val_loss=shown.val_loss,
        )

    @property
    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started

    def _update(self, **values: object) -> None:
        self._beat = replace(self._beat, **values)  # type: ignore[arg-type]

    def _watch(self) -> None:
        next_beat, stop_seen, failed = 0.0, 0.0, False
        while not self._ended and not self.server_gone.is_set():
            now = time.monotonic()
            if now >= next_beat:
                next_beat = now + BEAT_SECONDS
                self._update(seconds=round(self._seconds, 2))
                try:
                    with self._lock:
                        if self._ended:
                            return
                        self._folder.write_heartbeat(self._beat)
                    failed = False
                except OSError:
                    if not failed:
                        _log_error()  # once: a full disk may be free again at a later beat
                    failed = True
                self._keep_limits()
            if self._folder.pause.exists():
                self._pausing.set()
            if not stop_seen and self._folder.stop.exists():
                stop_seen = now
                self._stopping.set()
            if stop_seen and now - stop_seen > STOP_GRACE and self._may_exit:
                self._exit(self.result(State.STOPPED, STOPPED))
            time.sleep(STOP_LOOK_SECONDS)

    def _keep_limits(self) -> None:
        """End the process if it takes more than this server gives a run."""
        if not self._may_exit:
            return
        memory, most = memory_of(os.getpid()), self._limits.memory
        if most is not None and memory > most:
            reason = (
                f"The run took {memory / 1e6:,.0f} MB of memory; this server gives a run "
                f"{most / 1e6:,.0f} MB. Take a smaller batch or network."
            )
            self._exit(self.result(State.FAILED, reason))
        # Between two epochs ``time_is_up`` ends it well; this is for one that never ends.
        if self._seconds > self._limits.seconds + 60:
            reason = (
                f"An epoch took longer than this server's limit of "
                f"{self._limits.seconds / 60:g} minutes a run. Take fewer images or a smaller "
                "network."
            )
            self._exit(self.result(State.STOPPED, reason))

    def _exit(self, result: Result) -> None:
        try:
            self.end(result)
            self._folder.remove_temporary()
        finally:
            os._exit(0)


def train_run(
    run_id: str, *, may_exit: bool = False, server_gone: threading.Event | None = None
) -> None:
    """Train a run to its end, or on from its checkpoint, and write all that its folder should hold.

    Args:
        run_id: of a run.
        may_exit: whether a stop may end this process to keep its time limit.
        server_gone: an event that ends the training without a result.

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
                folder, run.config, checkpoint, may_exit=may_exit, server_gone=server_gone
            )
            _train_and_evaluate(folder, run.config, recorder, checkpoint)
        except Exception as error:  # noqa: BLE001 - the end of the process: the page needs a reason
            if not isinstance(error, AtelierError):
                _log_error()
            if isinstance(error, Diverged | RunDamaged):
                # What led there would lead there again.
                with contextlib.suppress(OSError):
                    folder.checkpoint.unlink(missing_ok=True)
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
    trained = train(config, recorder, checkpoint)
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
    folder.checkpoint.unlink(missing_ok=True)


def _rewind(folder: RunFolder, config: TrainingConfig, checkpoint: Checkpoint | None) -> None:
    """Make the curves end where the checkpoint is, or begin anew without one.

    What an earlier stop left is of a moment that is over.
    """
    for file in (folder.model, folder.validation, folder.evaluation):
        file.unlink(missing_ok=True)
    if checkpoint is None:
        for file in (folder.batches, folder.epochs):
            with contextlib.suppress(FileNotFoundError):
                file.unlink()
        return
    progress = checkpoint.progress
    done = progress.epoch + _share(config, progress.step)
    rewind_curves(folder, progress.history, done)


def _share(config: TrainingConfig, steps: int) -> float:
    """Return so many steps as a share of an epoch."""
    return min(1.0, steps * config.recipe.batch_size / config.training_count)


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
        return "The memory ran out. Take a smaller batch, and start the run again."
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"The training ended with an unexpected error ({type(error).__name__}: {first})."


def _log_error() -> None:
    """Write the traceback to the log; a disk that is full has no room for it either."""
    with contextlib.suppress(OSError):
        traceback.print_exc()


def main() -> int:
    """Wait for a run on standard input, train it, and end."""
    say = line_to_server()
    give_way()
    from core.training.loop import warm_up

    # A run that waits already is not kept waiting for what it may not need.
    if not select.select([sys.stdin.buffer], [], [], 0)[0]:
        warm_up()
        for spec in datasets.DATASETS.values():
            if spec.missing() is None:
                _preload(spec)
    say("ready")
    line = sys.stdin.buffer.readline().decode("utf-8", "replace").strip()
    if not line or select.select([sys.stdin.buffer], [], [], 0)[0]:
        return 0  # the server ended while this spare was waiting or loading: the run is queued
    folder = folder_of(line)
    with open_append(folder.log) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    faulthandler.enable()
    server_gone = threading.Event()
    end_with_server(server_gone.set, grace=SAVING_SECONDS)
    try:
        train_run(line, may_exit=True, server_gone=server_gone)
    except AtelierError:
        _log_error()  # damaged, or deleted: nothing of the folder is ours to change
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    # TensorFlow's threads and Python's clean-up have nothing left to do that matters.
    os._exit(0)


def _preload(spec: datasets.DatasetSpec) -> None:
    """Read the training split now; damaged data is the business of the run that wants it."""
    with contextlib.suppress(AtelierError):
        spec.load("train")


if __name__ == "__main__":
    sys.exit(main())
