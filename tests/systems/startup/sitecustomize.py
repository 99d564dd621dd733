"""Python imports this by itself when it starts, if its folder is in PYTHONPATH.

So every process that a test starts, and every process that those start, is on the emulated system
from its first line on. See ``emulated``.
"""

import os

if os.environ.get("ATELIER_TEST_SYSTEM"):
    import emulated

    emulated.switch_on(os.environ["ATELIER_TEST_SYSTEM"])
