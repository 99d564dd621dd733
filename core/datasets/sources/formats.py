"""The readers of arrays, registered: a new one is a module with a ``FORMAT``, and a line here.

What is known by its first bytes but not read is named with a way to convert it.
"""

import re
from collections.abc import Sequence

from core.datasets.sources import cifar_files, matlab, numpy_files, parquet
from core.datasets.sources.archive import PICTURES
from core.datasets.sources.pieces import Format

FORMATS: tuple[Format, ...] = (
    numpy_files.FORMAT,
    matlab.FORMAT,
    parquet.FORMAT,
    cifar_files.FORMAT,
)
_ZIP = "Put the pictures into one folder for each class, and make a ZIP of the folders."
_NPZ = "Save the arrays in Python: numpy.savez(“data.npz”, images=images, labels=labels)."
_CSV = "Save it as CSV."
_UNPACK = "Unpack it, and make a ZIP."
_PROGRAM = "which is never opened as it can hold a program"
_NETWORK = "It is no data set: bring the images that it learned from."
_TFRECORD = (
    "Read it in Python with tensorflow.data.TFRecordDataset, and save the arrays: "
    "numpy.savez(“data.npz”, images=images, labels=labels)."
)
FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _NPZ),
    (b"\x80", f"a pickle, {_PROGRAM}", _NPZ),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard", "Unpack it, or pack it with gzip."),
    (b"\xfd7zXZ", "packed with xz", "Unpack it, or pack it with gzip."),
    (b"BZh", "packed with bzip2", "Unpack it, or pack it with gzip."),
    (b"ARROW1", "an Arrow file", "Save it as Parquet or CSV."),
    (b"FEA1", "a Feather file", "Save it as Parquet or CSV."),
    (b"SQLite format 3", "an SQLite database", "Save its table as CSV."),
    (b"%PDF", "a PDF document", _ZIP),
    (b"\x89PNG", "a single picture", _ZIP),
    (b"\xff\xd8\xff", "a single picture", _ZIP),
    (b"GIF8", "a single picture", _ZIP),
    (b"RIFF", "a single picture or a recording", _ZIP),
)
SUFFIXES = {
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), ("an HDF5 file", _NPZ)),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), (f"a pickle, {_PROGRAM}", _NPZ)),
    **dict.fromkeys((".pt", ".pth"), (f"a file of PyTorch, {_PROGRAM}", _NPZ)),
    **dict.fromkeys((".xls", ".xlsx", ".xlsm"), ("an Excel file", _CSV)),
    **dict.fromkeys((".ods", ".numbers"), ("a spreadsheet", _CSV)),
    **dict.fromkeys((".rda", ".rds", ".rdata"), ("a file of R", _CSV)),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), ("a JSON file", _CSV)),
    **dict.fromkeys((".keras", ".tflite", ".onnx", ".safetensors"), ("a network", _NETWORK)),
    **dict.fromkeys((".mp4", ".mov", ".avi", ".webm"), ("a video", _ZIP)),
    **dict.fromkeys((".heic", ".heif", ".avif", ".svg", ".psd"), ("a single picture", _ZIP)),
    **dict.fromkeys((".mdb", ".lmdb"), ("an LMDB database", _ZIP)),
    ".arff": ("an ARFF file", _CSV),
    ".rar": ("a RAR archive", _UNPACK),
    ".7z": ("a 7z archive", _UNPACK),
}
_SHARD = re.compile(r"\.tfrecords?(-\d+-of-\d+)?(\.gz)?$", re.IGNORECASE)


def find(start: bytes, name: str) -> Format | None:
    """Return the format of a file, by its first bytes and its name; None if it is none of these."""
    return next((each for each in FORMATS if each.knows(start, name)), None)


def foreign(start: bytes, name: str) -> str | None:
    """Return a sentence on a kind of file that is not read here, None if it is none of them."""
    for signature, what, way in FOREIGN:
        if start.startswith(signature):
            return f"“{name}” is {what}. {way}"
    return None


def foreign_by_name(name: str) -> str | None:
    """Return such a sentence for a file whose name says what it is, even if it is a ZIP within."""
    if _SHARD.search(name):
        return f"“{name}” is a TFRecord file. {_TFRECORD}"
    for suffix, (what, way) in SUFFIXES.items():
        if name.lower().endswith(suffix):
            return f"“{name}” is {what}. {way}"
    return None


def foreign_archive(name: str, members: Sequence[str]) -> str | None:
    """Return such a sentence for an archive, by the names of the files in it."""
    if any(member.lower().endswith(".cls") for member in members):
        return (
            f"“{name}” is a WebDataset. Write each picture into a folder named like its class (the "
            "number in its .cls file), and make a ZIP of the folders."
        )
    if any(member.lower().endswith(PICTURES) for member in members):
        return None  # what lies beside pictures is left out
    return next(filter(None, map(foreign_by_name, members)), None)
