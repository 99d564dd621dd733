"""What a network's answers are worth if it may refuse the images that it is least sure of.

Knows nothing of run folders: confidences in, plain data out.

Sources: Chow, "On optimum recognition error and reject tradeoff", 1970; the risk-coverage curve
and the area under it (AURC) as in Geifman and El-Yaniv, "Selective Classification for Deep Neural
Networks", NIPS 2017, arXiv:1705.08500, and Geifman, Uziel, El-Yaniv, ICLR 2019, arXiv:1805.08206.
"""

from dataclasses import dataclass

import numpy as np

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Refusal:
    """Accuracy as a function of the share of images that a network may refuse.

    Attributes:
        order: int64 (n,), the places of the answers, the surest first.
        accuracy: float64 (n,), of the first 1, 2, ... n of them. Where several are equally sure,
            chance would choose among them: it is the mean over its choices.
        ideal: float64 (n,), the same if exactly the wrong answers were the least sure.
    """

    order: np.ndarray
    accuracy: np.ndarray
    ideal: np.ndarray

    @property
    def risk_area(self) -> float:
        """Area under the risk-coverage curve (AURC): mean share of errors; 0 is best."""
        return float(1 - self.accuracy.mean())

    def answered(self, refused: float) -> int:
        """Return how many images are answered if a share of 0 to 1 may be refused; at least 1."""
        count = len(self.order)
        # A share such as 0.1 is no binary fraction: 10 % of 10 images are one.
        return max(1, count - int(refused * count + _ROUNDING))

    def at(self, refused: float) -> float:
        """Return the accuracy, 0 to 1, on what is answered if a share may be refused."""
        return float(self.accuracy[self.answered(refused) - 1])

    def refused_for(self, accuracy: float) -> float | None:
        """Return the least share to refuse for this accuracy; None if no share is enough."""
        enough = np.flatnonzero(self.accuracy >= accuracy - _ROUNDING)
        return float(1 - (enough[-1] + 1) / len(self.order)) if len(enough) else None


def refusal(confidence: np.ndarray, right: np.ndarray) -> Refusal:
    """Order answers by how sure the network is, and say how good the surest of them are.

    Args:
        confidence: float array (n,), n >= 1.
        right: bool array (n,).
    """
    if not (confidence.shape == right.shape and confidence.ndim == 1 and len(right)):
        raise ValueError(f"shapes {confidence.shape} and {right.shape} do not fit, or are empty")
    count = len(right)
    order = np.argsort(-confidence, kind="stable")
    ordered = confidence[order]
    # Groups of equally sure answers: each of a group counts with the group's share of rights.
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, count])
    rights = np.add.reduceat(right[order], starts, dtype=np.int64)
    asked = np.arange(1, count + 1)
    return Refusal(
        order=order,
        accuracy=np.cumsum(np.repeat(rights / sizes, sizes)) / asked,
        ideal=np.minimum(1.0, right.sum() / asked),
    )
