"""Is it one of the classes at all, and how sure is the answer? The same in every view."""

from enum import StrEnum

import numpy as np

# From which ``unknown`` on the pages say "none of these". Of the real pictures that the first
# network of the bundled model did not learn from, this refuses about six in seven that show none of
# the classes, and one in eleven that do.
THRESHOLD = 0.8
SURE = 0.5  # from this probability on, an answer is more than a best guess


class Verdict(StrEnum):
    """What an answer is worth."""

    SURE = "sure"
    GUESS = "unsure"
    NONE = "none"  # the picture probably shows none of the classes


def verdict(probability: float, doubt: float, limit: float = THRESHOLD) -> Verdict:
    """Return what an answer is worth.

    Args:
        probability: of the most probable class, 0 to 1.
        doubt: ``unknown``, 0 to 1.
        limit: the doubt from which on an answer is refused.
    """
    if doubt >= limit:
        return Verdict.NONE
    return Verdict.SURE if probability >= SURE else Verdict.GUESS


def unknown(probabilities: np.ndarray) -> np.ndarray:
    """Return how little pictures look like any of the classes.

    The entropy of the answer over that of an answer that says nothing. The pictures network learns
    to answer like that to what is none of the classes (outlier exposure, Hendrycks et al. 2019,
    arXiv:1812.04606). On real pictures held back from it, this told them better from those of the
    classes than the highest probability, the distance to the training images in the last hidden
    layer, and how sound the mask is.

    Args:
        probabilities: a network's answers, float (..., classes).

    Returns:
        float (...,), 0 to 1.
    """
    shares = np.asarray(probabilities, np.float64).clip(1e-12, 1)
    entropy = -(shares * np.log(shares)).sum(axis=-1)
    found: np.ndarray = (entropy / np.log(shares.shape[-1])).clip(0, 1)
    return found
