"""Is it one of the classes at all?"""

import numpy as np

from core.imaging.prepare import Prepared
from core.inference.models import Model

# From which ``unknown`` on the pages say "none of these". Of the real pictures that the bundled
# model did not learn from, this refuses about four in five that show none of the classes, and one
# in ten that do.
THRESHOLD = 0.65


def unknown(probabilities: np.ndarray, prepared: Prepared, model: Model) -> float:
    """Return how little a picture looks like any of the classes, 0 to 1.

    Args:
        probabilities: the network's answer, float32 (classes,).
        prepared: what it was shown.
        model: the network.
    """
    return float(1 - probabilities.max())
