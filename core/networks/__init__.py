"""Trained networks at work: finding them, loading them once, asking them.

The server loads TensorFlow in a thread of its own (``warm``), after the first page has painted;
until then ``state`` says how far it is.
"""

from core.networks.engine import EngineState, load, state, warm
from core.networks.models import Model, find, of_run

__all__ = ["EngineState", "Model", "find", "load", "of_run", "state", "warm"]
