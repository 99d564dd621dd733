"""What every export says about a run: its network, its data and its figures, as far as told."""

from dataclasses import dataclass

from core import datasets
from core.datasets import DatasetSpec
from core.errors import RunDamaged
from core.files import harmless
from core.runs import Run, TrainingConfig


@dataclass(frozen=True)
class Told:
    """A run with the names and the figures that may leave it.

    Attributes:
        run: which one.
        config: what it was asked to do.
        spec: its data set.
        title: architecture and data set, in one line without markup.
        classes: names in label order, each in one line without markup.
        parameters: of all its networks together.
        figures: accuracies in words, by what they are of; no test figure while that is sealed.
    """

    run: Run
    config: TrainingConfig
    spec: DatasetSpec
    title: str
    classes: tuple[str, ...]
    parameters: int
    figures: dict[str, str]


def told(run: Run) -> Told:
    """Return what may be said about a run.

    Raises:
        RunDamaged: its config cannot be read.
        SettingsError, DataDamaged: its data set is unknown here, or what describes it is damaged.
    """
    config = run.config
    if config is None:
        raise RunDamaged(f"The run {run.id} is damaged: {run.reason}")
    spec = datasets.find(config.dataset)
    title = f"{config.network.title} on {harmless(spec.title)}"
    networks = 1 if run.result is None else run.result.networks
    return Told(
        run,
        config,
        spec,
        title,
        classes=tuple(map(harmless, spec.classes)),
        parameters=networks * config.parameters,
        figures=_figures(run, config, spec),
    )


def _figures(run: Run, config: TrainingConfig, spec: DatasetSpec) -> dict[str, str]:
    result = run.told
    if result is None or run.unfinished:  # the network may be of another moment
        return {}
    counts = {
        "Validation accuracy": (result.val_accuracy, config.validation_count),
        "Test accuracy": (result.test_accuracy, spec.counts["test"]),
    }
    return {
        title: f"{100 * accuracy:.2f} % of {count:,} images"
        for title, (accuracy, count) in counts.items()
        if accuracy is not None
    }
