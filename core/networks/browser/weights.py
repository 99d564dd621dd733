"""The weights of a run's network as a browser wants them: one file a network, float32."""

import numpy as np

from core.errors import ModelUnavailable
from core.networks.weights import weights_of
from core.runs import Run


def members_of(run: Run) -> int:
    """Return how many networks answer together in a run; one, but for bundled models."""
    return 1 if run.result is None else run.result.networks


def weights_file(run: Run, member: int = 0) -> bytes:
    """Return the weights of one network, one after the other: float32, the lowest byte first.

    Args:
        run: whose.
        member: which of the networks that answer together, from 0.

    Raises:
        ModelUnavailable: the file cannot be read, is of another network, or has no such member.
    """
    config, networks = run.config, members_of(run)
    found = weights_of(run).values()
    flat = np.concatenate([np.ravel(array) for array in found]).astype("<f4")
    if config is None or flat.size != networks * config.parameters or not 0 <= member < networks:
        raise ModelUnavailable(
            f"The network file of the run {run.id} has {flat.size:,} parameters, not those that "
            "its settings say. Train it again."
        )
    own = flat[member * config.parameters : (member + 1) * config.parameters]
    return own.tobytes()
