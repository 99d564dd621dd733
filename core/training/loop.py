"""The training loop (TF: importing this module imports TensorFlow).

Keras's ``fit`` does the work. Groups of steps run without a return to Python
(``steps_per_execution``), sized so that a listener still hears something a few times a second.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core import architectures, datasets
from core.architectures.build import build, compile_model
from core.runs.config import TrainingConfig
from core.runs.evaluation import Evaluation
from core.training.events import BatchEvent, Diverged, EpochEvent, Listener
from core.training.pipeline import divide, training_batches, validation_batches

GROUP_SECONDS = 0.1  # aimed at between two returns to Python
ASSUMED_RATE = 2e10  # multiplications a second, forward and backward, on two cores
EVENT_SECONDS = 0.25  # between two batch events
PREDICTION_BATCH = 250  # images; a stop is noticed between two batches


@dataclass(frozen=True)
class Trained:
    """A network after its training.

    Attributes:
        model: with the weights of ``best``, or of the last step if it was stopped.
        epochs: complete epochs.
        best: the epoch that the model's weights are of; None if no epoch was completed.
        stopped: whether the listener ended it.
        images_per_second: training images a second of training time, validation left out.
    """

    model: keras.Model
    epochs: int
    best: EpochEvent | None
    stopped: bool
    images_per_second: float | None


def train(config: TrainingConfig, listener: Listener) -> Trained:
    """Train a fresh network on the training split and tell ``listener`` how it goes.

    Raises:
        DataUnavailable, DataDamaged: the data set cannot be read.
        Diverged: the loss is no longer finite.
    """
    spec = datasets.find(config.dataset)
    architecture = architectures.find(config.architecture)
    classes, recipe = len(spec.classes), config.recipe
    parts = divide(spec.load("train"), config)
    model = build(architecture, spec.shape, classes, config.seed)
    steps = math.ceil(len(parts.train) / recipe.batch_size)
    # A forward pass, and about twice as much for the gradients.
    work = 3 * architecture.multiplications(spec.shape, classes) * recipe.batch_size
    group = max(1, min(steps, 50, round(GROUP_SECONDS * ASSUMED_RATE / work)))
    compile_model(model, recipe, steps * recipe.epochs, group)
    reporter = _Reporter(config, listener)
    listener.phase("training")
    model.fit(
        training_batches(parts.train, config, classes),
        validation_data=validation_batches(parts.validation, config, classes),
        epochs=recipe.epochs,
        verbose=0,
        shuffle=False,  # the pipeline shuffles
        callbacks=[reporter],
    )
    return Trained(
        model=model,
        epochs=reporter.epochs,
        best=reporter.best,
        stopped=reporter.stopped,
        images_per_second=reporter.images_per_second,
    )


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
    classify = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)
    answers = []
    for start in range(0, len(images), PREDICTION_BATCH):
        if listener.should_stop():
            return None
        batch = tf.cast(images[start : start + PREDICTION_BATCH], tf.float32)
        answers.append(classify(batch).numpy())
    probabilities = np.concatenate(answers)
    truth = probabilities[np.arange(len(labels)), labels]
    # Keras's own bound on a probability, so that one zero does not make the mean infinite.
    return Evaluation(probabilities, float(-np.log(np.maximum(truth, 1e-7)).mean()))


class _Reporter(keras.callbacks.Callback):
    """Turns Keras's callbacks into events, and the listener's wish into the end of ``fit``."""

    def __init__(self, config: TrainingConfig, listener: Listener) -> None:
        super().__init__()
        self.epochs = 0
        self.best: EpochEvent | None = None
        self.stopped = False
        self._config = config
        self._listener = listener
        self._count = config.training_count
        self._epoch_started = 0.0
        self._training_seconds = 0.0
        self._best_weights: list[np.ndarray] | None = None
        # Sums since the start of the epoch, at the latest batch event.
        self._seen, self._loss_sum, self._right = 0, 0.0, 0.0
        self._reported_at = 0.0

    @property
    def images_per_second(self) -> float | None:
        if not self.epochs or not self._training_seconds:
            return None
        return self.epochs * self._count / self._training_seconds

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch_started = time.monotonic()
        self._seen, self._loss_sum, self._right = 0, 0.0, 0.0
        self._reported_at = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        now = time.monotonic()
        if self._listener.should_stop():
            self.stopped = self.model.stop_training = True
            return
        seen = min((batch + 1) * self._config.recipe.batch_size, self._count)
        last = seen == self._count
        if last:
            self._training_seconds += now - self._epoch_started
        if now - self._reported_at < EVENT_SECONDS and not last:
            return
        self._reported_at = now
        # Keras gives means since the start of the epoch; people want to see what is new.
        loss_sum, right = float(logs["loss"]) * seen, float(logs["accuracy"]) * seen
        new = seen - self._seen
        loss = (loss_sum - self._loss_sum) / new
        accuracy = min(1.0, max(0.0, (right - self._right) / new))
        self._seen, self._loss_sum, self._right = seen, loss_sum, right
        if not math.isfinite(loss):
            raise Diverged(
                f"The loss became {loss} in epoch {self.epochs + 1}: the steps are too large. "
                f"Take a learning rate below {self._config.recipe.learning_rate:g}."
            )
        images = self.epochs * self._count + seen
        self._listener.batch(BatchEvent(images / self._count, images, loss, accuracy))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.stopped:
            return
        self.epochs = epoch + 1
        event = EpochEvent(
            epoch=self.epochs,
            loss=float(logs["loss"]),
            accuracy=float(logs["accuracy"]),
            val_loss=float(logs["val_loss"]),
            val_accuracy=float(logs["val_accuracy"]),
            seconds=time.monotonic() - self._epoch_started,
        )
        self._listener.epoch(event, self.model)
        patience = self._config.recipe.patience
        if patience is None:
            self.best = event
            return
        if self.best is None or event.val_loss < self.best.val_loss:
            self.best, self._best_weights = event, self.model.get_weights()
        elif self.epochs - self.best.epoch >= patience:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        if self._best_weights is not None and not self.stopped:
            self.model.set_weights(self._best_weights)


def warm_up() -> None:
    """Do once what makes the first training of a process slow: load code, trace, compile.

    A worker does this while it waits, so that a click on Train finds it ready.
    """
    images = np.zeros((64, 28, 28, 1), np.uint8)
    for name in ("basic-cnn", "mlp"):
        architecture = architectures.find(name)
        model = build(architecture, (28, 28, 1), 10, seed=0)
        compile_model(model, architecture.recipe, steps=1, group=2)
        model.fit(images, np.zeros(64, np.int64), batch_size=32, epochs=1, verbose=0)
