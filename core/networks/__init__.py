"""Trained networks at work: finding them, loading them once, asking them.

``load`` returns a network to ask, in this process or in one of its own (``place``). TensorFlow
loads there in the background (``warm``), after the first page has painted; until then ``state``
says how far it is.
"""

from core.networks.engine import EngineState, begin, forget, warm_now
from core.networks.models import Model, find, of_run
from core.networks.network import Network
from core.networks.place import Asked, live_apart, load, state, warm

__all__ = [
    "Asked",
    "EngineState",
    "Model",
    "Network",
    "begin",
    "find",
    "forget",
    "live_apart",
    "load",
    "of_run",
    "state",
    "warm",
    "warm_now",
]
