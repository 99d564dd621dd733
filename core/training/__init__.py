"""Training: the loop, what it tells its listener, and the worker program around it.

The loop knows nothing of run folders, pages or processes: it tells a ``Listener`` what happens and
asks it whether to go on. The worker is the listener that writes a run folder.
"""

from core.training.events import BatchEvent, Diverged, EpochEvent, Listener

__all__ = ["BatchEvent", "Diverged", "EpochEvent", "Listener"]
