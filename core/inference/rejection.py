"""Is it one of the classes at all?"""

import numpy as np

# From which ``unknown`` on the pages say "none of these". Of the real pictures that the bundled
# model did not learn from, this refuses about four in five that show none of the classes, and one
# in ten that do.
THRESHOLD = 0.65


def unknown(probabilities: np.ndarray) -> float:
    """Return how little a picture looks like any of the classes, 0 to 1.

    Args:
        probabilities: the network's answer to it, float32 (classes,).
    """
    return float(1 - probabilities.max())
