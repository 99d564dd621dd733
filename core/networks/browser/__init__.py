"""A network for the browser: its layers as a plan, its weights as bytes, and the engine's scripts.

``engine.js`` asks a network, ``program.js`` lays one open, layer by layer. Whoever shows a page
puts their text into it; nothing here knows of pages.
"""

from core.networks.browser.plan import (
    MOST_PARAMETERS,
    MOST_WORK,
    layer_plans,
    network_plan,
    too_large,
)
from core.networks.browser.scripts import ENGINE, PROGRAM
from core.networks.browser.weights import members_of, weights_file

__all__ = [
    "ENGINE",
    "MOST_PARAMETERS",
    "MOST_WORK",
    "PROGRAM",
    "layer_plans",
    "members_of",
    "network_plan",
    "too_large",
    "weights_file",
]
