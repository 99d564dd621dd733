"""The worker program: trains one run and is the only writer in its folder.

``python -m core.training.worker`` loads TensorFlow, prints ``ready``, then waits for one line on
standard input: the id of a run. It trains that run and ends. When its standard input
closes while it works, the server that started it is gone, and it ends too.
"""

import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core import datasets
from core.errors import AtelierError, DataUnavailable, SettingsError
from core.runs.config import TrainingConfig
from core.runs.evaluation import write_evaluation
from core.runs.files import append_line, write_atomic
from core.runs.folder import (
    HOST,
    Heartbeat,
    Result,
    Run,
    RunFolder,
    State,
    create,
    folder_of,
    read,
    request_stop,
)
from core.training.events import BatchEvent, EpochEvent

if TYPE_CHECKING:
    import keras

    from core.training.loop import Trained

BEAT_SECONDS = 0.5
STOP_LOOK_SECONDS = 0.1
STOP_GRACE = 0.7  # seconds from the wish to stop until the process ends, ready or not
MODEL_SECONDS = 5.0  # at least, between two saved models while training
NICENESS = 5  # pages answer first; training takes what is left
SPEED_SECONDS = 8.0  # the speed is the mean of so many: smooth, yet it follows a change
STOPPED = "Stopped on request."


class Recorder:
    """The listener that writes a run folder; one instance a run.

    A thread of its own beats the heart and looks for the wish to stop, so that both work while
    TensorFlow compiles or computes. If the training does not react to the wish in time, that
    thread writes the result and ends the process.
    """

    def __init__(
        self,
        folder: RunFolder,
        config: TrainingConfig,
        *,
        may_exit: bool,
        server_gone: threading.Event | None = None,
    ) -> None:
        """Take over the run folder.

        Args:
            folder: of the run.
            config: what the run is to do.
            may_exit: whether a stop may end this process to keep its time limit.
            server_gone: an event that ends the training without a result.
        """
        self._folder = folder
        self._total = config.training_count * config.recipe.epochs
        self._may_exit = may_exit
        self._started = time.monotonic()
        self._stopping = threading.Event()
        self.server_gone = server_gone or threading.Event()
        self._ended = False
        self._lock = threading.Lock()
        self._beat = Heartbeat(os.getpid(), HOST)
        self._epochs: list[EpochEvent] = []
        self._recent: deque[tuple[float, int]] = deque()  # (time, images seen)
        self._saved_at = self._started
        folder.write_heartbeat(self._beat)
        threading.Thread(target=self._watch, daemon=True).start()

    def phase(self, name: str) -> None:
        """Say what is being done."""
        self._update(phase=name, left=None)

    def batch(self, event: BatchEvent) -> None:
        """Write a point of the curve and the speed."""
        now = time.monotonic()
        append_line(
            self._folder.batches,
            {
                "epoch": round(event.epoch, 4),
                "loss": round(event.loss, 5),
                "accuracy": round(event.accuracy, 5),
            },
        )
        self._recent.append((now, event.images))
        while now - self._recent[0][0] > SPEED_SECONDS and len(self._recent) > 2:
            self._recent.popleft()
        (then, before), speed = self._recent[0], None
        if now - then > 0.5:
            speed = (event.images - before) / (now - then)
        left = (self._total - event.images) / speed if speed else None
        self._update(epoch=round(event.epoch, 3), images_per_second=speed, left=left)

    def epoch(self, event: EpochEvent, model: "keras.Model") -> None:
        """Write the epoch's line and, every few seconds, the model."""
        now = time.monotonic()
        if now - self._saved_at > MODEL_SECONDS:
            save_model(model, self._folder.model)
            self._saved_at = now
        self._epochs.append(event)
        append_line(self._folder.epochs, asdict(event))

    def should_stop(self) -> bool:
        """Tell whether the training should end: asked to by a person, or the server is gone."""
        return self._stopping.is_set() or self.server_gone.is_set()

    def end(self, result: Result) -> None:
        """Write the result, unless the run has ended already."""
        with self._lock:
            if self._ended:
                return
            seconds = round(time.monotonic() - self._started, 2)
            self._folder.write_result(replace(result, seconds=seconds))
            self._ended = True

    def result(self, state: State, reason: str | None, trained: "Trained | None" = None) -> Result:
        """Return the result of a run that ends now.

        Args:
            state: how it ends.
            reason: why, as a sentence, unless it finished.
            trained: the network, if the training came to its end; else the latest epoch counts.
        """
        shown = trained.best if trained else (self._epochs[-1] if self._epochs else None)
        result = Result(state, reason, epochs=len(self._epochs))
        if trained is not None:
            result = replace(result, images_per_second=trained.images_per_second)
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

    def _update(self, **values: object) -> None:
        self._beat = replace(self._beat, **values)  # type: ignore[arg-type]

    def _watch(self) -> None:
        next_beat, stop_seen = 0.0, 0.0
        while not self._ended and not self.server_gone.is_set():
            now = time.monotonic()
            if now >= next_beat:
                next_beat = now + BEAT_SECONDS
                self._update(seconds=round(now - self._started, 2))
                try:
                    self._folder.write_heartbeat(self._beat)
                except OSError:
                    traceback.print_exc()  # a full disk may be free again at the next beat
            if not stop_seen and self._folder.stop.exists():
                stop_seen = now
                self._stopping.set()
            if stop_seen and now - stop_seen > STOP_GRACE and self._may_exit:
                self.end(self.result(State.STOPPED, STOPPED))
                self._folder.remove_temporary(os.getpid())
                os._exit(0)
            time.sleep(STOP_LOOK_SECONDS)


def train_run(
    run_id: str, *, may_exit: bool = False, server_gone: threading.Event | None = None
) -> None:
    """Train a run to its end and write everything that its folder should hold.

    Args:
        run_id: of a run that no other process trains.
        may_exit: whether a stop may end this process to keep its time limit.
        server_gone: an event that ends the training without a result.

    Raises:
        RunNotFound: no run has this id.
        SettingsError: its config cannot be used.
    """
    folder = folder_of(run_id)
    run = read(run_id)
    if run.config is None:
        raise SettingsError(f"The run {run_id} is damaged: {run.reason}")
    recorder = Recorder(folder, run.config, may_exit=may_exit, server_gone=server_gone)
    try:
        _train_and_evaluate(folder, run.config, recorder)
    except AtelierError as error:
        recorder.end(recorder.result(State.FAILED, str(error)))
    except OSError as error:
        traceback.print_exc()
        recorder.end(
            recorder.result(
                State.FAILED,
                f"A file could not be written ({error.strerror or error}). Free some space, or "
                "make the folder writable, and start the run again.",
            )
        )
    except Exception as error:  # noqa: BLE001 - the end of the process: the page needs a reason
        traceback.print_exc()
        recorder.end(recorder.result(State.FAILED, _reason(error)))


def train_in_process(config: TrainingConfig) -> Run:
    """Make a run, train it in this process and return how it ended.

    Ctrl-C and SIGTERM stop the run as a page would: what is there by then is kept.

    Raises:
        DataUnavailable: the data set is not on this machine.
        SettingsError: the runs folder cannot be written.
    """
    missing = datasets.find(config.dataset).missing()
    if missing is not None:
        raise DataUnavailable(missing)
    run_id = create(config, visitor="command-line", claimed=True)
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


def _train_and_evaluate(folder: RunFolder, config: TrainingConfig, recorder: Recorder) -> None:
    from core.training.loop import evaluate, train

    trained = train(config, recorder)
    if not recorder.server_gone.is_set():
        save_model(trained.model, folder.model)
    evaluation = None
    if not trained.stopped:
        test = datasets.load(config.dataset, "test")
        evaluation = evaluate(trained.model, test.images, test.labels, recorder)
    if recorder.server_gone.is_set():
        return  # without a result: the run was interrupted
    if evaluation is None:
        # Stopped while it trained, the model has the weights of the moment, not of the best epoch.
        finished = None if trained.stopped else trained
        recorder.end(recorder.result(State.STOPPED, STOPPED, finished))
        return
    write_evaluation(folder.evaluation, evaluation)
    right = evaluation.probabilities.argmax(axis=1) == test.labels
    recorder.end(
        replace(
            recorder.result(State.FINISHED, None, trained),
            test_accuracy=float(right.mean()),
            test_loss=evaluation.loss,
        )
    )


def save_model(model: "keras.Model", path: Path) -> None:
    """Write a model file in one step, without the optimizer, which would triple its size."""
    import keras

    plain = keras.Model.from_config(model.get_config())
    plain.set_weights(model.get_weights())
    write_atomic(path, plain.save)


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "The memory ran out. Take a smaller batch, and start the run again."
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"The training ended with an unexpected error ({type(error).__name__}: {first})."


def main() -> int:
    """Wait for a run on standard input, train it, and end."""
    # Standard output is the line to the server: what libraries print goes to the log instead.
    to_server = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.nice(NICENESS)
    from core.training.loop import warm_up

    warm_up()
    for spec in datasets.DATASETS.values():
        if spec.missing() is None:
            _preload(spec)
    to_server.write("ready\n")
    line = sys.stdin.buffer.readline().decode("utf-8", "replace").strip()
    if not line:
        return 0  # the server ended while this spare was waiting
    folder = folder_of(line)
    log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    faulthandler.enable()
    server_gone = threading.Event()
    threading.Thread(target=_wait_for_end, args=(server_gone,), daemon=True).start()
    train_run(line, may_exit=True, server_gone=server_gone)
    sys.stdout.flush()
    sys.stderr.flush()
    # TensorFlow's threads and Python's clean-up have nothing left to do that matters.
    os._exit(0)


def _preload(spec: datasets.DatasetSpec) -> None:
    """Read the training split now; damaged data is the business of the run that wants it."""
    with contextlib.suppress(AtelierError):
        spec.load("train")


def _wait_for_end(server_gone: threading.Event) -> None:
    """Set the event when standard input closes, and end the process soon after."""
    while sys.stdin.buffer.read(1):
        pass
    server_gone.set()
    time.sleep(10)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
