"""The training loop (TF: importing this module imports TensorFlow).

``core.training.steps`` does the arithmetic, a group of steps at a time without a return to Python.
The loop sizes the groups so that a listener hears something a few times a second, counts epochs,
validates, and says what a resume would need.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import keras
import numpy as np

from core import architectures, datasets
from core.architectures.build import build
from core.architectures.recipe import FirstFilters
from core.errors import RunDamaged
from core.networks.batches import answers
from core.runs.checkpoint import Checkpoint, Progress
from core.runs.config import TrainingConfig
from core.runs.division import rows
from core.runs.evaluation import Evaluation
from core.runs.snapshots import Snapshot, moments
from core.training.events import BatchEvent, Diverged, EpochEvent, Listener
from core.training.snapshots import SnapshotTaker, Weights
from core.training.steps import Steps
from core.training.whitening import IMAGES, whiten

GROUP_SECONDS = 0.1  # aimed at between two returns to Python
EVENT_SECONDS = 0.25  # between two batch events
FIRST_GROUP = 2  # steps; how fast the rest will be is not known yet
RECORDED_SECONDS = 600.0  # of a training that records may count on; it may end early
MOST_LOSS = 1e6  # nats an image, where guessing costs 2.3: weights that came there are lost


@dataclass(frozen=True)
class Trained:
    """A network after its training.

    Attributes:
        model: with the weights of ``best``, or of the last step if it was stopped.
        epochs: complete epochs.
        best: the epoch that the model's weights are of; None if no epoch was completed.
        stopped: whether the listener ended it.
        out_of_time: whether it ended before an epoch that would have taken too long.
        images_per_second: training images a second of training time, start-up and validation left
            out; None if there was too little to tell.
    """

    model: keras.Model
    epochs: int
    best: EpochEvent | None
    stopped: bool
    out_of_time: bool
    images_per_second: float | None


def train(
    config: TrainingConfig,
    listener: Listener,
    checkpoint: Checkpoint | None = None,
    keep: Callable[[Snapshot], None] | None = None,
    latest: Snapshot | None = None,
) -> Trained:
    """Train a network on the training split and tell ``listener`` how it goes.

    Args:
        config: what to do.
        listener: hears of it, and may end it.
        checkpoint: of the same config, to go on from; None to start with fresh weights.
        keep: takes records of what the network is like on its way; None for no records.
        latest: the last record before the checkpoint.

    Raises:
        DataUnavailable, DataDamaged: the data set cannot be read.
        Diverged: the loss or a weight is beyond all bounds, or no number any more.
        RunDamaged: the checkpoint does not fit the config.
    """
    training = _Training(config, listener, checkpoint)
    if keep is not None:
        training.record(keep, latest)
    return training.run()


class _Training:
    """One training under way, or the rest of one."""

    def __init__(
        self, config: TrainingConfig, listener: Listener, checkpoint: Checkpoint | None
    ) -> None:
        spec = datasets.find(config.dataset)
        classes, recipe = len(spec.classes), config.recipe
        self._split = spec.load("train")
        learned, self._held_out = rows(config)
        self._config, self._listener = config, listener
        self._model = build(config.network, spec.shape, classes, config.seed)
        if recipe.first_filters is FirstFilters.WHITENING and checkpoint is None:
            whiten(self._model, self._split.images[learned[:: -(-len(learned) // IMAGES)]])
        self._count = len(learned)
        steps = math.ceil(self._count / recipe.batch_size) * recipe.epochs
        self._steps = Steps(self._model, recipe, self._split, classes, steps, config.seed, learned)
        self._group, self._warm = FIRST_GROUP, False
        progress = checkpoint.progress if checkpoint else Progress()
        if checkpoint is not None:
            self._restore(checkpoint)
        self._history = [EpochEvent(**values) for values in progress.history]
        self._best_weights = checkpoint.best if checkpoint else []
        self._step = progress.step
        self._loss_sum, self._right = progress.loss_sum, progress.right
        self._training_seconds = progress.training_seconds
        self._timed_images = progress.timed_images
        self._seconds_before = progress.seconds
        self._epoch_seconds = progress.epoch_seconds
        self._started = time.monotonic()
        # Sums of the epoch at the latest batch event.
        self._reported = (self._seen, self._loss_sum, self._right)
        self._stopped = self._out_of_time = False
        self._taker: SnapshotTaker | None = None
        self._due: list[int] = []  # after how many steps of the training records are taken
        self._kernels: Weights | None = None  # as they were before the step that a record is of

    def record(self, keep: Callable[[Snapshot], None], latest: Snapshot | None) -> None:
        """Take records on the way."""
        classes = len(datasets.find(self._config.dataset).classes)
        self._taker = SnapshotTaker(self._model, self._split, self._held_out, classes, keep, latest)
        self._due = moments(self._config.recipe.epochs, self._steps.per_epoch)

    def run(self) -> Trained:
        self._listener.phase("training")
        if self._taker is not None and self._done == 0:
            self._taker.take(0.0, 0.0)
        while len(self._history) < self._config.recipe.epochs and not self._ends():
            self._epoch()
            if self._stopped:
                break
        if self._stopped:
            self._listener.checkpoint(self._checkpoint)
        elif self._best_weights:
            self._model.set_weights(self._best_weights)
        return Trained(
            model=self._model,
            epochs=len(self._history),
            best=self._best(),
            stopped=self._stopped,
            out_of_time=self._out_of_time,
            images_per_second=self._speed,
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            self._steps.restore(checkpoint.state)
            shapes = [weights.shape for weights in checkpoint.best]
            if shapes and shapes != [weights.shape for weights in self._model.get_weights()]:
                raise ValueError("The best weights are those of another network.")
            if checkpoint.progress.step > self._steps.per_epoch:
                raise ValueError("The epoch has fewer steps.")
        except ValueError as error:
            raise RunDamaged(
                "The file checkpoint.npz does not fit the run. Train it again."
            ) from error

    @property
    def _seen(self) -> int:
        """Images seen in this epoch."""
        return min(self._step * self._config.recipe.batch_size, self._count)

    @property
    def _done(self) -> int:
        """Steps of the training so far."""
        return len(self._history) * self._steps.per_epoch + self._step

    @property
    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started

    @property
    def _speed(self) -> float | None:
        return self._timed_images / self._training_seconds if self._timed_images else None

    def _epoch(self) -> None:
        """Train one epoch, or the rest of one, and validate; ends early if the listener wants."""
        begun = time.monotonic() - self._epoch_seconds
        epoch = len(self._history)
        self._steps.begin_epoch(epoch)
        reported_at = 0.0
        while self._step < self._steps.per_epoch:
            if self._listener.should_stop():
                self._stopped = True
                self._epoch_seconds = time.monotonic() - begun
                if self._seen > self._reported[0]:
                    self._report(epoch)  # a resume reports what comes after these steps
                return
            self._run_group()
            now = time.monotonic()
            if now - reported_at >= EVENT_SECONDS or self._seen == self._count:
                reported_at = now
                self._report(epoch)
        judged = self._steps.evaluate(self._split.images, self._split.labels, self._held_out)
        self._check(judged.loss)
        self._record(judged.answers)
        event = EpochEvent(
            epoch=epoch + 1,
            loss=self._loss_sum / self._count,
            accuracy=self._right / self._count,
            val_loss=judged.loss,
            val_accuracy=judged.accuracy,
            seconds=time.monotonic() - begun,
        )
        self._history.append(event)
        if self._config.recipe.patience is not None and self._best() is event:
            self._best_weights = self._model.get_weights()
        self._step, self._loss_sum, self._right, self._epoch_seconds = 0, 0.0, 0.0, 0.0
        self._reported = (0, 0.0, 0.0)
        self._listener.checkpoint(self._checkpoint)
        self._listener.epoch(event)

    def _run_group(self) -> None:
        count = min(self._group, self._steps.per_epoch - self._step)
        ahead = next((due - self._done for due in self._due if due > self._done), None)
        if ahead == 1 and self._taker is not None:
            count, self._kernels = 1, self._taker.kernels()
        elif ahead is not None:
            count = min(count, ahead - 1)
        before, begun = self._seen, time.monotonic()
        loss_sum, right = self._steps.run(self._step, count)
        seconds = time.monotonic() - begun
        self._step += count
        self._loss_sum += loss_sum
        self._right += right
        self._check(loss_sum / (self._seen - before))
        if not self._warm:
            # The first group loads and compiles code; the next one tells the speed.
            self._warm = True
        else:
            self._training_seconds += seconds
            self._timed_images += self._seen - before
            if ahead != 1:  # one step alone takes longer than its share of a group
                self._group = max(1, min(8 * self._group, round(count * GROUP_SECONDS / seconds)))
        if self._step < self._steps.per_epoch:  # else after the validation
            self._record()

    def _record(self, answers: np.ndarray | None = None) -> None:
        """Take a record of the network, if one is due; ``answers`` are those to the validation."""
        if self._taker is None or self._done not in self._due:
            return
        seconds = 0.0
        if self._speed:
            images = self._config.recipe.epochs * self._count
            seconds = min(RECORDED_SECONDS, images / self._speed)
        epoch = self._done / self._steps.per_epoch
        self._taker.take(epoch, seconds, self._kernels, answers)

    def _check(self, loss: float) -> None:
        if not loss < MOST_LOSS:
            rose = (
                f"The loss rose to {loss:,.0f}"
                if math.isfinite(loss)
                else "The loss is not a number"
            )
            raise self._diverged(rose)

    def _diverged(self, what: str) -> Diverged:
        if self._seen > self._reported[0]:
            self._tell(len(self._history))  # so that the curve shows the explosion
        rate, usual = self._config.recipe.learning_rate, self._config.usual_recipe.learning_rate
        title = self._config.network.title
        advice = f"the recipe of {title} uses {usual:g}" if rate > usual else f"try {rate / 10:g}"
        return Diverged(
            f"{what} in epoch {len(self._history) + 1}: with a learning rate of {rate:g} the steps "
            f"are too large. Use a smaller one: {advice}."
        )

    def _report(self, epoch: int) -> None:
        """Tell the mean of what is new since the latest report, if the network is sound."""
        if not self._steps.finite():
            raise self._diverged("A weight is no longer a finite number")
        self._tell(epoch)

    def _tell(self, epoch: int) -> None:
        seen, loss_sum, right = self._reported
        new = self._seen - seen
        images = epoch * self._count + self._seen
        self._listener.batch(
            BatchEvent(
                epoch=images / self._count,
                images=images,
                loss=(self._loss_sum - loss_sum) / new,
                accuracy=min(1.0, max(0.0, (self._right - right) / new)),
                seconds=self._seconds,
                images_per_second=self._speed,
            )
        )
        self._reported = (self._seen, self._loss_sum, self._right)

    def _best(self) -> EpochEvent | None:
        """Return the epoch that counts: the one of the lowest validation loss, or the latest."""
        if not self._history:
            return None
        if self._config.recipe.patience is None or self._stopped:
            return self._history[-1]
        return min(self._history, key=lambda event: event.val_loss)

    def _ends(self) -> bool:
        """Tell whether the training is over before its last epoch."""
        best, patience = self._best(), self._config.recipe.patience
        if best is None or self._step:
            return False
        if patience is not None and len(self._history) - best.epoch >= patience:
            return True
        self._out_of_time = self._listener.time_is_up(self._history[-1].seconds)
        return self._out_of_time

    def _checkpoint(self) -> Checkpoint:
        progress = Progress(
            epoch=len(self._history),
            step=self._step,
            loss_sum=self._loss_sum,
            right=self._right,
            seconds=self._seconds,
            epoch_seconds=self._epoch_seconds,
            training_seconds=self._training_seconds,
            timed_images=self._timed_images,
            history=tuple(asdict(event) for event in self._history),
        )
        return Checkpoint(progress, self._steps.state(), self._best_weights)


class _Stopped(Exception):
    """The listener ends an evaluation."""


def evaluate(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, listener: Listener
) -> Evaluation | None:
    """Classify every image once; return None if the listener ends it before that.

    Args:
        model: from ``train`` or a model file of a run.
        images: uint8 array (n, height, width, channels).
        labels: int array (n,).
        listener: is asked whether to go on.
    """
    listener.phase("evaluating")

    def look(share: float) -> None:
        if share < 1 and listener.should_stop():
            raise _Stopped

    try:
        return Evaluation.of(answers(model, images, look), labels)
    except _Stopped:
        return None


def warm_up(enough: Callable[[], bool] = lambda: False) -> None:
    """Do once what makes the first training of a process slow: load code, trace, compile.

    A worker does this while it waits, so that a click on Train finds it ready.

    Args:
        enough: asked between two networks whether somebody waits already.
    """
    part = datasets.Split(np.zeros((64, 28, 28, 1), np.uint8), np.zeros(64, np.int64))
    for name in ("basic-cnn", "mlp"):
        if enough():
            return
        architecture = architectures.find(name)
        model = build(architecture, (28, 28, 1), 10, seed=0)
        steps = Steps(model, architecture.recipe.changed(batch_size=32), part, 10, 2, seed=0)
        steps.begin_epoch(0)
        steps.run(0, 2)
        SnapshotTaker(model, part, np.arange(len(part)), 10, lambda _: None).take(0.0, 0.0)
