"""Graphics processors (GPUs): which process may see which, and who trains on which.

TensorFlow takes every GPU that it sees, so each process is told by ``CUDA_VISIBLE_DEVICES``, before
it loads TensorFlow: the pages and the background tasks see none, a worker sees its own.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
# Memory as it is needed, where TensorFlow would take all that the GPU has.
GROWTH = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}

# What the server was started with; ``keep_off`` changes the variable itself.
_ALLOWED = os.environ.get(VISIBLE)


@dataclass(frozen=True)
class Gpu:
    """A GPU.

    Attributes:
        index: among those that this server may use, from 0.
        name: that its maker gave it.
    """

    index: int
    name: str

    def __str__(self) -> str:
        """Return what people are told."""
        return f"GPU {self.index}: {self.name}"


def keep_off() -> None:
    """Let this process see no GPU from now on; call it before TensorFlow is loaded."""
    os.environ[VISIBLE] = "-1"


def possible(allowed: str | None = _ALLOWED, devices: Path = Path("/dev")) -> bool:
    """Tell whether TensorFlow might see a GPU on this machine; takes no time.

    Args:
        allowed: what ``CUDA_VISIBLE_DEVICES`` says, None where it is not set.
        devices: the folder of the machine's devices.
    """
    if allowed is not None and allowed.strip() in ("", "-1"):
        return False
    # Linux, and Linux inside Windows. On Windows itself and on macOS, TensorFlow has no GPU.
    return any(devices.glob("nvidia[0-9]*")) or (devices / "dxg").exists()


def environment(gpu: Gpu | None, allowed: str | None = _ALLOWED) -> dict[str, str]:
    """Return the variables of a process that is to see one GPU, or with None no GPU at all.

    Args:
        gpu: the one.
        allowed: what ``CUDA_VISIBLE_DEVICES`` says, such as ``"2,3"``; None where it is not set.
    """
    if gpu is None:
        return {VISIBLE: "-1"}
    names = [each.strip() for each in (allowed or "").split(",") if each.strip()]
    return GROWTH | {VISIBLE: names[gpu.index] if gpu.index < len(names) else str(gpu.index)}


def everything() -> dict[str, str | None]:
    """Return the variables of a process that is to see all GPUs that this server may use.

    None is a variable that must not be set there, though ``keep_off`` has set it here.
    """
    return {**GROWTH, VISIBLE: _ALLOWED}


def seats(gpus: Sequence[Gpu], workers: int, *, chosen: bool) -> tuple[Gpu | None, ...]:
    """Return what each of the workers trains on; None is the processor.

    Args:
        gpus: those there are.
        workers: that are to train at the same time.
        chosen: whether somebody chose that number; else there is one worker a GPU.
    """
    if not gpus:
        return (None,) * workers
    return tuple(gpus[place % len(gpus)] for place in range(workers if chosen else len(gpus)))


def free_seat(all_seats: Sequence[Gpu | None], taken: Sequence[Gpu | None]) -> Gpu | None:
    """Return a seat that nobody has, of the GPU with the fewest trainings.

    Raises:
        ValueError: all are taken.
    """
    free = list(all_seats)
    for seat in taken:
        if seat in free:
            free.remove(seat)
    return min(free, key=list(taken).count)
