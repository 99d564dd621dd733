"""How long a run will take, before it starts.

The speed is that of the latest finished run of the same network here, else of the most similar one,
else worked out from the layers of the network. The speeds are kept in memory: of the runs
folder only what changed is read again.
"""

import heapq
import math
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core import datasets
from core.architectures import Optimizer
from core.errors import AtelierError
from core.jobs.scan import Scan
from core.runs import Run, TrainingConfig, read
from core.settings import settings

MOST_FOUND = 1_000  # speeds that are kept
LOOK_SECONDS = 2.0  # between two looks for runs that have finished
START_SECONDS = 1.5  # from the queue to the first step, with a warm spare

# What a training step costs an image: for each multiplication of the forward pass, for each number
# kept for the gradients, for its share in the update of each parameter, and besides. Fitted to the
# two cores of a server with AVX-512 where nothing else ran, as if a second thread gained less than
# half. The five presets are within a factor of 1.3 of the speeds that ``benchmark training`` found
# there.
MULTIPLICATION_SECONDS = 22e-12
ACTIVATION_SECONDS = 0.62e-9
UPDATE_SECONDS = 2.7e-9  # with the two moments of Adam
PLAIN_UPDATE_SECONDS = 0.5e-9
IMAGE_SECONDS = 0.3e-6
THREADS_GAIN = 0.5  # exponent: four threads are twice as fast as one
FORWARD = 1 / 3  # of the work of a training step is its forward pass


@dataclass(frozen=True)
class _Speed:
    """What a finished run tells about the next ones."""

    config: TrainingConfig
    modelled: float  # seconds an image, as ``_modelled`` says
    images_per_second: float
    created: float


_Key = tuple[str, str, float]


@dataclass(frozen=True)
class EpochCosts:
    """What an epoch takes here, by what the network has; for networks that are being built.

    Attributes:
        fixed: seconds, whatever the network.
        multiplication, activation, parameter: seconds for each one more, per image where these are.
    """

    fixed: float
    multiplication: float
    activation: float
    parameter: float

    def seconds(self, multiplications: int, activations: int, parameters: int) -> float:
        """Return the seconds of an epoch: the reference for the editor's JavaScript."""
        return (
            self.fixed
            + multiplications * self.multiplication
            + activations * self.activation
            + parameters * self.parameter
        )


class _Speeds:
    """The latest speed of each data set, architecture and width."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.version = 0  # goes up when something was learned
        self._scan = Scan(runs)
        self._looked = -1e9
        self._latest: dict[_Key, _Speed] = {}
        self._found: dict[_Key, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def look(self) -> None:
        """Take in what finished since the last look, if that is a while ago."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked < LOOK_SECONDS:
                return
            self._looked = now
            try:
                changed, _ = self._scan.look()
            except OSError:
                return  # no folder, no runs
            for name in changed:
                try:
                    self._note(read(name))
                except AtelierError:
                    continue

    def _note(self, run: Run) -> None:
        speed = run.result.images_per_second if run.result is not None else None
        if run.config is None or not speed or not math.isfinite(speed) or speed <= 0:
            return
        key = _key(run.config)
        known = self._latest.get(key)
        if known is None or known.created < run.created:
            self._latest[key] = _Speed(run.config, _modelled(run.config), speed, run.created)
            self.version += 1

    def of(self, config: TrainingConfig) -> float:
        """Return training images a second."""
        key = _key(config)
        with self._lock:
            found = self._found.get(key)
            if found is None or found[0] != self.version:
                if len(self._found) >= MOST_FOUND:  # every network that is built is another key
                    self._found.clear()
                found = self._found[key] = (self.version, self._work_out(key, config))
            return found[1]

    def _work_out(self, key: _Key, config: TrainingConfig) -> float:
        same = self._latest.get(key)
        if same is not None:
            return same.images_per_second
        own = _modelled(config)
        if not self._latest:
            return 1 / own

        def distance(speed: _Speed) -> tuple[bool, float]:
            return speed.config.architecture != config.architecture, abs(
                math.log(speed.modelled / own)
            )

        similar = min(self._latest.values(), key=distance)
        # This computer is as much faster or slower than the model says as it was then.
        return similar.images_per_second * similar.modelled / own


_speeds: _Speeds | None = None
_speeds_lock = threading.Lock()


def expected_seconds(config: TrainingConfig) -> float:
    """Return how long a run will take from its start to its result, evaluation included.

    With early stopping it may be over sooner. Costs microseconds; every two seconds a look at the
    runs folder.
    """
    speed = _known().of(config)
    return START_SECONDS + _training(config, speed) + _evaluation(config, speed)


def epoch_costs(config: TrainingConfig) -> EpochCosts:
    """Return what an epoch costs of runs as this one, by the size of their network.

    This computer is as much faster or slower than the model says as it is with this config's.
    """
    factor = 1 / (_known().of(config) * _modelled(config))
    images = factor * (config.training_count + FORWARD * config.validation_count)
    work = images / settings().threads ** THREADS_GAIN
    return EpochCosts(
        fixed=images * IMAGE_SECONDS,
        multiplication=work * MULTIPLICATION_SECONDS,
        activation=work * ACTIVATION_SECONDS,
        parameter=work * _update_seconds(config) / config.recipe.batch_size,
    )


def seconds_left(run: Run) -> float:
    """Return how long a run that has been given to a worker will go on."""
    if run.config is None:
        return 0.0
    speed = _known().of(run.config)
    beat = run.heartbeat
    if beat is None:
        return expected_seconds(run.config)
    if beat.phase == "evaluating":
        return _evaluation(run.config, speed)
    if beat.left is not None:
        return max(0.0, beat.left) + _evaluation(run.config, speed)
    done = min(1.0, beat.epoch / run.config.recipe.epochs)
    return (1 - done) * _training(run.config, speed) + _evaluation(run.config, speed)


def starts(left: Sequence[float], ordered: Iterable[Run], workers: int) -> dict[str, float]:
    """Return in how many seconds each queued run will start.

    Args:
        left: seconds that each running run will go on.
        ordered: what waits, in the order in which it will start.
        workers: runs that can train at the same time.
    """
    free = sorted(left)[:workers]
    free += [0.0] * (workers - len(free))
    heapq.heapify(free)
    found = {}
    for run in ordered:
        found[run.id] = free[0]
        seconds = expected_seconds(run.config) if run.config is not None else 0.0
        heapq.heapreplace(free, free[0] + seconds)
    return found


def _known() -> _Speeds:
    global _speeds
    runs = settings().runs
    with _speeds_lock:
        if _speeds is None or _speeds.runs != runs:
            _speeds = _Speeds(runs)
        speeds = _speeds
    speeds.look()
    return speeds


def _key(config: TrainingConfig) -> _Key:
    return config.dataset, config.architecture, config.width


def _modelled(config: TrainingConfig) -> float:
    """Return the seconds that a training step takes an image, worked out from the layers."""
    spec = datasets.find(config.dataset)
    rows = config.network.table(spec.shape, len(spec.classes))
    work = sum(
        row.multiplications * MULTIPLICATION_SECONDS + row.activations * ACTIVATION_SECONDS
        for row in rows
    )
    work += sum(row.parameters for row in rows) * _update_seconds(config) / config.recipe.batch_size
    found: float = IMAGE_SECONDS + work / settings().threads ** THREADS_GAIN
    return found


def _update_seconds(config: TrainingConfig) -> float:
    plain = config.recipe.optimizer is Optimizer.SGD
    return PLAIN_UPDATE_SECONDS if plain else UPDATE_SECONDS


def _training(config: TrainingConfig, speed: float) -> float:
    images = config.training_count + FORWARD * config.validation_count
    return config.recipe.epochs * images / speed


def _evaluation(config: TrainingConfig, speed: float) -> float:
    return FORWARD * datasets.find(config.dataset).counts["test"] / speed
