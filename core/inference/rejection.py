"""Is it one of the classes at all?"""

import numpy as np

from core.imaging.prepare import Prepared
from core.inference.models import Model

THRESHOLD = 0.5  # of ``unknown``, from which on the pages say "none of these"


def unknown(probabilities: np.ndarray, prepared: Prepared, model: Model) -> float:
    """Return how little a picture looks like any of the classes, 0 to 1.

    Args:
        probabilities: the network's answer, float32 (classes,).
        prepared: what it was shown.
        model: the network.
    """
    return float(1 - probabilities.max())
