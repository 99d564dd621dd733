"""Trained networks at work: finding them, loading them once, asking them.

The server loads TensorFlow in a thread of its own (``warm``), after the first page has painted;
until then ``state`` says how far it is.
"""

from core.networks.engine import EngineState, begin, forget, load, state, warm, warm_now
from core.networks.models import Model, find, of_run
from core.networks.network import Network

__all__ = [
    "EngineState",
    "Model",
    "Network",
    "begin",
    "find",
    "forget",
    "load",
    "of_run",
    "state",
    "warm",
    "warm_now",
]
