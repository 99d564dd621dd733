"""Does a network know how sure it may be? Calibration, and temperature scaling.

Knows nothing of run folders: confidences and answers in, plain data out. SciPy is imported when
first needed, as it takes a moment.

Sources: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017,
arXiv:1706.04599 (equal-width bins, expected and maximum calibration error, temperature scaling);
Nguyen and O'Connor, EMNLP 2015, arXiv:1508.05154 (bins of equal counts); Bröcker and Smith,
"Increasing the Reliability of Reliability Diagrams", 2007 (what chance alone does to a diagram).
"""

from dataclasses import dataclass

import numpy as np

from core.evaluation.answers import VALIDATION, Answers

BINS = 15
"""As in Guo et al."""
FEWEST = 100
"""Images below which a reliability diagram says nothing and no temperature should be fitted."""

_LOWEST, _HIGHEST = 0.05, 20.0  # temperatures; what lies outside is no temperature but a failure
_LEAST = float(np.finfo(np.float32).tiny)  # of a float32 softmax; below it is an exact zero
_LOSS_BOUND = 1e-7  # Keras's own bound on a probability, as in the loss that a run reports
_CHANCE_TIMES, _CHANCE_CHUNK = 200, 50


@dataclass(frozen=True)
class Bin:
    """The answers whose confidence lies in (low, high].

    Attributes:
        low, high: edges, 0 to 1.
        count: answers inside.
        confidence, accuracy: their means, 0 to 1; None where there are none.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None

    @property
    def gap(self) -> float:
        """How much more the network claims than it holds; 0 for an empty bin."""
        if self.confidence is None or self.accuracy is None:
            return 0.0
        return self.confidence - self.accuracy


@dataclass(frozen=True)
class Calibration:
    """How far a network's confidence is from how often it is right.

    Attributes:
        bins: of a reliability diagram, in order, with those that are empty.
        error: expected calibration error (ECE): the mean distance, weighted by the answers.
        worst: maximum calibration error (MCE): the largest distance of a bin, however few
            answers are in it.
        confidence, accuracy: means over all answers.
    """

    bins: tuple[Bin, ...]
    error: float
    worst: float
    confidence: float
    accuracy: float

    @property
    def count(self) -> int:
        """Number of answers."""
        return sum(each.count for each in self.bins)


@dataclass(frozen=True)
class Tempered:
    """Answers after temperature scaling; which class is answered does not change.

    Attributes:
        temperature: fitted on all validation images; above 1 makes answers more hesitant.
        halves: where the answers are the validation images themselves, the temperatures that
            they were scaled with: each half with the one fitted on the other half.
        confidence: float64 (n,), of the answers after scaling.
        loss_before, loss: mean cross-entropy of the answers, in nats.
    """

    temperature: float
    halves: tuple[float, float] | None
    confidence: np.ndarray
    loss_before: float
    loss: float


def confidence_of(probabilities: np.ndarray) -> np.ndarray:
    """Return the probability of each answered class, float64 (n,)."""
    found: np.ndarray = probabilities.max(axis=1).astype(np.float64)
    return found


def calibration(
    confidence: np.ndarray, right: np.ndarray, bins: int = BINS, *, adaptive: bool = False
) -> Calibration:
    """Compare how sure a network is with how often it is right.

    Args:
        confidence: float array (n,), 0 to 1, n >= 1.
        right: bool array (n,).
        bins: at least 1.
        adaptive: make the bins so that each holds about as many answers, instead of equally wide.
            Equal confidences stay together, so there may be fewer bins.
    """
    if not (confidence.shape == right.shape and confidence.ndim == 1 and len(right)):
        raise ValueError(f"shapes {confidence.shape} and {right.shape} do not fit, or are empty")
    edges = _edges(confidence, bins, adaptive)
    place = _places(confidence, edges)
    counts = np.bincount(place, minlength=len(edges) - 1)
    some = np.maximum(counts, 1)
    claimed = np.bincount(place, confidence, len(counts)) / some
    held = np.bincount(place, right, len(counts)) / some
    gaps = np.abs(claimed - held)
    return Calibration(
        bins=tuple(
            Bin(
                float(edges[index]),
                float(edges[index + 1]),
                int(count),
                float(claimed[index]) if count else None,
                float(held[index]) if count else None,
            )
            for index, count in enumerate(counts)
        ),
        error=float((counts * gaps).sum() / len(right)),
        worst=float(gaps.max()),
        confidence=float(confidence.mean()),
        accuracy=float(right.mean()),
    )


def chance_error(
    confidence: np.ndarray, bins: int = BINS, *, adaptive: bool = False, seed: int = 0
) -> float:
    """Return the calibration error that chance alone would rarely exceed on these answers.

    A perfectly calibrated network's measured error is not 0: among 20 answers of 90 % there are
    not always 18 right. So rights are drawn as the confidences say, many times, and the error that
    5 % of the draws exceed is returned.

    Args:
        confidence: float array (n,), n >= 1.
        bins, adaptive: as in ``calibration``.
        seed: of the draws.
    """
    edges = _edges(confidence, bins, adaptive)
    place = _places(confidence, edges)
    order = np.argsort(place, kind="stable")
    _, starts = np.unique(place[order], return_index=True)
    claims = confidence[order]
    claimed = np.add.reduceat(claims, starts)
    generator = np.random.default_rng(seed)
    errors = []
    for _ in range(0, _CHANCE_TIMES, _CHANCE_CHUNK):
        drawn = generator.random((_CHANCE_CHUNK, len(claims)), np.float32) < claims
        held = np.add.reduceat(drawn, starts, axis=1, dtype=np.int64)
        errors.append(np.abs(held - claimed).sum(axis=1) / len(claims))
    return float(np.quantile(np.concatenate(errors), 0.95))


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float | None:
    """Return the temperature that makes the truth likeliest: least mean cross-entropy.

    Args:
        probabilities: float array (n, classes), rows sum to 1, n >= 1. Their logarithms are the
            logits up to a constant a row, which the softmax does not see.
        labels: int array (n,), the truth.

    Returns:
        The temperature, or None where none from 0.05 to 20 is best: without a mistake, sharper is
        always better; for a network that knows nothing, flatter is.
    """
    from scipy.optimize import minimize_scalar

    logits = _logits(probabilities)
    truths = logits[np.arange(len(labels)), labels]
    if (truths == 0).all():  # no mistake; where the loss is exactly 0 there is nothing to follow
        return None
    truth = float(truths.mean())

    def loss(logarithm: float) -> float:
        temperature = np.exp(logarithm)
        found: float = (
            float(np.log(np.exp(logits / temperature).sum(axis=1)).mean()) - truth / temperature
        )
        return found

    # The loss is convex in 1 / T, so there is one minimum, in the logarithm of T too.
    bounds = (float(np.log(_LOWEST)), float(np.log(_HIGHEST)))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    at_bound = min(found.x - bounds[0], bounds[1] - found.x) < 1e-2
    return None if at_bound else float(np.exp(found.x))


def temper(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probabilities, float64 (n, classes), with the logits divided by a temperature."""
    scaled = np.exp(_logits(probabilities) / temperature)
    found: np.ndarray = scaled / scaled.sum(axis=1, keepdims=True)
    return found


def fewest_to_fit(part: str) -> int:
    """Return how many validation images it takes to scale the answers on a part."""
    return 2 * FEWEST if part == VALIDATION else FEWEST  # by halves, see ``tempered``


def tempered(answers: Answers, validation: Answers) -> Tempered | None:
    """Scale answers with the temperature that the same network's validation answers ask for.

    If the answers are those on the validation images, a temperature would be judged on the images
    it was fitted on. Then the images are halved at random, and each half is scaled with the
    temperature of the other.

    Returns:
        The scaled answers; None where no temperature fits (see ``fit_temperature``).

    Raises:
        ValueError: there are fewer than ``fewest_to_fit`` images to fit one on.
    """
    crossed = answers.part == VALIDATION
    if len(validation) < fewest_to_fit(answers.part):
        raise ValueError(f"{len(validation)} images are too few to fit a temperature on")
    temperature = fit_temperature(validation.probabilities, validation.labels)
    if temperature is None:
        return None
    halves = None
    if crossed:
        halves, scaled = _cross_fitted(answers)
        if scaled is None:
            return None
    else:
        scaled = temper(answers.probabilities, temperature)
    return Tempered(
        temperature=temperature,
        halves=halves,
        confidence=confidence_of(scaled),
        loss_before=_loss(answers.probabilities, answers.labels),
        loss=_loss(scaled, answers.labels),
    )


def _cross_fitted(answers: Answers) -> tuple[tuple[float, float], np.ndarray] | tuple[None, None]:
    """Return the temperature of either half, and the answers scaled with the other half's."""
    order = np.random.default_rng(0).permutation(len(answers))
    halves = np.array_split(order, 2)
    scaled = np.empty(answers.probabilities.shape)
    used = []
    for inside, outside in (halves, halves[::-1]):
        fitted = answers.at(outside)
        temperature = fit_temperature(fitted.probabilities, fitted.labels)
        if temperature is None:
            return None, None
        scaled[inside] = temper(answers.probabilities[inside], temperature)
        used.append(temperature)
    return (used[0], used[1]), scaled


def _edges(confidence: np.ndarray, bins: int, adaptive: bool) -> np.ndarray:
    """Return the edges of the bins, float64 (bins + 1,) or fewer, rising."""
    if not adaptive:
        return np.linspace(0.0, 1.0, bins + 1)
    edges = np.unique(np.quantile(confidence, np.linspace(0.0, 1.0, bins + 1)))
    return edges if len(edges) > 1 else np.array([0.0, 1.0])


def _places(confidence: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the bin of each answer, int64 (n,): that with low < confidence <= high."""
    return np.searchsorted(edges[1:-1], confidence, side="left")


def _logits(probabilities: np.ndarray) -> np.ndarray:
    """Return the logits that a softmax makes these of, float64; the largest of a row is 0."""
    logits = np.log(np.maximum(probabilities.astype(np.float64), _LEAST))
    found: np.ndarray = logits - logits.max(axis=1, keepdims=True)
    return found


def _loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    truth = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(truth, _LOSS_BOUND)).mean())
