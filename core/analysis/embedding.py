"""The map: images of the training split as points in the plane, alike ones close together.

PCA keeps the two directions in which the pixels vary most: honest distances, and classes on top of
each other. UMAP (McInnes, Healy and Melville, arXiv:1802.03426) keeps neighbours together and pulls
groups apart: who is next to whom is meant, how far apart groups are is not. UMAP comes from
umap-learn, which only the command needs: pages read the bundled coordinates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.analysis import files
from core.datasets import DatasetSpec
from core.errors import RunDamaged, SettingsError
from core.runs.analysis import read_analysis

NAME = "map"
POINTS = 10_000
MOST_VERTICES = 400  # of a lasso


@dataclass(frozen=True)
class Hidden:
    """Coordinates of n images of the training split, by what a network makes of them.

    Attributes:
        indices: int32 (n,), of the images in the training split, in order.
        pca, tsne: float32 (n, 2), -1 to 1.
        explained: float32 (2,), share of the variance along each axis of ``pca``, 0 to 1.
    """

    indices: np.ndarray
    pca: np.ndarray
    tsne: np.ndarray
    explained: np.ndarray


@dataclass(frozen=True)
class Embedding:
    """Coordinates of n images of the training split.

    Attributes:
        indices: int32 (n,), of the images in the training split, in order.
        pca: float32 (n, 2), -1 to 1.
        umap: float32 (n, 2), -1 to 1.
        explained: float32 (2,), share of the pixels' variance along each axis of ``pca``, 0 to 1.
    """

    indices: np.ndarray
    pca: np.ndarray
    umap: np.ndarray
    explained: np.ndarray


def embedding_of(spec: DatasetSpec, path: Path | None = None) -> Embedding | None:
    """Return the bundled map; None if it was not worked out.

    Raises:
        DataDamaged: the file cannot be read or does not fit the data set.
    """
    path = path or files.path_of(spec.name, NAME)
    arrays = files.read(
        path,
        spec,
        {
            "indices": (np.int32, (None,)),
            "pca": (np.float16, (None, 2)),
            "umap": (np.float16, (None, 2)),
            "explained": (np.float32, (2,)),
        },
    )
    if arrays is None:
        return None
    indices = arrays["indices"]
    if (
        {len(arrays["pca"]), len(arrays["umap"])} != {len(indices)}
        or not _increasing(indices, spec.counts["train"])
        or max(abs(arrays[name]).max() for name in ("pca", "umap")) > 1
    ):
        raise files.damaged(path, spec)
    return Embedding(
        indices,
        arrays["pca"].astype(np.float32),
        arrays["umap"].astype(np.float32),
        arrays["explained"],
    )


def hidden_of(spec: DatasetSpec, path: Path) -> Hidden:
    """Return what the task "features" worked out for a run.

    Args:
        spec: the run's data set.
        path: of the task's result.

    Raises:
        RunDamaged: the file cannot be read or does not fit the data set.
    """
    arrays = read_analysis(path, ("indices", "pca", "tsne", "explained"))
    indices, pca, tsne = arrays["indices"], arrays["pca"], arrays["tsne"]
    explained = arrays["explained"]
    if (
        not _increasing(indices, spec.counts["train"])
        or explained.shape != (2,)
        or {pca.shape, tsne.shape} != {(len(indices), 2)}
        or not all(
            np.issubdtype(each.dtype, np.floating) and np.isfinite(each).all()
            for each in (pca, tsne, explained)
        )
    ):
        raise RunDamaged(
            f"The file {path.name} does not fit {spec.title}. Delete it from {path.parent}, and "
            "compute it again."
        )
    return Hidden(indices, fitted(pca), fitted(tsne), explained)


def _increasing(indices: np.ndarray, end: int) -> bool:
    """Tell whether these are indices below ``end``, each larger than the one before."""
    return bool(
        indices.ndim == 1
        and np.issubdtype(indices.dtype, np.integer)
        and len(indices)
        and indices[0] >= 0
        and indices[-1] < end
        and (np.diff(indices.astype(np.int64)) > 0).all()
    )


def compute(
    spec: DatasetSpec, tell: Callable[[str], None], points: int = POINTS, seed: int = 0
) -> dict[str, np.ndarray]:
    """Work out the map; takes a minute or two.

    Args:
        spec: the data set.
        tell: hears how it goes, a line at a time.
        points: how many images, the same number of each class; fewer where a class has fewer.
        seed: of the choice of images and of UMAP.

    Returns:
        The arrays of the result's file.

    Raises:
        SettingsError: umap-learn is not installed.
        DataUnavailable, DataDamaged: the data cannot be read.
    """
    umap = _umap()
    from sklearn.decomposition import PCA

    part = spec.load("train")
    indices = sample(part.labels, points, seed)
    pixels = part.images[indices].reshape(len(indices), -1) / np.float32(255)
    pca = PCA(2, random_state=seed).fit(pixels)
    tell(f"PCA of {len(indices):,} images done")
    flat = pca.transform(pixels)
    # One job, as more would make the seed worthless.
    neighbours = umap.UMAP(random_state=seed, n_jobs=1).fit_transform(pixels)
    tell("UMAP done")
    return {
        "indices": indices.astype(np.int32),
        "pca": fitted(flat).astype(np.float16),
        "umap": fitted(neighbours).astype(np.float16),
        "explained": pca.explained_variance_ratio_.astype(np.float32),
    }


def sample(labels: np.ndarray, points: int, seed: int) -> np.ndarray:
    """Draw about ``points`` images, as many of each class as far as there are; sorted indices."""
    random = np.random.default_rng(seed)
    classes = np.unique(labels)
    each = max(1, points // len(classes))
    drawn = [
        random.permutation(np.flatnonzero(labels == label))[:each].astype(np.int64)
        for label in classes
    ]
    return np.sort(np.concatenate(drawn))


def fitted(points: np.ndarray) -> np.ndarray:
    """Return points (n, 2) moved and scaled, by the same factor both ways, into -1 to 1."""
    points = np.asarray(points, np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    found: np.ndarray = (points - (low + high) / 2) / max(float((high - low).max()) / 2, 1e-12)
    return found


def inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Tell which points lie inside a polygon, by the even-odd rule.

    Args:
        points: float (n, 2).
        polygon: float (vertices, 2); its last vertex is joined to the first.

    Returns:
        bool (n,).
    """
    x, y = points[:, :1], points[:, 1:]
    from_x, from_y = polygon[:, 0], polygon[:, 1]
    to_x, to_y = np.roll(from_x, -1), np.roll(from_y, -1)
    # An edge counts for a point if it crosses the ray from the point to the right.
    crosses = (from_y > y) != (to_y > y)
    rise = np.where(to_y == from_y, 1, to_y - from_y)
    at = from_x + (y - from_y) * (to_x - from_x) / rise
    found: np.ndarray = (crosses & (x < at)).sum(axis=1) % 2 == 1
    return found


def polygon_of(value: object) -> np.ndarray | None:
    """Return a lasso that a browser sent as float64 (vertices, 2); None if it is not one.

    Args:
        value: should be a list of 3 to ``MOST_VERTICES`` pairs of finite numbers.
    """
    if not isinstance(value, list) or not 3 <= len(value) <= MOST_VERTICES:
        return None
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            return None
        for number in pair:
            if type(number) not in (int, float) or not abs(number) <= 100:
                return None
    return np.array(value, np.float64)


def _umap() -> Any:
    try:
        import umap
    except ImportError:
        raise SettingsError(
            "The map needs umap-learn, which is not installed. Run 'pip install -r "
            "requirements-analysis.txt', then this command again."
        ) from None
    return umap
