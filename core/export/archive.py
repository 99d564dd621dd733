"""Several files as one ZIP."""

import io
import zipfile
from collections.abc import Mapping

_DATE = (2000, 1, 1, 0, 0, 0)  # of the entries: the same content makes the same file
# Weights and pictures: packing them once more takes long and saves little.
_DENSE = (".keras", ".npz", ".onnx", ".png", ".tflite")


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """Return a ZIP of files by name; text is UTF-8."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            packed = name.endswith(_DENSE)
            archive.writestr(entry, content, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)
    return target.getvalue()
