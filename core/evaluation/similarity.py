"""An order of the classes in which those that a network mixes up are neighbours.

SciPy is imported when first needed.
"""

import numpy as np

from core.evaluation.report import row_normalised


def similar_order(matrix: np.ndarray) -> list[int]:
    """Return the class indices, similar classes next to each other.

    Two classes are as similar as the mean share of each that is taken for the other. They are
    clustered by average linkage, and the leaves put in the order that makes neighbours most
    similar (optimal leaf ordering, Bar-Joseph, Gifford and Jaakkola 2001).

    Args:
        matrix: confusion matrix, (n, n) counts.
    """
    size = len(matrix)
    if size < 3:
        return list(range(size))
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    shares = row_normalised(np.asarray(matrix))
    distance = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    order = [int(leaf) for leaf in leaves_list(tree)]
    # An order and its reverse are equally good: the one that begins nearer to class 0.
    return order if order[0] < order[-1] else order[::-1]
