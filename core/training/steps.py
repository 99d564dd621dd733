"""Training steps compiled in groups (TF: importing this module imports TensorFlow).

Keras's ``fit`` returns to Python between steps, feeds images through tf.data and runs each layer's
and each weight's update as several small operations. Here a whole group of steps is one call, with
its images taken straight from the data set's array or file, and an update is one operation a
weight. The mathematics are those of ``fit`` with the same loss and optimizer;
``core.training.forward`` is the network itself.

This module knows nothing of epochs' ends, listeners or files.
"""

import math
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from core.architectures.build import make_optimizer, variables
from core.architectures.keras_private import decays, moments, resource
from core.architectures.recipe import Recipe
from core.datasets import Split
from core.training import devices
from core.training.augmentation import augment
from core.training.forward import Forward

EVALUATION_BATCH = 500  # images
CALL_BYTES = 8_000_000  # of images go into one call: all that is ever held of them


class Judged(NamedTuple):
    """What a network is worth on some images: mean loss, accuracy (0 to 1), probabilities.

    The probabilities are float32 (n, classes), in the order of the images.
    """

    loss: float
    accuracy: float
    answers: np.ndarray


class Steps:
    """One network with its optimizer and its training images, ready to step.

    Everything random is a function of the seed and the step's number, so that neither the size of
    the groups nor a restart changes a single bit on the same machine.
    """

    def __init__(
        self,
        model: keras.Model,
        recipe: Recipe,
        part: Split,
        classes: int,
        epochs_steps_total: int,
        seed: int,
        rows: np.ndarray | None = None,
    ) -> None:
        """Take over ``model``, whose weights change in place.

        Args:
            model: from ``core.architectures.build.build``.
            recipe: how it is trained.
            part: the training images, uint8 (n, height, width, channels), and their labels. They
                may be mapped from a file: each call reads the images of its steps, and no more.
            classes: number of classes.
            epochs_steps_total: steps of the whole run, for the learning rate's schedule.
            seed: of the order of the images, of augmentation and of dropout, from 0.
            rows: indices of the images in ``part`` to learn from; all by default.
        """
        self._model, self._recipe, self._seed = model, recipe, seed
        self._part, self._rows = part, np.arange(len(part)) if rows is None else rows
        self._count = len(self._rows)
        self.per_epoch = math.ceil(self._count / recipe.batch_size)
        self._smoothing, self._classes = recipe.label_smoothing, classes
        self._flags = recipe.augmentation
        batch_bytes = recipe.batch_size * math.prod(part.images.shape[1:])
        self._most = max(1, min(CALL_BYTES // batch_bytes, self._count // recipe.batch_size))
        precision = devices.convolutions(recipe.precision.value, devices.capability())
        self._forward = Forward(model, precision, processor=not devices.gpus())
        self._trained = [resource(variable) for variable in model.trainable_variables]
        self._optimizer = make_optimizer(recipe, epochs_steps_total)
        self._optimizer.build(model.trainable_variables)
        self._update = _updater(self._optimizer, model.trainable_variables)
        self._epoch = 0
        self._order = self._rows
        # XLA on a CPU makes dense networks faster, and strided convolutions where these are
        # products; other convolutions it makes many times slower, and these networks leave it only
        # the random numbers and pooling. It compiles for one batch size, so the odd last batch of
        # an epoch goes without. A GPU has cuDNN for convolutions (not measured).
        self._whole = self._forward.suits_xla and not self._flags
        self._masks, self._step = self._forward.masks, self._one_step
        if not self._forward.suits_xla:
            self._masks = tf.function(self._masks, jit_compile=True, autograph=False)
        elif not self._whole:  # moving and turning images XLA cannot
            self._step = tf.function(self._step, jit_compile=True, autograph=False)
        shape, kind = part.images.shape[1:], part.images.dtype
        room = self._most * recipe.batch_size if self._whole else None
        self._group = tf.function(
            self._many_steps,
            input_signature=[
                tf.TensorSpec([room, *shape], kind),
                tf.TensorSpec([room], tf.int32),
                tf.TensorSpec([], tf.int32),
                tf.TensorSpec([], tf.int32),
            ],
            jit_compile=True if self._whole else None,
            autograph=False,
        )
        self._rest = tf.function(self._last_step, autograph=False)
        self._finite = tf.function(self._all_finite, autograph=False)
        self._judge = tf.function(self._one_evaluation, reduce_retracing=True, autograph=False)

    def begin_epoch(self, epoch: int) -> None:
        """Draw the order of the images of an epoch, counted from 0."""
        self._epoch = epoch
        order = np.random.default_rng((self._seed, epoch)).permutation(self._count)
        self._order = self._rows[order]

    def run(self, first: int, count: int) -> tuple[float, float]:
        """Run ``count`` steps of the epoch, from step ``first`` (0-based) on.

        Returns:
            Sum of the loss over the images of these steps, and how many images were right, both
            while the weights change.
        """
        size, stop = self._recipe.batch_size, first + count
        before = self._epoch * self.per_epoch
        loss, right = 0.0, 0.0
        whole = min(stop, self._count // size)
        for step in range(first, whole, self._most):
            steps = min(self._most, whole - step)
            images, labels = self._taken(step, steps, self._most if self._whole else steps)
            sums = self._group(images, labels, tf.constant(before + step), tf.constant(steps))
            # Doubles add up the steps' sums without rounding, so grouping cannot show.
            loss, right = loss + float(sums[0]), right + float(sums[1])
        if whole < stop:
            sums = self._rest(*self._taken(whole, 1), tf.constant(before + whole))
            loss, right = loss + float(sums[0]), right + float(sums[1])
        return loss, right

    def _taken(self, first: int, steps: int, room: int = 0) -> tuple[Any, Any]:
        """Return images and labels of steps of the epoch; behind them, room for ``room`` steps."""
        size = self._recipe.batch_size
        rows = self._order[first * size : (first + steps) * size]
        length = max(len(rows), room * size)
        images = np.empty((length, *self._part.images.shape[1:]), self._part.images.dtype)
        labels = np.zeros(length, np.int32)
        np.take(self._part.images, rows, axis=0, out=images[: len(rows)], mode="clip")
        labels[: len(rows)] = self._part.labels[rows]
        return tf.constant(images), tf.constant(labels)

    def evaluate(
        self, images: np.ndarray, labels: np.ndarray, rows: np.ndarray | None = None
    ) -> Judged:
        """Ask the network as it is used, without dropout.

        Args:
            images: as in training.
            labels: theirs.
            rows: indices of those that count; all by default.
        """
        loss, right, answers = 0.0, 0.0, []
        rows = np.arange(len(labels)) if rows is None else rows
        for start in range(0, len(rows), EVALUATION_BATCH):
            part = rows[start : start + EVALUATION_BATCH]
            told = self._judge(tf.constant(images[part]), tf.constant(labels[part], tf.int32))
            loss, right = loss + float(told[0]), right + float(told[1])
            answers.append(told[2].numpy())
        return Judged(loss / len(rows), right / len(rows), np.concatenate(answers))

    def finite(self) -> bool:
        """Tell whether every weight is a finite number.

        The loss does not tell: pooling and ReLU make 0 of what is not a number.
        """
        return bool(self._finite())

    def state(self) -> dict[str, np.ndarray]:
        """Return weights and optimizer, all that going on from here needs but the seed."""
        return {name: np.asarray(variable.numpy()) for name, variable in self._variables().items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take over what ``state`` gave, perhaps in another process.

        Raises:
            ValueError: it is the state of another network or another optimizer; nothing changed.
        """
        named = self._variables()
        if state.keys() != named.keys():
            odd = sorted(state.keys() ^ named.keys())[0]
            raise ValueError(f"The state and the network differ in {odd!r}.")
        for name, variable in named.items():
            new = state[name]
            expected = (tuple(variable.shape), variable.dtype.as_numpy_dtype)
            if (new.shape, new.dtype) != expected:
                raise ValueError(
                    f"The state's {name!r} is {new.dtype} {new.shape}, but the network's is "
                    f"{np.dtype(expected[1])} {expected[0]}."
                )
        for name, variable in named.items():
            variable.assign(state[name])

    def _variables(self) -> dict[str, Any]:
        return variables(self._model, self._optimizer)

    def _many_steps(self, images: Any, labels: Any, first: Any, count: Any) -> tuple[Any, Any]:
        """Do ``count`` steps on images that follow one another; the first is the run's ``first``.

        Returns the sums of loss and of right answers.
        """
        size, rest = self._recipe.batch_size, images.shape[1:]

        def body(step: Any, loss: Any, right: Any) -> tuple[Any, Any, Any]:
            batch = tf.slice(images, [step * size, 0, 0, 0], [size, *rest])
            answers = tf.slice(labels, [step * size], [size])
            new_loss, new_right = self._step(*self._varied(batch, answers, first + step))
            return step + 1, loss + new_loss, right + new_right

        zero, none = tf.zeros([], tf.float64), tf.zeros([], tf.int32)
        _, loss, right = tf.while_loop(
            lambda step, *_: step < count, body, (none, zero, none), parallel_iterations=1
        )
        return loss, right

    def _last_step(self, images: Any, labels: Any, step: Any) -> tuple[Any, Any]:
        return self._one_step(*self._varied(images, labels, step), compiled=False)

    def _varied(self, images: Any, labels: Any, step: Any) -> tuple[Any, Any, Any]:
        """Return a step's images, varied, and labels, and its random seed.

        The first two of a step's four seeds vary the images, the third is for dropout.
        """
        seed = tf.stack([tf.constant(self._seed, tf.int64), 4 * tf.cast(step, tf.int64)])
        if self._flags:
            images = augment(tf.cast(images, tf.float32), self._flags, seed)
        return images, labels, seed

    def _one_step(
        self, images: Any, labels: Any, seed: Any, *, compiled: bool = True
    ) -> tuple[Any, Any]:
        """Do one step on these images; return the sums of loss and of right answers."""
        masks = []
        if self._forward.drops:
            masks_of = self._masks if compiled else self._forward.masks
            masks = masks_of(images.shape[0], seed + tf.constant([0, 2], tf.int64))
        weights = [variable.read_value() for variable in self._trained]
        logits = self._forward.train(images, weights, masks, compiled=compiled)
        losses = self._losses(logits, labels)
        gradients = tf.gradients(tf.reduce_mean(losses), weights)
        self._update(weights, gradients)
        return _sums(losses, logits, labels)

    def _all_finite(self) -> Any:
        # One number a weight: infinite or not a number if any of its values is.
        sums = [tf.reduce_sum(variable * 0.0) for variable in self._trained]
        return tf.equal(tf.add_n(sums), 0.0)

    def _one_evaluation(self, images: Any, labels: Any) -> tuple[Any, Any, Any]:
        logits = self._forward.infer(images)
        sums = _sums(self._losses(logits, labels), logits, labels)
        return (*sums, tf.nn.softmax(logits))

    def _losses(self, logits: Any, labels: Any) -> Any:
        """Return each image's cross-entropy; from logits, which never takes a logarithm of 0."""
        if not self._smoothing:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        low = self._smoothing / self._classes
        smooth = tf.one_hot(labels, self._classes, 1 - self._smoothing + low, low)
        return tf.nn.softmax_cross_entropy_with_logits(smooth, logits)


def _sums(losses: Any, logits: Any, labels: Any) -> tuple[Any, Any]:
    right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
    loss = tf.reduce_sum(losses)
    return tf.cast(loss, tf.float64), tf.reduce_sum(tf.cast(right, tf.int32))


def _updater(optimizer: Any, variables: list[Any]) -> Any:
    """Return a function of (weights as read, gradients) that does the optimizer's update.

    TensorFlow has each of these updates as one operation, with the formula that Keras spells out
    in ten; they work on the variables of Keras's optimizer.
    """
    targets = [resource(variable).handle for variable in variables]
    iterations = resource(optimizer.iterations)

    def begin() -> Any:
        rate = tf.cast(optimizer.learning_rate, tf.float32)
        iterations.assign_add(1)
        return rate

    raw = tf.raw_ops
    match optimizer:
        case keras.optimizers.SGD() if not optimizer.momentum:

            def update(weights: list[Any], gradients: list[Any]) -> None:
                rate = begin()
                for target, gradient in zip(targets, gradients, strict=True):
                    raw.ResourceApplyGradientDescent(var=target, alpha=rate, delta=gradient)

        case keras.optimizers.SGD():
            momenta = [resource(slot) for slot in optimizer.momentums]

            def update(weights: list[Any], gradients: list[Any]) -> None:
                rate = begin()
                for target, slot, gradient in zip(targets, momenta, gradients, strict=True):
                    raw.ResourceApplyKerasMomentum(
                        var=target,
                        accum=slot.handle,
                        lr=rate,
                        grad=gradient,
                        momentum=optimizer.momentum,
                        use_nesterov=optimizer.nesterov,
                    )

        case keras.optimizers.Adam():
            means, squares = ([resource(slot) for slot in each] for each in moments(optimizer))
            decay = optimizer.weight_decay

            def update(weights: list[Any], gradients: list[Any]) -> None:
                done = tf.cast(iterations, tf.float32) + 1
                rate = begin()
                powers = [tf.pow(beta, done) for beta in (optimizer.beta_1, optimizer.beta_2)]
                for place, gradient in enumerate(gradients):
                    if decay and decays(optimizer, variables[place]):
                        resource(variables[place]).assign_sub(weights[place] * (decay * rate))
                    raw.ResourceApplyAdam(
                        var=targets[place],
                        m=means[place].handle,
                        v=squares[place].handle,
                        beta1_power=powers[0],
                        beta2_power=powers[1],
                        lr=rate,
                        beta1=optimizer.beta_1,
                        beta2=optimizer.beta_2,
                        epsilon=optimizer.epsilon,
                        grad=gradient,
                    )

        case _:

            def update(weights: list[Any], gradients: list[Any]) -> None:
                optimizer.apply(gradients)

    return update
