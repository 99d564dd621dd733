"""Ask the app on this machine whether it answers: ``python -m hosting.health``, for containers.

The exit code is 0 if it does, else 1 with a sentence. The address is Streamlit's own, below the
sub-path if there is one; port and sub-path come from the variables that Streamlit reads too.
"""

import os
import sys
import urllib.request

SECONDS = 5.0


def address() -> str:
    """Return where the app of this container answers."""
    port = os.environ.get("STREAMLIT_SERVER_PORT") or "8501"
    below = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    return "/".join(part for part in (f"http://127.0.0.1:{port}", below, "_stcore/health") if part)


def main() -> None:
    """Ask, and end with the exit code."""
    # A proxy that the operator has set is for the world, not for this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(address(), timeout=SECONDS).close()
    except OSError as error:
        sys.exit(f"The app does not answer at {address()}: {error}")


if __name__ == "__main__":
    main()
