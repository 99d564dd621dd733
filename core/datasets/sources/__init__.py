"""Readers for the files that people bring: CSV, IDX, and ZIP of pictures or of these.

A reader takes the bytes of a stranger and writes plain ``.npy`` arrays, or raises
``SourceRejected`` with the line or the entry of the first problems. It reads in blocks, so memory
does not grow with the file, and nothing it reads is ever run: no pickle, no macro, no link
followed. It knows nothing of where data sets are kept (``core.datasets.imported``).

``read`` does the work in this process; pages ask ``core.datasets.sources.check.check``, which lets
a process with limits do it.
"""

from core.datasets.sources.found import Found, Wishes
from core.datasets.sources.gather import SourceFile, read
from core.datasets.sources.pictures import COLOUR, GREY

__all__ = ["SIZES", "Found", "SourceFile", "Wishes", "read"]

SIZES = {"grey-28": GREY, "colour-32": COLOUR}  # what pictures in a ZIP can become
