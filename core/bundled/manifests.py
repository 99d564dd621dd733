"""Photos and drawings that people made, listed in a manifest: for training, tuning and judging.

A folder holds ``manifest.csv`` and the pictures that it names. Photos have the columns ``path``,
``label``, ``kind``, ``view`` and ``sender``; drawings ``path``, ``label``, ``kind`` and ``key_id``.
"""

import csv
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import DataDamaged, DataUnavailable

MANIFEST = "manifest.csv"
MAX_ROWS = 1_000_000
TOP_VIEW = "footwear-top-view"  # shoes from above, which Fashion-MNIST does not have


class Belongs(StrEnum):
    """Whether a picture shows one of the ten classes."""

    IN = "in"
    NEAR = "ood_near"  # other clothing
    FAR = "ood_far"  # other things
    AMBIGUOUS = "ood_ambiguous"  # one may argue; left out of all scores


@dataclass(frozen=True)
class SharedPicture:
    """One line of a manifest.

    Attributes:
        path: of the picture; it lies in the folder and is a file.
        label: Fashion-MNIST class, 0 to 9; None where it shows none of them.
        belongs: whether it does.
        view: how it was taken, ``TOP_VIEW`` among others; "" where the manifest does not say.
        group: the person or the drawing it comes from; pictures of one group are alike, so they
            stay on one side of ``held_out``.
    """

    path: Path
    label: int | None
    belongs: Belongs
    view: str
    group: str


def held_out(key: str) -> bool:
    """Tell whether a sender or a drawing is kept from training, to validate on: a third of them.

    The answer depends on nothing but the key. (The second byte, as by the first one a single sender
    would be 42 % of the photos to validate on.)
    """
    return hashlib.sha256(key.encode()).digest()[1] % 3 == 0


def read_photos(folder: Path) -> list[SharedPicture]:
    """Return the photos that the manifest in ``folder`` lists.

    Raises:
        DataUnavailable: there is no manifest, or a picture is missing.
        DataDamaged: the manifest is not what it should be.
    """
    return _read(folder, "sender")


def read_sketches(folder: Path) -> list[SharedPicture]:
    """Return the drawings that the manifest in ``folder`` lists.

    Raises:
        DataUnavailable: there is no manifest, or a picture is missing.
        DataDamaged: the manifest is not what it should be.
    """
    return _read(folder, "key_id")


def _read(folder: Path, group: str) -> list[SharedPicture]:
    manifest = folder / MANIFEST
    pictures: list[SharedPicture] = []
    try:
        inside = folder.resolve(strict=True)
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            for name in ("path", "label", "kind", group):
                if name not in (lines.fieldnames or ()):
                    raise DataDamaged(
                        f"{manifest} has no column “{name}”. Choose a folder whose manifest has "
                        f"the columns path, label, kind and {group}."
                    )
            for values in lines:
                if len(pictures) == MAX_ROWS:
                    raise DataDamaged(
                        f"{manifest} has more than {MAX_ROWS:,} lines. Choose a smaller set."
                    )
                pictures.append(
                    _picture(values, group, inside, f"{manifest}, line {lines.line_num}")
                )
    except OSError as error:
        raise DataUnavailable(
            f"{manifest} cannot be read ({error.strerror or error}). Name the folder that holds "
            f"the pictures and their {MANIFEST}."
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataDamaged(
            f"{manifest} is not a table in UTF-8 ({error}). Save it as CSV again."
        ) from error
    if not pictures:
        raise DataDamaged(f"{manifest} lists no pictures. Choose another folder.")
    return pictures


def _picture(values: dict[str, str | None], group: str, inside: Path, where: str) -> SharedPicture:
    """Return the picture of one line; ``where`` says which line, for people."""
    told = {name: (values.get(name) or "").strip() for name in ("path", "label", "kind", "view")}
    try:
        belongs = Belongs(told["kind"])
    except ValueError as error:
        raise DataDamaged(
            f"{where}: the kind “{told['kind'][:40]}” is none of {', '.join(Belongs)}. Correct it."
        ) from error
    label = None
    if belongs is Belongs.IN:
        if told["label"] not in set("0123456789"):
            raise DataDamaged(
                f"{where}: the label “{told['label'][:40]}” is no class from 0 to 9. Correct it."
            )
        label = int(told["label"])
    try:
        path = (inside / told["path"]).resolve()
        there = path.is_relative_to(inside) and path.is_file()
    except ValueError:  # a zero byte in the name
        there = False
    if not there:
        raise DataUnavailable(
            f"{where}: the folder has no file “{told['path'][:100]}”. Copy it there, or take the "
            "line out."
        )
    return SharedPicture(path, label, belongs, told["view"], values.get(group) or told["path"])
