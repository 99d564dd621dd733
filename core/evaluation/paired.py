"""Two networks compared on the same images, in words; ``**`` marks what matters, as Markdown."""

from core.evaluation.comparison import Paired
from core.words import percent

CHANCE = 0.05  # below this, people agree to call a difference more than chance

NONE_IN_COMMON = (
    "These two held back different images, so no validation image is new to both: they cannot be "
    "compared image by image here. Train both with the same number of validation images, drawn "
    "with the same seed or from the end, or with the data set's own part."
)


def paired_words(paired: Paired, first: str, second: str, what: str) -> str:
    """Say what the paired test found.

    Args:
        paired: its outcome.
        first, second: what the networks are called.
        what: what the images are called.
    """
    count = paired.count
    shares = [percent((paired.both + only) / count, 2) for only in _only(paired)]
    facts = (
        f"{first} gets {shares[0]} of the {count:,} {what} right, {second} {shares[1]}. "
        f"{paired.only_first:,} images only {first} gets right, {paired.only_second:,} only "
        f"{second}."
    )
    if paired.only_first == paired.only_second:
        return f"{facts} **There is no difference to explain.**"
    chance = (
        f"{facts} If both were equally good, a difference this large would come by chance in "
        f"{_often(paired.p_value)} such comparisons: "
    )
    if paired.p_value >= CHANCE:
        return f"{chance}**it could be chance.**"
    better = first if paired.only_first > paired.only_second else second
    return (
        f"{chance}**chance is an unlikely explanation. {better} is better on images like these.**"
    )


def _only(paired: Paired) -> tuple[int, int]:
    return paired.only_first, paired.only_second


def _often(share: float) -> str:
    """Return a probability as so many of 100 or 1,000."""
    if share >= 0.995:
        return "nearly all"
    if share >= 0.0095:
        return f"about {round(100 * share)} of 100"
    if share >= 0.00095:
        return f"about {round(1000 * share)} of 1,000"
    return "fewer than 1 of 1,000"
