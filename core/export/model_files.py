"""The network for other programs: ONNX and LiteRT, checked against its own answers.

Keras's own ``Model.export`` converts; a file that answers otherwise than the network is not given
out.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import ModelUnavailable
from core.export.format import Format
from core.export.readme import code, needs, package
from core.export.told import Told, told
from core.networks import of_run
from core.networks.batches import Report, answers
from core.networks.network import load_file
from core.runs import Run
from core.runs.division import rows

CHECKED = 500  # images that each file is asked about
SAMPLE = 200  # training images by which the range of the 8-bit numbers is found
CLOSE = 1e-4  # between probabilities: a file in 32-bit numbers differs by less
AGREE = 0.9  # share of the images that an 8-bit file has to give the same class at least
INPUT = "pixels"

Floats = npt.NDArray[np.float32]
Ask = Callable[[Floats], Floats]
"""From pixels, (n, height, width, channels), to probabilities, (n, classes)."""


@dataclass(frozen=True)
class Kind:
    """One kind of model file.

    Attributes:
        name: of the file.
        convert: returns the content for a Keras model and some training images, float32.
        open: returns what asks a file.
        exact: whether it answers with the network's own probabilities.
        package: that asks the file in Python.
        imports, load, ask: lines of Python that use it, see ``readme.code``.
    """

    name: str
    convert: Callable[[Any, Floats, Path], None]
    open: Callable[[Path], Ask]
    exact: bool
    package: str
    imports: str
    load: str
    ask: str

    def make(self, run: Run, report: Report) -> bytes:
        """Return a ZIP of the file and how to use it.

        Raises:
            ModelUnavailable: there is no network, it cannot be converted, or the file answers
                otherwise than the network.
            AtelierError: the run's settings or images cannot be read.
        """
        report(0.0)
        known = told(run)
        model = load_file(of_run(run))
        train, (learned, _) = known.spec.load("train"), rows(known.config)
        some = train.images[learned[:: max(1, len(learned) // SAMPLE)][:SAMPLE]].astype("float32")
        part, images, labels = _images(known)
        own = answers(model, images)  # first: Keras converts only a model that has been asked
        report(0.2)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / self.name
            try:
                self.convert(model, some, path)
            except (ValueError, RuntimeError, NotImplementedError) as error:
                first = (str(error).strip().splitlines() or [""])[0][:200]
                raise ModelUnavailable(
                    f"The network cannot be converted to {self.name}: {first.rstrip('.')}. Take it "
                    "as a Keras file or a script."
                ) from error
            report(0.7)
            other = self.open(path)(images.astype(np.float32))
            checked = (
                f"Asked about {len(images):,} {part} images, {self._compared(own, other, labels)}"
            )
            report(1.0)
            use = code(known, self.imports, self.load, self.ask)
            facts = {"Checked": checked, "Needs": needs(self.package)}
            return package(known, self.name, path.read_bytes(), use, facts)

    def _compared(self, own: Floats, other: Floats, labels: npt.NDArray[np.int64]) -> str:
        """Say how the answers of the file compare with the network's own."""
        same = float((own.argmax(axis=1) == other.argmax(axis=1)).mean())
        apart = float(np.abs(own - other).max())
        if not (apart < CLOSE if self.exact else same >= AGREE):
            raise ModelUnavailable(
                f"{self.name} was made, but it gives {100 * same:.1f} % of {len(own):,} images the "
                "same class as the network, which is too few. Take it as a Keras file or a "
                "script."
            )
        if self.exact:
            return f"it answers as in Atelier: no probability differs by more than {CLOSE:g}"
        right, here = (float((each.argmax(axis=1) == labels).mean()) for each in (other, own))
        return (
            f"{100 * right:.1f} % of its answers are right; of the network in 32-bit "
            f"numbers {100 * here:.1f} %. Both give {100 * same:.1f} % the same class"
        )


def _images(known: Told) -> tuple[str, npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return images to check with: of the test split if it is open, else of the validation part."""
    if known.run.test_opened:
        test = known.spec.load("test")
        return "test", test.images[:CHECKED], test.labels[:CHECKED]
    train, (_, held_out) = known.spec.load("train"), rows(known.config)
    chosen = held_out[:CHECKED]
    return "validation", train.images[chosen], train.labels[chosen]


def _to_onnx(model: Any, some: Floats, path: Path) -> None:
    model.export(path, format="onnx", verbose=False)


def _to_litert(model: Any, some: Floats, path: Path) -> None:
    _litert(model, path)


def _to_8_bit(model: Any, some: Floats, path: Path) -> None:
    import tensorflow as tf

    _litert(
        model,
        path,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=lambda: ([each[None]] for each in some),
    )


def _litert(model: Any, path: Path, **options: Any) -> None:
    """Write a ``.tflite`` file for one picture at a time, of LiteRT's own operations only."""
    import keras
    import tensorflow as tf

    shape = (1, *model.input_shape[1:])
    model.export(
        path,
        format="litert",
        verbose=False,
        input_signature=[keras.InputSpec(shape=shape, dtype="float32", name=INPUT)],
        # Without those of TensorFlow, which phones lack, unless their app brings 10 MB more.
        target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
        **options,
    )


def _open_onnx(path: Path) -> Ask:
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    return lambda pixels: np.asarray(session.run(None, {INPUT: pixels})[0])


def _open_litert(path: Path) -> Ask:
    from ai_edge_litert.interpreter import Interpreter

    ask = Interpreter(str(path)).get_signature_runner()

    def asked(pixels: Floats) -> Floats:
        return np.concatenate([next(iter(ask(**{INPUT: each[None]}).values())) for each in pixels])

    return asked


def _litert_kind(name: str, convert: Callable[[Any, Floats, Path], None], *, exact: bool) -> Kind:
    return Kind(
        name,
        convert,
        _open_litert,
        exact,
        package="ai-edge-litert",
        imports="from ai_edge_litert.interpreter import Interpreter",
        load=f'model = Interpreter("{name}").get_signature_runner()',
        ask=f"probabilities = next(iter(model({INPUT}=pixels).values()))[0]",
    )


ONNX = Kind(
    "model.onnx",
    _to_onnx,
    _open_onnx,
    exact=True,
    package="onnxruntime",
    imports="import onnxruntime",
    load='model = onnxruntime.InferenceSession("model.onnx")',
    ask=f'probabilities = model.run(None, {{"{INPUT}": pixels}})[0][0]',
)
LITERT = _litert_kind("model.tflite", _to_litert, exact=True)
EIGHT_BIT = _litert_kind("model-8bit.tflite", _to_8_bit, exact=False)

FORMATS = (
    Format(
        key="onnx",
        title="ONNX file",
        purpose="For programs in other languages, such as C++, C#, Java or JavaScript: asks the "
        "network without Keras.",
        suffix=".zip",
        make=ONNX.make,
        needs=("tf2onnx", "onnx", "onnxruntime"),
    ),
    Format(
        key="litert",
        title="LiteRT file",
        purpose="For phones and small computers (formerly TensorFlow Lite): the answers are those "
        "of the network here.",
        suffix=".zip",
        make=LITERT.make,
        needs=("ai_edge_litert",),
    ),
    Format(
        key="litert-8bit",
        title="LiteRT file, 8 bits",
        purpose="For phones where size counts: a quarter of the size, with the accuracy that is "
        "left written beside it.",
        suffix=".zip",
        make=EIGHT_BIT.make,
        needs=("ai_edge_litert",),
    ),
)
