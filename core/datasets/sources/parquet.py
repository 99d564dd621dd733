"""Parquet files with pictures in them, as the Hub of Hugging Face has fashion_mnist and cifar10.

A column holds the bytes of a picture (alone, or as ``{bytes, path}``), another the label; names of
the classes may be in the schema. Source: Hugging Face, *Datasets: Image feature*.
"""

import contextlib
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.datasets.sources import pictures
from core.datasets.sources.pieces import (
    BLOCK,
    Content,
    Desk,
    Format,
    Input,
    Piece,
    name_labels,
    part_of,
)
from core.datasets.sources.stream import DAMAGE
from core.errors import SourceRejected

START = b"PAR1"
BATCH = 64  # rows
SAMPLE = 200  # rows that decide size and colours
_IMAGES = ("image", "img", "images", "bytes", "picture", "photo", "pixel_values")
_LABELS = ("label", "labels", "fine_label", "class", "target", "y", "category")


def knows(start: bytes, name: str) -> bool:
    """Tell whether a file is a Parquet file."""
    return start.startswith(START)


def read(inputs: Sequence[Input], desk: Desk) -> Content:
    """Read pictures and labels.

    Raises:
        SourceRejected: there are none, or pyarrow is not installed.
    """
    try:
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # address space is limited
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise SourceRejected(
            f"“{inputs[0].name}” is a Parquet file, which needs pyarrow to be read. Install it, or "
            "save the pictures as a ZIP with a folder for each class."
        ) from error
    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    damage = (*DAMAGE, pyarrow.ArrowException, TypeError, KeyError, AttributeError, IndexError)
    tables: list[tuple[Input, _Table]] = []
    for each in inputs:
        try:
            # With a buffer, columns are read as they are needed and not whole.
            file = pyarrow.parquet.ParquetFile(
                desk.seekable(each.stream()), pre_buffer=False, buffer_size=BLOCK
            )
            tables.append((each, _Table(each.name, file)))
        except damage as error:
            raise _damaged(each.name) from error
    try:
        labels, classes = name_labels(
            [table.labels() for _, table in tables],
            f"“{inputs[0].name}”" if len(inputs) == 1 else "These files",
        )
        if not classes:
            classes = tables[0][1].classes
            highest = max(int(each.max(initial=0)) for each in labels)
            if highest >= len(classes):
                classes = ()
        shape = desk.shape or tables[0][1].own_shape()
    except damage as error:
        raise _damaged(inputs[0].name) from error
    notes: list[str] = []
    pieces = [
        Piece(
            part_of(each.name.rpartition("/")[2]) or part_of(each.name) or "all",
            shape,
            len(known),
            lambda table=table, known=known: _blocks(  # type: ignore[misc]
                table, known, shape, desk, damage
            ),
            f"“{each.name}”",
        )
        for (each, table), known in zip(tables, labels, strict=True)
    ]
    return Content(pieces, classes, tuple(notes))


class _Table:
    def __init__(self, name: str, file: Any) -> None:
        self.name, self._file = name, file
        schema = file.schema_arrow
        self.classes = _classes(schema)
        self._image = _column(schema, _IMAGES, _is_picture)
        self._label = _column(schema, _LABELS, _is_label)
        if self._image is None or self._label is None:
            missing = "pictures" if self._image is None else "labels"
            found = ", ".join(schema.names[:5])
            raise SourceRejected(
                f"“{name}” has no column with {missing}; its columns are {found}. There must be "
                "one with encoded pictures, such as “image”, and one with numbers, such as “label”."
            )

    def labels(self) -> np.ndarray:
        """Return the labels of all rows, (n,)."""
        column = self._file.read(columns=[self._label], use_threads=False).column(0)
        if column.null_count:
            raise SourceRejected(f"“{self.name}” has rows without a label. Use labelled rows only.")
        values = column.to_pylist()
        return np.array(values, np.str_ if values and isinstance(values[0], str) else np.int64)

    def rows(self) -> Iterator[bytes | None]:
        """Yield the bytes of the pictures."""
        for batch in self._file.iter_batches(
            batch_size=BATCH, columns=[self._image], use_threads=False
        ):
            column = batch.column(0)
            if hasattr(column, "field"):  # {bytes, path}
                column = column.field("bytes")
            yield from column.to_pylist()

    def own_shape(self) -> tuple[int, int, int]:
        """Return the shape that most of the first pictures have."""
        images = []
        for content in itertools.islice(self.rows(), SAMPLE):
            with contextlib.suppress(SourceRejected):  # left out when it is read
                images.append(pictures.opened(content or b""))
        return pictures.shape_of(images)


def _blocks(
    table: _Table,
    labels: np.ndarray,
    shape: tuple[int, int, int],
    desk: Desk,
    damage: tuple[type[BaseException], ...],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    images: list[np.ndarray] = []
    known: list[int] = []
    broken = 0
    try:
        for row, content in enumerate(table.rows()):
            try:
                pixels, *_ = pictures.image_of(content or b"", shape)
            except SourceRejected as error:
                broken += 1
                desk.leave_out(f"row {row + 1:,} of {table.name}", f"it {error}")
                if broken > max(4, pictures.MOST_BROKEN * len(labels)):
                    raise SourceRejected(
                        f"Too many pictures in “{table.name}” cannot be read ({broken:,} or more). "
                        "Use the original file."
                    ) from error
                continue
            images.append(pixels)
            known.append(int(labels[row]))
            if len(images) == BATCH:
                yield np.stack(images), np.array(known)
                images, known = [], []
    except damage as error:
        raise _damaged(table.name) from error
    if images:
        yield np.stack(images), np.array(known)


def _column(schema: Any, names: Sequence[str], fits: Any) -> str | None:
    fitting = [field.name for field in schema if fits(field.type)]
    preferred = [name for name in names if name in fitting]
    return next(iter(preferred or fitting), None)


def _is_picture(kind: Any) -> bool:
    import pyarrow.types as of

    if of.is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and _is_picture(kind.field(index).type)
    return bool(of.is_binary(kind) or of.is_large_binary(kind))


def _is_label(kind: Any) -> bool:
    import pyarrow.types as of

    return bool(of.is_integer(kind) or of.is_string(kind) or of.is_large_string(kind))


def _classes(schema: Any) -> tuple[str, ...]:
    """Return the names of the classes that Hugging Face notes in the schema, if it does."""
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        for name in _LABELS:
            if name in features and "names" in features[name]:
                return tuple(str(each) for each in features[name]["names"])
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    return ()


def _damaged(name: str) -> SourceRejected:
    return SourceRejected(
        f"“{name}” is a Parquet file that cannot be read: it is damaged, cut off or only a part. "
        "Download it again."
    )


FORMAT = Format("Parquet", knows, read)
