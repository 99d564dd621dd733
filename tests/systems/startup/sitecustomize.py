"""Python imports this by itself when it starts, if its folder is in PYTHONPATH.

So every process that a test starts, and every process that those start, is on the emulated system
from its first line on. See ``emulated``.
"""

import os
import traceback

if os.environ.get("ATELIER_TEST_SYSTEM"):
    try:
        import emulated

        emulated.switch_on(os.environ["ATELIER_TEST_SYSTEM"])
    except BaseException:  # noqa: BLE001
        # Python would go on without it, and tests would pass that prove nothing.
        traceback.print_exc()
        os._exit(3)
