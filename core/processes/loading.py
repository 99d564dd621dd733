"""Loading TensorFlow and Keras in half the time and with less memory."""

import contextlib
import gc
import sys
from collections.abc import Iterator

# Keras imports these if they are there, and they SciPy, all only for what nobody does in a process
# that trains or asks networks: 150 MB.
UNUSED = ("pandas", "pyarrow", "sklearn")


def lean() -> None:
    """Keep out of this process what Keras would import for nothing; before it is imported."""
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


@contextlib.contextmanager
def all_kept() -> Iterator[None]:
    """Have Python look for no garbage meanwhile, and never again in what is there at the end.

    An import makes hundreds of thousands of objects that stay for good. Python would look through
    all of them again and again as they become more.
    """
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if looked:
            gc.enable()
