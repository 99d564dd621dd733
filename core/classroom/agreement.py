"""How far several judges agree: Fleiss' kappa, also where not every image has as many votes.

Kappa is how much of the agreement beyond chance there is: 1 where all agree on every image, 0
where they agree no more often than answers given by chance, as often as they are given here, would
(Fleiss 1971, Psychological Bulletin 76, 378-382). Images with fewer than two votes say nothing of
agreement, but how common an answer is they do say; each image counts the same for both, however
many votes it has (Gwet 2014, Handbook of Inter-Rater Reliability, ch. 2). With as many votes on
each this is Fleiss' own figure.

statsmodels has kappa for equal numbers of votes only, and is no part of this app. Arrays in, plain
data out.
"""

from dataclasses import dataclass

import numpy as np

FEWEST = 5  # images from which an interval is told
DRAWS = 1000  # of the bootstrap
# Landis and Koch 1977, Biometrics 33, 159-174: the highest kappa that is still called so.
_WORDS = (
    (0.0, "poor"),
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (1.0, "almost perfect"),
)


@dataclass(frozen=True)
class Agreement:
    """How far judges agree.

    Attributes:
        kappa: -1 to 1; None where all gave one and the same answer, so that there is nothing that
            chance could be told from.
        low, high: 95 % interval of kappa, if other images had been judged; None where it has none.
        observed: of two judges of an image, how often they agree, 0 to 1.
        images: with two votes or more.
        votes: on those.
    """

    kappa: float | None
    low: float | None
    high: float | None
    observed: float
    images: int
    votes: int

    @property
    def words(self) -> str:
        """What kappa is called, as by Landis and Koch."""
        if self.kappa is None:
            return "complete"
        return next(words for most, words in _WORDS if self.kappa <= most + 1e-9)


def agreement(votes: np.ndarray) -> Agreement | None:
    """Return how far judges agree; None where no image has two votes.

    Args:
        votes: int (images, answers), how often each answer was given.
    """
    counts = votes.sum(axis=1)
    votes, counts = votes[counts > 0], counts[counts > 0]
    several = counts > 1
    if not several.any():
        return None
    shares = votes / counts[:, None]
    # Of the pairs of votes on an image, how many are alike; none where there is no pair.
    alike = (votes * (votes - 1)).sum(axis=1) / np.maximum(counts * (counts - 1), 1)
    everyone = np.arange(len(votes))[None]
    value = _kappa(shares, alike, several, everyone)[0]
    low = high = None
    if np.isfinite(value) and several.sum() >= FEWEST:
        draws = np.random.default_rng(0).integers(len(votes), size=(DRAWS, len(votes)))
        drawn = _kappa(shares, alike, several, draws)
        drawn = drawn[np.isfinite(drawn)]
        if len(drawn) > DRAWS / 2:
            low, high = (float(each) for each in np.quantile(drawn, (0.025, 0.975)))
    return Agreement(
        float(value) if np.isfinite(value) else None,
        low,
        high,
        float(alike[several].mean()),
        int(several.sum()),
        int(counts[several].sum()),
    )


def _kappa(
    shares: np.ndarray, alike: np.ndarray, several: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """Return kappa for draws of images, (draws,); not a number where it is none.

    Args:
        shares: float (images, answers), of the votes on an image.
        alike: float (images,), of its pairs of votes.
        several: bool (images,), whether it has a pair.
        drawn: int (draws, n), images.
    """
    expected = (shares[drawn].mean(axis=1) ** 2).sum(axis=1)
    pairs = several[drawn]
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = (alike[drawn] * pairs).sum(axis=1) / pairs.sum(axis=1)
        found: np.ndarray = (observed - expected) / (1 - expected)
    found[expected > 1 - 1e-9] = np.nan
    return found
