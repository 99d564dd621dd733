"""The recorder: the training's listener that writes a run folder and looks for what people want."""

import contextlib
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from core.files import temporary_name
from core.processes.identity import HOST, OWN_START, memory_of
from core.runs.checkpoint import Checkpoint, write_checkpoint
from core.runs.config import TrainingConfig
from core.runs.files import append_line
from core.runs.following import note_stretch
from core.runs.records import (
    SERVER_ALLOWS,
    Allowance,
    Heartbeat,
    Result,
    RunFolder,
    State,
    Stretch,
)
from core.settings import settings
from core.training.devices import engine, threads
from core.training.events import BatchEvent, EpochEvent

if TYPE_CHECKING:
    from core.training.loop import Trained

BEAT_SECONDS = 0.5
STOP_LOOK_SECONDS = 0.1
STOP_GRACE = 0.7  # seconds from the wish to stop until the process ends, ready or not
DURABLE_SECONDS = 5.0  # at least, between two checkpoints that survive a power cut as well
SPEED_SECONDS = 8.0  # the speed is the mean of so many: smooth, yet it follows a change
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
        allowance: Allowance = SERVER_ALLOWS,
    ) -> None:
        """Take over the run folder.

        Args:
            folder: of the run.
            config: what the run is to do.
            checkpoint: where it goes on from.
            may_exit: whether a stop may end this process to keep its time limit.
            server_gone: an event that ends the training without a result.
            allowance: what the run may take where that is less than the server allows.
        """
        self._folder = folder
        self._total = config.training_count * config.recipe.epochs
        self._epochs_planned = config.recipe.epochs
        self._may_exit = may_exit
        limits = settings().limits
        self._memory, self._most_seconds, self._whose = limits.memory, limits.seconds, "this server"
        if allowance.seconds is not None and allowance.seconds < limits.seconds:
            self._most_seconds, self._whose = allowance.seconds, "the class"
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
            self._update(epoch=progress.epoch + share(config, progress.step))
        self._recent: deque[tuple[float, int]] = deque()  # (time, images seen)
        self._durable_at = self._started
        self._board = None
        if config.tensorboard:
            from core.training.tensorboard import Board

            self._board = Board(folder, config.training_count)
        self._reserve = temporary_name(folder.path / "reserve")
        self._reserve.write_bytes(os.urandom(RESERVE))
        folder.write_heartbeat(self._beat)
        note_stretch(folder, Stretch(self._beat.epoch, threads(), engine()))
        threading.Thread(target=self._watch, daemon=True).start()

    def phase(self, name: str) -> None:
        """Say what is being done."""
        self._update(phase=name, left=None)
        # At once: a short training is over before the heart beats again. A full disk is seen to
        # where it matters.
        with self._lock, contextlib.suppress(OSError):
            if not self._ended:
                self._folder.write_heartbeat(self._beat)

    def device(self, words: str) -> None:
        """Say what it trains on."""
        self._update(device=words)

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
        return self._seconds + epoch_seconds > self._most_seconds

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
                    f"another one would have passed {self._limit}.",
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
    def _limit(self) -> str:
        return f"{self._whose}'s limit of {self._most_seconds / 60:g} minutes per run"

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
                        log_error()  # once: a full disk may be free again at a later beat
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
        """End the process if it takes more than this server allows a run."""
        if not self._may_exit:
            return
        memory, most = memory_of(os.getpid()), self._memory
        if most is not None and memory > most:
            reason = (
                f"The run took {memory / 1e6:,.0f} MB of memory; this server allows a run "
                f"{most / 1e6:,.0f} MB. Use a smaller batch or network."
            )
            self._exit(self.result(State.FAILED, reason))
        # Between two epochs ``time_is_up`` ends it well; this is for one that never ends.
        if self._seconds > self._most_seconds + 60:
            reason = (
                f"An epoch took longer than {self._limit}. Use fewer images or a smaller network."
            )
            self._exit(self.result(State.STOPPED, reason))

    def _exit(self, result: Result) -> None:
        try:
            self.end(result)
            self._folder.remove_temporary()
        finally:
            os._exit(0)


def share(config: TrainingConfig, steps: int) -> float:
    """Return so many steps as a share of an epoch."""
    return min(1.0, steps * config.recipe.batch_size / config.training_count)


def log_error() -> None:
    """Write the traceback to the log; a disk that is full has no room for it either."""
    with contextlib.suppress(OSError):
        traceback.print_exc()
