"""The network as Keras keeps it: the file that Atelier itself asks."""

from core.errors import ModelUnavailable
from core.export.format import Format
from core.export.readme import code, needs, package
from core.export.told import told
from core.files import open_regular
from core.networks.batches import Report
from core.runs import Run

NAME = "model.keras"


def refuses(run: Run) -> str | None:
    """Return why there is no such file of a run, or None."""
    if run.network is None or run.network.suffix == ".keras":
        return None
    return "This training is unfinished, so it has no Keras file yet. Stop it, or let it finish."


def make(run: Run, report: Report) -> bytes:
    """Return a ZIP of the run's own file and how to use it.

    Raises:
        ModelUnavailable: the file is gone.
        AtelierError: what the run says cannot be read.
    """
    known = told(run)
    try:
        with open_regular(run.network or run.folder.model) as file:
            content = file.read()
    except OSError as error:
        raise ModelUnavailable(
            f"The network file of the run {run.id} cannot be read. Train it again."
        ) from error
    use = code(
        known,
        "import keras",
        f'model = keras.models.load_model("{NAME}", compile=False)',
        "probabilities = model.predict(pixels, verbose=0)[0]",
    )
    checked = "This is the file whose answers Atelier shows; nothing was converted"
    facts = {"Checked": checked, "Needs": needs("keras", "tensorflow")}
    return package(known, NAME, content, use, facts)


FORMAT = Format(
    key="keras",
    title="Keras file",
    purpose="For Python with Keras 3: load the network in one line, ask it, or train it further.",
    suffix=".zip",
    make=make,
    quick=True,
    refuses=refuses,
)
