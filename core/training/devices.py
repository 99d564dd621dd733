"""What TensorFlow computes on (TF when called).

As a program, ``python -m core.training.devices``, it prints the GPUs that TensorFlow sees as one
line of JSON, ``[{"index": 0, "name": "..."}]``. A server asks this way: it keeps off them itself.
"""

import os
import sys
from dataclasses import asdict
from functools import cache
from importlib.metadata import version

from core.architectures.settings import count
from core.processes.gpus import Gpu
from core.processes.program import end_with_server, line_to_server
from core.runs.records import Stretch
from core.settings import settings

STEPS = 1  # counted up when ``core.training`` computes other numbers from the same settings
HALF = "bfloat16"
HALF_FROM = (8, 0)  # the compute capability from which a GPU multiplies in bfloat16: NVIDIA Ampere

Capability = tuple[int, int]


def gpus() -> list[Gpu]:
    """Return the GPUs that TensorFlow sees in this process."""
    return [gpu for gpu, _ in _found()]


def capability() -> Capability | None:
    """Return the compute capability of the GPU that this process uses; None without one."""
    found = _found()
    return found[0][1] if found else None


def words(gpu: str | None = None) -> str:
    """Return what this process trains on, for people: ``2 cores`` or ``GPU 0: NVIDIA T4``.

    Args:
        gpu: what the server calls the GPU that it gave this process, if it gave one.
    """
    found = gpus()
    return on(gpu or str(found[0]) if found else None, threads())


def on(gpu: str | None, cores: int) -> str:
    """Return the words for a GPU, or without one for so many cores."""
    return gpu or count(cores, "core")


def threads() -> int:
    """Return how many threads TensorFlow computes with."""
    told = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    return int(told) if told.isdecimal() and int(told) else settings().cores


@cache
def engine() -> str:
    """Return the versions of what computes: another one may compute other curves from the same."""
    return f"TensorFlow {version('tensorflow')}, steps {STEPS}"


def here(threads: int) -> Stretch:
    """Return how a process of this computer trains that has so many threads."""
    return Stretch(0.0, threads, engine())


def convolutions(precision: str, capability: Capability | None) -> str:
    """Return the type of numbers that convolutions compute with, by name.

    Processors have bfloat16 or do as if; older GPUs do neither well, and take float32.

    Args:
        precision: that the recipe asks for.
        capability: of the GPU; None for a processor.
    """
    if precision == HALF and capability is not None and capability < HALF_FROM:
        return "float32"
    return precision


def _found() -> list[tuple[Gpu, Capability | None]]:
    import tensorflow as tf

    found = []
    for index, device in enumerate(tf.config.list_physical_devices("GPU")):
        details = tf.config.experimental.get_device_details(device)
        gpu = Gpu(index, str(details.get("device_name") or "unnamed"))
        found.append((gpu, details.get("compute_capability")))
    return found


def main() -> int:
    """Print the GPUs that TensorFlow sees."""
    say = line_to_server()
    end_with_server()
    say([asdict(gpu) for gpu in gpus()])
    sys.stderr.flush()
    os._exit(0)  # TensorFlow's clean-up has nothing left to do that matters


if __name__ == "__main__":
    sys.exit(main())
