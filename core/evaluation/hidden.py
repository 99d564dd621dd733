"""What a network makes of images before it answers, laid out in the plane.

The map is of the last hidden layer: images lie close together that look alike to the network, be
they of one class or not. scikit-learn is imported when first needed.
"""

import contextlib
import io
import re
from collections.abc import Callable

import numpy as np

MAPPED = 5_000  # images; with more, t-SNE takes a minute and dots lie on top of each other
SEED = 20080901  # of the sample and of t-SNE: the same images for all runs
_KEPT = 50  # principal components that t-SNE begins with, as its authors do
_STEPS = 750


def balanced_sample(labels: np.ndarray, count: int = MAPPED) -> np.ndarray:
    """Return the indices of so many images, as many of each class as there are, in order.

    Args:
        labels: int (n,).
        count: at most so many; a class with too few gives what it has.
    """
    generator = np.random.default_rng(SEED)
    classes = np.unique(labels)
    chosen = [
        generator.permutation(np.flatnonzero(labels == label))[: count // len(classes)]
        for label in classes
    ]
    return np.sort(np.concatenate(chosen))


def layouts(features: np.ndarray, report: Callable[[float], None]) -> dict[str, np.ndarray]:
    """Lay images out by their features: by PCA, and by t-SNE (van der Maaten & Hinton 2008).

    PCA is a plain projection: distances are true, but two directions show only part of them. t-SNE
    keeps neighbours together, and nothing else: distances between groups mean nothing.

    Args:
        features: float32 (n, features).
        report: told the share done.

    Returns:
        ``pca`` and ``tsne``, float16 (n, 2), and ``explained``, float32 (2,), the share of the
        variance that each direction of the PCA shows.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    report(0.0)
    components = min(_KEPT, *features.shape)
    fitted = PCA(components, random_state=SEED)
    reduced = fitted.fit_transform(features)
    tsne = TSNE(
        perplexity=min(30.0, (len(features) - 1) / 3),
        init=_plane(reduced) / max(1e-9, float(reduced[:, 0].std())) * 1e-4,
        max_iter=_STEPS,
        random_state=SEED,
        verbose=2,  # the one way in which it tells how far it is
    )
    with contextlib.redirect_stdout(_Listener(report)):
        placed = tsne.fit_transform(reduced)
    explained = np.zeros(2, np.float32)
    explained[: min(2, components)] = fitted.explained_variance_ratio_[:2]
    return {
        "pca": _plane(reduced).astype(np.float16),
        "tsne": placed.astype(np.float16),
        "explained": explained,
    }


def _plane(reduced: np.ndarray) -> np.ndarray:
    """Return the first two components; zeros for what there is not."""
    plane = np.zeros((len(reduced), 2), np.float32)
    plane[:, : reduced.shape[1]] = reduced[:, :2]
    return plane


class _Listener(io.TextIOBase):
    """Takes what t-SNE prints, and tells the share done."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report

    def write(self, text: str) -> int:
        found = re.search(r"Iteration (\d+)", text)
        if found:
            # Finding the neighbours is worth some 50 steps.
            self._report(min(1.0, (int(found[1]) + 50) / (_STEPS + 50)))
        return len(text)
