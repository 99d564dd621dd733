"""Two networks compared on the same images, in words, as the pages say it."""

from core.evaluation.paired import CHANCE as CHANCE
from core.evaluation.paired import NONE_IN_COMMON as NONE_IN_COMMON
from core.evaluation.paired import paired_words as paired_words
