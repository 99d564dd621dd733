"""What to do better, where a picture is of a kind that the network cannot know."""

import numpy as np

from core.classify.rejection import Verdict, unknown, verdict
from core.datasets import DatasetSpec
from core.imaging import advice
from core.imaging.prepare import Kind, Prepared

FOOTWEAR = ("Sandal", "Sneaker", "Ankle boot")
_TALL = {"Sandal": 0.85, "Sneaker": 0.85, "Ankle boot": 1.35}  # height to width, seen from a side


def hint(probabilities: np.ndarray, prepared: Prepared, dataset: DatasetSpec) -> str | None:
    """Return a sentence that says how to take a better picture; None if nothing speaks for one.

    What is wrong with the photo itself comes first; see ``advice.hint``. Fashion-MNIST shows every
    shoe alone and from its side; from above, or as a pair, shoes are as high as wide.

    Args:
        probabilities: the network's answer, float32 (classes,).
        prepared: what it was shown.
        dataset: what it was trained on.
    """
    if sentence := advice.hint(prepared):
        return sentence
    worth = verdict(float(probabilities.max()), float(unknown(probabilities)))
    if worth is not Verdict.SURE and advice.slanted(prepared):
        return "What is in the picture lies at a slant. Turn it so that it stands upright."
    if prepared.kind is not Kind.PHOTO or set(FOOTWEAR) - set(dataset.classes):
        return None
    shoes = [dataset.classes.index(name) for name in FOOTWEAR]
    if probabilities[shoes].sum() < 0.5:
        return None
    filled = prepared.pixels.reshape(prepared.pixels.shape[:2]) > 0
    height, width = filled.any(axis=1).sum(), filled.any(axis=0).sum()
    likeliest = FOOTWEAR[int(probabilities[shoes].argmax())]
    if height < _TALL[likeliest] * width:
        return None
    return (
        "This looks like shoes from above, or a pair. Photograph one shoe from the side: the "
        "network has only seen that view."
    )
