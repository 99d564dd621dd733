"""TensorBoard's event files of a run (TF: importing this module imports TensorFlow).

They are written beside the other files of the run, so ``tensorboard --logdir var/runs`` shows every
run that asked for them. TensorBoard itself is not needed to write them.
"""

import json
from typing import Any

import tensorflow as tf

from core.files import remove
from core.runs.records import RunFolder

_NAMES = {
    "loss": "loss/training",
    "accuracy": "accuracy/training",
    "val_loss": "loss/validation",
    "val_accuracy": "accuracy/validation",
}


class Board:
    """Writes event files; a step is an image seen in training."""

    def __init__(self, folder: RunFolder, images: int) -> None:
        """Start a new file with what the run's curves hold by now.

        Args:
            folder: of the run; its curves end where the training goes on.
            images: training images an epoch.
        """
        self._images = images
        for old in folder.path.glob("events.out.*"):
            remove(old)  # it may hold points that the training repeats
        with tf.Graph().as_default():  # the one writer that needs no TensorBoard wants a graph
            self._writer = tf.compat.v1.summary.FileWriter(str(folder.path), flush_secs=2)
        for path, write in ((folder.batches, self.batch), (folder.epochs, self.epoch)):
            if path.exists():
                for line in path.read_text(encoding="utf-8").splitlines():
                    write(json.loads(line))

    def batch(self, point: dict[str, Any]) -> None:
        """Write a line of ``batches.jsonl``."""
        self._write(point, {"loss": "loss/batches", "accuracy": "accuracy/batches"})

    def epoch(self, point: dict[str, Any]) -> None:
        """Write a line of ``epochs.jsonl``, and all that waits, to the disk."""
        self._write(point, _NAMES)
        self._writer.flush()

    def _write(self, point: dict[str, Any], names: dict[str, str]) -> None:
        values = [
            tf.compat.v1.Summary.Value(tag=tag, simple_value=point[name])
            for name, tag in names.items()
            if point[name] is not None
        ]
        step = round(point["epoch"] * self._images)
        self._writer.add_summary(tf.compat.v1.Summary(value=values), step)
