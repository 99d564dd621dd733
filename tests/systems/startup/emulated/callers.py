"""Who asks: our code, a library, or Python's own."""

import sys
import sysconfig
from types import FrameType

_HERE = __file__.rpartition("/emulated/")[0] + "/"
_ROOT = _HERE.rpartition("/tests/")[0] + "/"
_OURS = tuple(
    _ROOT + part for part in ("core/", "pages/", "benchmarks/", "tests/", "streamlit_app.py")
)
_STANDARD = (sysconfig.get_path("stdlib") + "/", "<frozen ")
_LIBRARIES = ("/site-packages/", "/dist-packages/")


def direct(depth: int) -> bool:
    """Tell whether our code calls, itself.

    Args:
        depth: how many calls lie between it and the caller of this.
    """
    return _kind(sys._getframe(depth + 1)) == "ours"


def acting(depth: int = 1) -> bool:
    """Tell whether our code calls, itself or through the standard library; arguments as above."""
    frame: FrameType | None = sys._getframe(depth + 1)
    while frame is not None:
        kind = _kind(frame)
        if kind in ("ours", "library"):
            return kind == "ours"
        frame = frame.f_back
    return False


def _kind(frame: FrameType) -> str:
    name = frame.f_code.co_filename
    if name == "<string>" and frame.f_globals.get("__name__") == "__main__":
        return "ours"  # python -c
    if name not in _kinds:
        _kinds[name] = _kind_of_file(name)
    return _kinds[name]


_kinds: dict[str, str] = {}


def _kind_of_file(name: str) -> str:
    if name.startswith(_HERE):
        return "emulation"
    if name.startswith(_OURS):
        return "ours"
    if name.startswith(_STANDARD) and not any(part in name for part in _LIBRARIES):
        return "standard"
    return "library"
