"""The private names of Keras that Atelier needs, all in one place (TF when called).

They are read while a network is built or traced, never while it works. A Keras without one of them
is told by a sentence with its version; ``tests/core/test_keras_private.py`` tries each.
"""

from collections.abc import Callable, Sequence
from typing import Any

KNOWN = "3.15"  # the version of Keras whose names these are


def resource(variable: Any) -> Any:
    """Return the ``tf.Variable`` behind a Keras variable.

    Raises:
        RuntimeError: this Keras has the name no more; so do the functions below.
    """
    return _named(variable, "_value")


def moments(optimizer: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return Adam's running means of the gradients and of their squares, one a weight."""
    return _named(optimizer, "_momentums"), _named(optimizer, "_velocities")


def decays(optimizer: Any, variable: Any) -> bool:
    """Tell whether an optimizer's weight decay is for this weight."""
    return bool(_named(optimizer, "_use_weight_decay")(variable))


def run_through(model: Any, tensor: Any, call: Callable[..., Any]) -> Any:
    """Lay a functional model's graph anew from a tensor, each layer by ``call(layer, ...)``.

    ``keras.models.clone_model`` does so too, but cannot begin in the middle of another graph.
    """
    return _named(model, "_run_through_graph")(tensor, lambda same: same, call_fn=call)


def _named(thing: Any, name: str) -> Any:
    try:
        return getattr(thing, name)
    except AttributeError as error:
        import keras

        raise RuntimeError(
            f"Keras {keras.__version__} has no {type(thing).__name__}.{name}, which {KNOWN} had. "
            "Install the version in requirements.txt, or mend core/architectures/keras_private.py."
        ) from error
