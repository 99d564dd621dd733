"""The Muon optimizer for whole networks (TF: imports TensorFlow).

Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon) makes the step of a layer's weights
orthogonal, so that it moves the layer's answers by as much in every direction, the rare ones too.
Keras has it for dense layers only; here it is for convolutions too, as in airbench
(arXiv:2404.00498).
"""

from typing import Any

import keras
import tensorflow as tf

from core.architectures.keras_private import resource

ROUNDS = 5
POLYNOMIAL = (3.4445, -4.7750, 2.0315)  # Jordan's: what brings singular values near 1 in few rounds
MOMENTUM = 0.95
BETAS = (0.9, 0.999)  # of Adam, as Keras has them
EPSILON = 1e-7


class Muon(keras.optimizers.Optimizer):  # type: ignore[misc]
    """Muon for the weights of hidden layers; Adam for the classifier, biases and normalisation.

    ``learning_rate`` is Adam's. An orthogonal step is scaled to the size of a step of Adam (Liu et
    al. 2025, arXiv:2502.16982), so that one number serves both.
    """

    def __init__(self, learning_rate: Any = 0.001) -> None:
        """Take a learning rate or a schedule of Keras."""
        super().__init__(learning_rate=learning_rate, name="muon")

    def build(self, variables: list[Any]) -> None:
        """Make room for the momenta of the trained weights, in the network's order."""
        if self.built:
            return
        super().build(variables)
        kernels = [place for place, each in enumerate(variables) if len(each.shape) > 1]
        self._hidden = frozenset(kernels[:-1])  # the last is the classifier's
        self._means = [
            self.add_variable_from_reference(each, name="momentum") for each in variables
        ]
        self._squares = [
            None
            if place in self._hidden
            else self.add_variable_from_reference(each, name="velocity")
            for place, each in enumerate(variables)
        ]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change one weight by its gradient; Keras gives the weight as TensorFlow's variable."""
        target = variable if isinstance(variable, tf.Variable) else resource(variable)
        place = self._get_variable_index(variable)
        mean = resource(self._means[place])
        if place in self._hidden:
            moved = mean.assign(mean * MOMENTUM + gradient)
            step = tf.reshape(gradient + MOMENTUM * moved, [-1, variable.shape[-1]])
            size = 0.2 * max(step.shape) ** 0.5
            step = tf.reshape(orthogonal(step), variable.shape)
            target.assign_sub(step * (learning_rate * size))
            return
        done = tf.cast(self.iterations + 1, tf.float32)
        powers = [tf.pow(beta, done) for beta in BETAS]
        tf.raw_ops.ResourceApplyAdam(
            var=target.handle,
            m=mean.handle,
            v=resource(self._squares[place]).handle,
            beta1_power=powers[0],
            beta2_power=powers[1],
            lr=learning_rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            epsilon=EPSILON,
            grad=gradient,
        )


def orthogonal(matrix: Any) -> Any:
    """Return about the nearest matrix whose singular values are all 1, of the same shape.

    Each round of the Newton-Schulz iteration multiplies the matrix by a polynomial of its Gram
    matrix. These polynomials commute, so the rounds can be done on the Gram matrix, which is
    small, and the large one is multiplied once.
    """
    rows, columns = matrix.shape
    tall = rows > columns
    matrix /= tf.norm(matrix) + EPSILON
    gram = tf.matmul(matrix, matrix, transpose_a=tall, transpose_b=not tall)
    one = tf.eye(min(rows, columns))
    whole = None
    a, b, c = POLYNOMIAL
    for _ in range(ROUNDS):
        factor = a * one + b * gram + c * tf.matmul(gram, gram)
        gram = tf.matmul(tf.matmul(factor, gram), factor)
        whole = factor if whole is None else tf.matmul(whole, factor)
    return tf.matmul(matrix, whole) if tall else tf.matmul(whole, matrix)
