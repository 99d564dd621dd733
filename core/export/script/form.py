"""The script and the notebook of a run, each with the weights beside it."""

import io
from collections.abc import Callable, Sequence

import numpy as np

from core.export.archive import zipped
from core.export.format import Format
from core.export.script.cells import Cell, as_notebook, as_script
from core.export.script.write import WEIGHTS, cells
from core.export.told import told
from core.networks.batches import Report
from core.networks.weights import weights_of
from core.runs import Run

SCRIPT, NOTEBOOK = "train.py", "train.ipynb"


def _making(name: str, write: Callable[[Sequence[Cell]], str]) -> Callable[[Run, Report], bytes]:
    """Return what makes a ZIP of the text so called and the weights.

    What that raises: AtelierError, where the run cannot be read.
    """

    def make(run: Run, report: Report) -> bytes:
        return zipped({name: write(cells(told(run))), WEIGHTS: _weights(run)})

    return make


def _weights(run: Run) -> bytes:
    """Return the weights as an ``.npz``, in the order of Keras's ``get_weights``."""
    target = io.BytesIO()
    np.savez(target, allow_pickle=False, **weights_of(run))
    return target.getvalue()


FORMATS = (
    Format(
        key="script",
        title="Script",
        purpose="For your own computer: this run in plain Keras, to read, run and change. It needs "
        "nothing of Atelier.",
        suffix=".zip",
        make=_making(SCRIPT, as_script),
        quick=True,
    ),
    Format(
        key="notebook",
        title="Notebook",
        purpose="For Jupyter or a hosted notebook: the same as the script, cell by cell.",
        suffix=".zip",
        make=_making(NOTEBOOK, as_notebook),
        quick=True,
    ),
)
