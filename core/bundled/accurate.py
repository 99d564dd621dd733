"""The bundled model for accuracy: two runs like any other, whose networks answer together."""

from pathlib import Path

from core.bundled.bundle import bundle
from core.bundled.models import ACCURATE, DATASET, MODELS, SEEDS
from core.errors import AtelierError
from core.runs.config import TrainingConfig
from core.runs.records import State
from core.training.lifecycle import train_in_process


def pretrain_accurate(output: Path, *, epochs: int | None = None, limit: int | None = None) -> str:
    """Train the model, put its run folder and card into ``output``, and return the card.

    Args:
        output: folder for the files.
        epochs: instead of the recipe's.
        limit: train on so many images only; for tests.

    Raises:
        AtelierError: a training did not finish; what was in the folder is left alone.
        SettingsError: the folder cannot be written.
    """
    model = MODELS[ACCURATE]
    runs = []
    for seed in SEEDS:
        config = TrainingConfig(DATASET, model.architecture, model.recipe(epochs), limit, seed)
        run = train_in_process(config)
        if run.state is not State.FINISHED:
            raise AtelierError(f"The bundled model was not replaced: {run.reason}")
        runs.append(run)
    return bundle(runs, output, ACCURATE)
