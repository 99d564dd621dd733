"""What came out of a run, in the figures that a guess is shown beside."""

from core import runs
from core.classroom.questions import CURVES, Figure
from core.runs import Run

_COLUMNS = {
    Figure.VALIDATION: ("val_accuracy", 100),
    Figure.TRAINING: ("accuracy", 100),
    Figure.LOSS: ("val_loss", 1),
}


def figure_of(run: Run, figure: Figure) -> float | None:
    """Return a figure of a run that has ended, of its last epoch; None while there is none.

    Args:
        run: a run.
        figure: accuracies are in percent, the gap is in percentage points, the loss in nats.

    Raises:
        RunDamaged: a line of the run's files is not a point.
    """
    if run.result is None or run.config is None:
        return None
    if figure is Figure.SECONDS:
        return run.result.seconds
    if figure is Figure.PARAMETERS:
        return float(run.config.parameters)
    if figure is Figure.GAP:
        accuracies = [curve_of(run, each)[-1:] for each in (Figure.TRAINING, Figure.VALIDATION)]
        training, validation = accuracies
        return training[0] - validation[0] if training and validation else None
    if figure is Figure.EPOCH:
        losses = curve_of(run, Figure.LOSS)
        return float(1 + losses.index(min(losses))) if losses else None
    values = curve_of(run, figure)
    return values[-1] if values else None


def curve_of(run: Run, figure: Figure) -> list[float]:
    """Return a figure of each epoch so far, in the units of ``figure_of``.

    Raises:
        RunDamaged: a line of the run's files is not a point.
    """
    assert figure in CURVES, "there is none of each epoch"
    column, scale = _COLUMNS[figure]
    values = runs.read_curves(run.folder).epochs[column]
    return [scale * value for value in values if value is not None]
