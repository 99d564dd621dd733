"""The network of a run that did not come to its end, from its checkpoint (TF when called)."""

from pathlib import Path
from typing import Any

from core import datasets
from core.errors import ModelUnavailable, RunDamaged
from core.runs import read
from core.runs.checkpoint import read_checkpoint


def from_checkpoint(path: Path, run_id: str) -> Any:
    """Return the Keras model with the weights of a checkpoint, as they were at its moment.

    Args:
        path: of the checkpoint.
        run_id: of its run.

    Raises:
        RunNotFound: the run is gone.
        ModelUnavailable: the file is missing, cannot be read, or is that of another network.
    """
    from core.architectures.build import build, leaves

    config, unfit = read(run_id).config, f"The file {path.name} of {run_id} "
    try:
        checkpoint = read_checkpoint(path)
    except RunDamaged as error:
        raise ModelUnavailable(f"{unfit}cannot be read. Choose another run.") from error
    if checkpoint is None or config is None:
        raise ModelUnavailable(f"{unfit}is missing. Choose another run.")
    spec = datasets.find(config.dataset)
    model = build(config.network, spec.shape, len(spec.classes), config.seed)
    for name, layer in leaves(model):
        for variable in layer.weights:
            weights = checkpoint.state.get(f"{name}.{variable.name}")
            if weights is None or weights.shape != tuple(variable.shape):
                raise ModelUnavailable(f"{unfit}does not fit its settings. Choose another run.")
            variable.assign(weights)
    return model
