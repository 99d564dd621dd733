"""Where the scripts of the browser's engine are."""

from pathlib import Path

_FOLDER = Path(__file__).parent

ENGINE = _FOLDER / "engine.js"
"""Asks a network."""

PROGRAM = _FOLDER / "program.js"
"""Lays a network open; needs ``ENGINE`` before it."""
