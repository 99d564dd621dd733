"""The data sets that people brought: one folder each below ``ATELIER_HOME/datasets``.

| file | what |
| --- | --- |
| ``meta.json`` | title, classes, shape, numbers of images, who imported it and when, and of which
  other data set its images are, if of one |
| ``train-images.npy``, ``test-images.npy`` | uint8 (n, height, width, channels) |
| ``train-labels.npy``, ``test-labels.npy`` | int64 (n,) |

A validation part that the files had stands at the end of the training images; ``meta.json`` says
how many these are. A folder appears whole or not at all, and nothing in it changes afterwards. Of a
deleted data set ``meta.json`` stays, so that the runs on it keep their classes and figures. Arrays
are mapped, not read: thirty of them take no more memory than the images that are looked at.

What is being imported waits in a folder ``.new-*`` beside the others, and is removed after an hour.
"""

import contextlib
import os
import re
import secrets
import shutil
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets import cifar10, fashion_mnist
from core.datasets.mapped import map_array
from core.datasets.sources import Found, SourceFile, Wishes
from core.datasets.sources.check import check
from core.datasets.sources.found import LEFT_OUT
from core.datasets.sources.parts import MOST_CLASSES, Part, check_shape
from core.datasets.spec import SPLITS, DatasetSpec, Split
from core.errors import AtelierError, DataDamaged, DataUnavailable, SettingsError, SourceRejected
from core.files import (
    flush,
    harmless,
    open_regular,
    read_json,
    remove,
    remove_unless_mapped,
    status_of,
    when_free,
    write_json,
)
from core.settings import settings

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}-[0-9a-f]{6}")
TITLE_LENGTH = 60  # characters
CLASS_LENGTH = 40
STAGED_KEPT = 3600.0  # seconds
DELETED_KEPT = 500  # deleted data sets whose meta.json stays
COMMAND_LINE = "command-line"  # the visitor of what is done there, which belongs to everyone
KNOWN_CLASSES = {
    "fashion-mnist": fashion_mnist.SPEC.classes,
    "digits": tuple("0123456789"),
    "letters": tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "cifar-10": cifar10.SPEC.classes,
}
BUILT_IN = (fashion_mnist.SPEC.name, cifar10.SPEC.name)
RESERVED = ("All classes", "Any class")  # what pages offer beside the names of classes
_KNOWN = DELETED_KEPT + 500  # data sets that a process remembers: more than there usually are
_NEW = ".new-"
_OWNER = "visitor"  # the file of a staged folder that says whose it is
_FOUND = "found.json"  # and the one that says what was found
_BROUGHT = "brought.json"  # and the one that says of which files, so that they can be read again
_AGAIN = "again"  # the folder within, for what is being read again
_BLOCK = 4096  # images copied at a time


class Order(StrEnum):
    """Which images become the test split."""

    STRATIFIED = "stratified"  # at random, the same share of each class
    END = "end"  # the last ones


@dataclass(frozen=True)
class Choices:
    """What their owner decides about files that were read.

    Attributes:
        title: of the data set.
        classes: their names, in label order; may be more than the labels that occur.
        test: share of the images for the test split, 0.01 to 0.9; None if the files have one.
        order: which images these are.
        seed: of what is random, 0 to 2**31 - 1.
        transposed: rows become columns, for images that lie on their side as EMNIST's do.
        negative: light becomes dark.

    Raises:
        SettingsError: a value cannot work.
    """

    title: str
    classes: tuple[str, ...]
    test: float | None = None
    order: Order = Order.STRATIFIED
    seed: int = 0
    transposed: bool = False
    negative: bool = False

    def __post_init__(self) -> None:
        """Check the values, and make the names harmless where Markdown is read."""
        object.__setattr__(self, "title", harmless(self.title, len(self.title)))
        names = tuple(harmless(each, len(each)) for each in self.classes)
        object.__setattr__(self, "classes", names)
        if not _is_text(self.title, TITLE_LENGTH):
            raise SettingsError(
                f"Give the data set a title of 1 to {TITLE_LENGTH} characters in one line."
            )
        if problem := _classes_problem(self.classes):
            raise SettingsError(problem)
        if self.test is not None and not 0.01 <= self.test <= 0.9:
            raise SettingsError("The share of test images must be from 0.01 to 0.9.")
        if not 0 <= self.seed < 2**31:
            raise SettingsError("The seed must be a whole number from 0 to 2147483647.")


@dataclass(frozen=True)
class Imported:
    """An imported data set, with what only its owner needs to know.

    Attributes:
        spec: as of any data set.
        visitor: anonymous id of who imported it.
        created: seconds since the epoch.
        bytes: that its arrays take.
        source: the name of the file it is from.
        deleted: whether its images are gone.
        origin: the name of the data set that its images are of; empty for files that were brought.
    """

    spec: DatasetSpec
    visitor: str
    created: float
    bytes: int
    source: str
    deleted: bool
    origin: str = ""


def find(dataset_id: str) -> Imported | None:
    """Return the imported data set with this id, deleted ones too; None if there is none.

    One whose folder was removed by hand is found as long as this process remembers it: there may
    be runs on it in the middle of a page.

    Raises:
        DataDamaged: its ``meta.json`` is not what it should be.
    """
    if not isinstance(dataset_id, str) or not ID.fullmatch(dataset_id):
        return None
    folder = settings().datasets / dataset_id
    try:
        status = os.lstat(folder / "meta.json")
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            return None
    except OSError:
        known = _known.get(dataset_id)
        return known[1] if known is not None and known[0][0] == str(folder) else None
    stamp = (str(folder), status.st_ino, status.st_mtime_ns, status.st_size)
    with _known_lock:
        known = _known.get(dataset_id)
        if known is None or known[0] != stamp:
            known = _known[dataset_id] = (stamp, _read_meta(folder))
        _known.move_to_end(dataset_id)
        while len(_known) > _KNOWN:
            _known.popitem(last=False)
    return known[1]


def list_imported() -> list[Imported]:
    """Return all imported data sets, newest first, without those deleted or damaged."""
    found = []
    for entry in _entries():
        with contextlib.suppress(DataDamaged):
            each = find(entry.name)
            if each is not None and not each.deleted:
                found.append(each)
    return sorted(found, key=lambda each: (each.created, each.spec.name), reverse=True)


def stage(visitor: str = "") -> Path:
    """Make a folder for what is being imported, and remove those that were left.

    Args:
        visitor: who brings it: has one such folder, and an older one is removed. Nobody, if empty.

    Raises:
        SettingsError: the folder cannot be written.
    """
    _purge(visitor)
    folder = settings().datasets / f"{_NEW}{secrets.token_hex(8)}"
    with _writing("The files could not be imported"):
        folder.mkdir(parents=True)
        if visitor:
            (folder / _OWNER).write_text(visitor, encoding="utf-8")
    return folder


def staged(token: str) -> Path | None:
    """Return the folder that ``stage`` made, by the end of its name; None if it is gone."""
    if not re.fullmatch("[0-9a-f]{16}", token):
        return None
    folder = settings().datasets / f"{_NEW}{token}"
    return folder if folder.is_dir() and not folder.is_symlink() else None


def token_of(folder: Path) -> str:
    """Return the end of the name of a folder that ``stage`` made."""
    return folder.name.removeprefix(_NEW)


def offer(folder: Path, found: Found) -> None:
    """Note in a staged folder what was found, so that its owner is offered it after a reload too.

    Raises:
        SettingsError: the folder cannot be written.
    """
    with _writing("The data that was read could not be saved"):
        write_json(folder / _FOUND, found.to_dict(), durable=False)


def offered(visitor: str) -> tuple[Path, Found] | None:
    """Return the staged folder that waits for a visitor's decision and what is in it, if any."""
    for entry in _entries(also_staged=True):
        folder = Path(entry.path)
        if entry.name.startswith(_NEW) and visitor and _owner(folder) == visitor:
            # Nothing noted yet, or by a program of another version: then there is no offer.
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                return folder, Found.from_dict(read_json(folder / _FOUND))
    return None


def keep_files(
    folder: Path, files: Sequence[SourceFile], shape: tuple[int, int, int] | None
) -> None:
    """Note which files a staged folder is filled from, so that they can be read again.

    Raises:
        SettingsError: the folder cannot be written.
    """
    value = {"files": [[str(each.path), each.name] for each in files], "shape": shape}
    with _writing("The files could not be saved"):
        write_json(folder / _BROUGHT, value, durable=False)


def read_again(
    folder: Path, wishes: Wishes, more: Sequence[SourceFile] = ()
) -> Generator[tuple[float, str] | Found, None, None]:
    """Read the files of a staged folder in another way, as ``sources.check.check`` does.

    What was read before stays until this has gone well; then ``offer`` notes the new.

    Args:
        folder: that ``stage`` made, and ``keep_files`` noted the files of.
        wishes: how to read.
        more: files that are read beside those noted, and noted with them if that goes well.

    Yields:
        As ``check``.

    Raises:
        SourceRejected: the files cannot be read so.
        SettingsError: the files are gone, or others are importing.
    """
    try:
        noted = read_json(folder / _BROUGHT)
        files = [SourceFile(Path(path), name) for path, name in noted["files"]]
        shape = tuple(noted["shape"]) if noted["shape"] else None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError("The files are gone. Discard this, and upload them again.") from error
    again = folder / _AGAIN
    discard(again)
    try:
        with _writing("The files could not be read again"):
            again.mkdir()
        files += more
        for answer in check(files, again, shape=shape, room=lambda: room(folder), wishes=wishes):
            if isinstance(answer, Found):
                keep_files(folder, files, shape)
                with _writing("What was read could not be saved"):
                    _replace_arrays(folder, again)
                offer(folder, answer)
            yield answer
    finally:
        discard(again)


def _replace_arrays(folder: Path, again: Path) -> None:
    """Put what was read again in the place of what was read before."""
    for path in (*folder.glob("*.npy"), folder / LEFT_OUT):
        when_free(lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]
    for path in list(again.iterdir()):
        path.rename(folder / path.name)


def withdraw(folder: Path) -> None:
    """Take an offer back, while it is imported."""
    remove(folder / _FOUND)


def discard(folder: Path) -> None:
    """Remove a folder that ``stage`` made."""
    shutil.rmtree(folder, ignore_errors=True)


def preview(
    folder: Path, found: Found, count: int, *, transposed: bool = False, negative: bool = False
) -> tuple[np.ndarray, list[int]]:
    """Return some of the images of a staged folder with their labels.

    Args:
        folder, found: as ``check`` filled and returned them.
        count: of images.
        transposed, negative: as in ``Choices``.

    Raises:
        DataDamaged: the arrays are not those that were read.
    """
    split = _read_arrays(folder, next(iter(found.counts)), found)
    count = min(count, len(split))
    # Pictures lie sorted by class: the first ones would all be of one.
    last = len(split) - 1 if found.kind == "pictures" else count - 1
    chosen = np.linspace(0, last, count).round().astype(int)
    images = _turned(split.images[chosen], transposed=transposed, negative=negative)
    return images, split.labels[chosen].tolist()


def images_of(folder: Path, found: Found) -> Iterator[np.ndarray]:
    """Yield the images of a staged folder, part by part, uint8 (n, height, width, channels).

    Raises:
        DataDamaged: the arrays are not those that were read.
    """
    for part in found.counts:
        yield _read_arrays(folder, part, found).images


def left_out(folder: Path) -> bytes:
    """Return the list of what was left out of a staged folder, a CSV file; empty if nothing was."""
    try:
        with open_regular(folder / LEFT_OUT) as file:
            return file.read()
    except OSError:
        return b""


def _turned(images: np.ndarray, *, transposed: bool, negative: bool) -> np.ndarray:
    """Return images (n, height, width, channels) as their owner says that they are right."""
    if transposed:
        images = images.swapaxes(1, 2)
    return 255 - images if negative else images


def room(apart: Path | None = None) -> int:
    """Return how many bytes further data sets may take.

    Args:
        apart: a staged folder that is not counted, as what is in it will be the data set.
    """
    used = 0
    for entry in _entries(also_staged=True):
        if apart is not None and entry.name == apart.name:
            continue
        for folder, _, names in os.walk(entry.path):
            for name in names:
                with contextlib.suppress(OSError):
                    used += os.lstat(Path(folder) / name).st_size
    return max(0, settings().limits.datasets_bytes - used)


def check_room(visitor: str) -> None:
    """Raise SettingsError if the visitor may import no further data set."""
    most = settings().limits.datasets
    if visitor == COMMAND_LINE:
        return
    own = sum(each.visitor == visitor for each in list_imported())
    if own >= most:
        raise SettingsError(
            f"You have {own} data sets, and a visitor may have {most}. Delete one first."
            if most
            else "Importing data sets is turned off on this server (ATELIER_MAX_DATASETS is 0)."
        )


def default_classes(found: Found) -> tuple[str, ...]:
    """Return the class names that fit best: of the folders, or by the size and the file's name.

    Files of 28 × 28 in grey are taken for one of MNIST's successors, which have ten classes, or the
    letters of the alphabet from label 0 on.
    """
    if found.classes:
        return found.classes
    name = found.name.lower()
    beyond = sum(sum(counts[10:]) for counts in found.counts.values())
    if found.shape == fashion_mnist.SPEC.shape and beyond > 0.1 * found.total:  # no slip of the pen
        return KNOWN_CLASSES["letters"] if found.labels == 26 else numbered(found)
    if found.shape == fashion_mnist.SPEC.shape:
        return KNOWN_CLASSES["fashion-mnist" if "fashion" in name else "digits"]
    if found.shape == cifar10.SHAPE and "cifar" in name and found.labels <= 10:
        return KNOWN_CLASSES["cifar-10"]
    return numbered(found)


def numbered(found: Found) -> tuple[str, ...]:
    """Return the labels that occur, and those between, as class names."""
    return tuple(str(label) for label in range(max(2, found.labels)))


def check_labels(found: Found, classes: int) -> None:
    """Raise SourceRejected, naming the place, if a label is beyond the number of classes."""
    for label in range(classes, found.labels):
        if found.first[label]:
            place = found.first[label]
            raise SourceRejected(
                f"{place[0].upper()}{place[1:]} has the label {label}, but {classes} classes have "
                f"the labels 0 to {classes - 1}. Correct the file, or name more classes."
            )


def save(folder: Path, found: Found, choices: Choices, visitor: str) -> str:
    """Make a data set of what was read, and return its id.

    Args:
        folder: that ``stage`` made, with the arrays of ``found``; it is removed if all goes well.
        found: what was read.
        choices: of the owner.
        visitor: anonymous id of the owner.

    Raises:
        SettingsError: the choices do not fit, there is no room, or the disk refuses.
        SourceRejected: a label has no class.
        DataDamaged: the arrays are not those that were read.
    """
    check_room(visitor)
    _check_size(found.total, found.shape, room(folder))
    check_labels(found, len(choices.classes))
    source = {part: _read_arrays(folder, part, found) for part in found.counts}
    indices = _divide(source, found, choices)
    making = stage()
    try:
        with _writing("The data set could not be saved"):
            for split, pieces in indices.items():
                _copy([(source[part], rows) for part, rows in pieces], making, split, choices)
            counts = {
                split: sum(len(chosen) for _, chosen in pieces) for split, pieces in indices.items()
            }
            validation = sum(found.counts.get("validation", ()))
            dataset_id = _put(making, choices, found.shape, counts, validation, found.name, visitor)
    finally:
        discard(making)
    source.clear()  # what is mapped could not be removed on Windows
    discard(folder)
    return dataset_id


def relabel(
    original: DatasetSpec, labels: np.ndarray, title: str, visitor: str, source: str
) -> str:
    """Make a data set of another one's images, with other labels in its training split.

    The images keep their order, so that a run holds back the same ones. The test split stays as it
    is: where it is closed for a class, so is this one's (``origin_of``).

    Args:
        original: built in or imported.
        labels: int (n,), of the training split.
        title: of the new data set; what does not fit is cut off.
        visitor: who owns it.
        source: what was changed, in words.

    Returns:
        Its id.

    Raises:
        SettingsError: there is no room, or the disk refuses.
        DataUnavailable, DataDamaged: the original cannot be read.
    """
    check_room(visitor)
    _check_size(sum(original.counts.values()), original.shape, room())
    splits = {split: original.load(split) for split in SPLITS}
    splits["train"] = Split(splits["train"].images, np.array(labels, np.int64))
    choices = Choices(title[:TITLE_LENGTH].strip(), original.classes)
    making = stage()
    try:
        with _writing("The data set could not be saved"):
            for name, split in splits.items():
                _copy([(split, np.arange(len(split)))], making, name, choices)
            counts = {name: len(split) for name, split in splits.items()}
            return _put(
                making,
                choices,
                original.shape,
                counts,
                original.validation,
                source,
                visitor,
                origin=origin_of(original.name),
            )
    finally:
        discard(making)


def origin_of(name: str) -> str:
    """Return the name of the data set that a data set's images are of; of most it is its own.

    Raises:
        DataDamaged: what describes it is damaged.
    """
    found = find(name)
    return name if found is None else found.origin or name


def _check_size(images: int, shape: tuple[int, ...], most: int) -> None:
    """Raise SettingsError if images and labels take more than ``most`` bytes."""
    size = images * (int(np.prod(shape)) + 8)
    if size > most:
        raise SettingsError(
            f"The images need {size / 1e6:,.0f} MB, and this server has room for {most / 1e6:,.0f} "
            "MB. Use fewer images, or delete a data set."
        )


def _put(
    making: Path,
    choices: Choices,
    shape: tuple[int, ...],
    counts: dict[str, int],
    validation: int,
    source: str,
    visitor: str,
    *,
    origin: str = "",
) -> str:
    """Describe the arrays of a staged folder, and let it be a data set; return its id."""
    value = {
        "title": choices.title,
        "classes": list(choices.classes),
        "shape": list(shape),
        "counts": counts,
        "validation": validation,
        "source": harmless(source),
        "visitor": visitor,
        "created": time.time(),
        "deleted": False,
    }
    write_json(making / "meta.json", value | ({"origin": origin} if origin else {}))
    slug = re.sub("[^a-z0-9]+", "-", choices.title.lower())[:30].strip("-") or "my-data"
    dataset_id = f"{slug}-{secrets.token_hex(3)}"
    when_free(lambda: making.rename(settings().datasets / dataset_id))
    return dataset_id


def delete(dataset_id: str) -> None:
    """Remove the images of an imported data set, and what was computed of them, for good.

    Its ``meta.json`` stays.

    Raises:
        DataUnavailable: there is none.
        SettingsError: the folder cannot be written.
    """
    found = find(dataset_id)
    if found is None or found.deleted:
        raise DataUnavailable("This data set is gone already.")
    folder = settings().datasets / dataset_id
    with _writing("The data set could not be deleted"):
        write_json(folder / "meta.json", {**read_json(folder / "meta.json"), "deleted": True})
        _remove_arrays(folder)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder / "analysis")


_known: OrderedDict[str, tuple[tuple[str, int, int, int], Imported]] = OrderedDict()
_known_lock = threading.Lock()


def _read_meta(folder: Path) -> Imported:
    """Read and judge ``meta.json``; whoever can write the folder may have put anything there."""
    try:
        values = read_json(folder / "meta.json")
        shape = tuple(values["shape"])
        counts = {split: values["counts"][split] for split in SPLITS}
        validation = values.get("validation", 0)  # version 0.4 had none
        classes, title = tuple(values["classes"]), values["title"]
        created, deleted = float(values["created"]), values["deleted"] is True
        visitor, source = values["visitor"], harmless(values["source"])
        origin = values.get("origin", "")
        right = (
            _is_text(title, TITLE_LENGTH)
            and _classes_problem(classes) is None
            and all(type(each) is int for each in (*shape, *counts.values(), validation))
            and isinstance(values["classes"], list)
            and all(1 <= count < 2**32 for count in counts.values())
            and 0 <= validation < counts["train"]
            and len(shape) == 3
            and isinstance(visitor, str)
            and isinstance(origin, str)
            and (origin in ("", *BUILT_IN) or ID.fullmatch(origin) is not None)
            and 0 <= created < 2.5e11
        )
        if not right:
            raise ValueError
        check_shape(shape, "It")
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        SourceRejected,
    ):
        raise DataDamaged(
            f"The imported data set {folder.name} is damaged: its meta.json cannot be used. Delete "
            "its folder, and import the data set again."
        ) from None
    size = sum(counts.values()) * (int(np.prod(shape)) + 8)
    spec = DatasetSpec(
        name=folder.name,
        title=title,
        classes=classes,
        shape=shape,
        counts=counts,
        credit=f"{'made' if origin else 'imported'} from {source} on {_day(created)}",
        read=lambda split: _read_split(folder, split, shape, title, deleted),
        missing=lambda: _missing(folder, title, deleted),
        kin="fashion-mnist" if shape[2] == 1 else "cifar-10",
        validation=validation,
    )
    return Imported(spec, visitor, created, size, source, deleted, origin)


def _day(moment: float) -> str:
    return time.strftime("%d %b %Y", time.localtime(moment))


def _missing(folder: Path, title: str, deleted: bool) -> str | None:
    if deleted or not folder.exists():
        return (
            f"The data set “{title}” was deleted, and its images are gone. Import it again to "
            "train on it; the figures of runs on it stay."
        )
    for split in SPLITS:
        for what in ("images", "labels"):
            if not (folder / f"{split}-{what}.npy").is_file():
                return (
                    f"The file {split}-{what}.npy of the data set “{title}” is missing. Import the "
                    "data set again."
                )
    return None


def _read_split(
    folder: Path, split: str, shape: tuple[int, ...], title: str, deleted: bool
) -> Split:
    reason = _missing(folder, title, deleted)
    if reason is not None:
        raise DataUnavailable(reason)
    images = _mapped(folder / f"{split}-images.npy", np.dtype(np.uint8), title)
    labels = np.array(_mapped(folder / f"{split}-labels.npy", np.dtype(np.int64), title))
    if images.shape != (len(labels), *shape) or labels.ndim != 1 or labels.min(initial=0) < 0:
        raise _damaged(title)
    return Split(images, labels)


def _mapped(path: Path, kind: np.dtype, title: str) -> np.ndarray:
    """Map a plain ``.npy`` file of one kind; anything else, a pickle above all, is refused."""
    try:
        with open_regular(path) as file:
            array = map_array(file)
    except (OSError, ValueError, TypeError, SyntaxError, OverflowError, MemoryError) as error:
        raise _damaged(title) from error
    if array.dtype != kind:
        raise _damaged(title)
    return array


def _damaged(title: str) -> DataDamaged:
    return DataDamaged(
        f"A file of the data set “{title}” is damaged. Delete the data set, and import it again."
    )


def _read_arrays(folder: Path, part: str, found: Found) -> Split:
    images = _mapped(folder / f"{part}-images.npy", np.dtype(np.uint8), found.name)
    labels = np.array(_mapped(folder / f"{part}-labels.npy", np.dtype(np.int64), found.name))
    if images.shape != (sum(found.counts[part]), *found.shape) or len(labels) != len(images):
        raise _damaged(found.name)
    return Split(images, labels)


_Pieces = list[tuple[str, np.ndarray]]  # the parts that a split is made of, with indices there


def _divide(source: dict[str, Split], found: Found, choices: Choices) -> dict[str, _Pieces]:
    """Return what each split is made of; validation images stand at the end of the training."""
    random = np.random.default_rng(choices.seed)
    learn = "all" if "all" in source else "train"
    if "test" in source:
        train = _mixed(source[learn].labels, found, random)
        test = ("test", np.arange(len(source["test"])))
    else:
        train, chosen = _held_out(source[learn].labels, found, choices, random)
        test = (learn, chosen)
    indices: dict[str, _Pieces] = {"train": [(learn, train)], "test": [test]}
    if "validation" in source:
        own = _mixed(source["validation"].labels, found, random)
        indices["train"].append(("validation", own))
    return indices


def _held_out(
    labels: np.ndarray, found: Found, choices: Choices, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the images to learn from, in their order, and of those to test on."""
    if choices.test is None:
        raise SettingsError("Choose which share of the images is for testing.")
    order = _mixed(labels, found, random)
    test = np.zeros(len(labels), bool)
    if choices.order is Order.END:
        test[order[len(labels) - round(choices.test * len(labels)) :]] = True
    else:
        for label in range(found.labels):
            these = np.flatnonzero(labels == label)
            # At least one for each split, where a class has two images or more.
            count = min(max(1, round(choices.test * len(these))), len(these) - 1)
            test[random.permutation(these)[: max(0, count)]] = True
    if not test.any() or test.all():
        raise SettingsError(
            "The split leaves no image for testing or for training. Change the share."
        )
    return order[~test[order]], np.flatnonzero(test)


def _mixed(labels: np.ndarray, found: Found, random: np.random.Generator) -> np.ndarray:
    """Return an order of the images in which the classes are mixed, if possible the given one.

    Validation takes the last images, and a quick try the first: neither may be of one class.
    """
    if found.ordered and _changes_enough(labels):
        return np.arange(len(labels))
    return random.permutation(len(labels))


def _changes_enough(labels: np.ndarray) -> bool:
    """Tell whether the class changes from image to image half as often as by chance, or more."""
    shares = np.bincount(labels) / max(1, len(labels))
    by_chance = (len(labels) - 1) * (1 - float((shares**2).sum()))
    return bool(2 * np.count_nonzero(np.diff(labels)) > by_chance)


def _copy(
    pieces: Sequence[tuple[Split, np.ndarray]], folder: Path, split: str, choices: Choices
) -> None:
    height, width, channels = pieces[0][0].images.shape[1:]
    with Part(folder, split, (height, width, channels), lambda count: None) as part:
        for source, chosen in pieces:
            for first in range(0, len(chosen), _BLOCK):
                block = chosen[first : first + _BLOCK]
                images = _turned(
                    source.images[block], transposed=choices.transposed, negative=choices.negative
                )
                part.append(images, source.labels[block], lambda i: "")
    for what in ("images", "labels"):
        flush(folder / f"{split}-{what}.npy")


def _entries(*, also_staged: bool = False) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(settings().datasets) as entries:
            return [
                entry
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and (ID.fullmatch(entry.name) or (also_staged and entry.name.startswith(_NEW)))
            ]
    except OSError:
        return []


def _purge(visitor: str) -> None:
    """Remove what was never imported, by this visitor or for long, and the oldest deleted ones."""
    deleted = []
    for entry in _entries(also_staged=True):
        with contextlib.suppress(OSError, AtelierError):
            if entry.name.startswith(_NEW):
                age = time.time() - status_of(entry).st_mtime
                if age > STAGED_KEPT or (visitor and _owner(Path(entry.path)) == visitor):
                    shutil.rmtree(entry.path, ignore_errors=True)
            elif (each := find(entry.name)) is not None and each.deleted:
                deleted.append((each.created, entry.path))
                _remove_arrays(Path(entry.path))
    for _, path in sorted(deleted, reverse=True)[DELETED_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def _remove_arrays(folder: Path) -> None:
    """Remove the images and labels of a deleted data set that nobody has mapped."""
    for split in SPLITS:
        for what in ("images", "labels"):
            remove_unless_mapped(folder / f"{split}-{what}.npy")


def _owner(folder: Path) -> str:
    """Return the visitor of a staged folder; empty if it is nobody's."""
    try:
        with open_regular(folder / _OWNER) as file:
            return file.read(200).decode("utf-8", "replace")
    except OSError:
        return ""


def _is_text(value: object, length: int) -> bool:
    """Tell whether it is a line of text that can be shown wherever Markdown is read."""
    return isinstance(value, str) and len(value) > 0 and harmless(value, length) == value


def _classes_problem(classes: Any) -> str | None:
    if isinstance(classes, tuple) and len(classes) == 1:
        return (
            "There is one class, and a network needs at least two to tell apart. Add the images of "
            "another class."
        )
    if not isinstance(classes, tuple) or not 2 <= len(classes) <= MOST_CLASSES:
        return f"There must be 2 to {MOST_CLASSES} classes."
    for each in classes:
        if not _is_text(each, CLASS_LENGTH):
            return f"A class must have a name of 1 to {CLASS_LENGTH} characters in one line."
        if each in RESERVED:
            return (
                f"A class cannot be called “{each}”: the pages use this word for all classes. "
                "Choose another name."
            )
    if len(set(classes)) < len(classes):
        twice = next(each for each in classes if classes.count(each) > 1)
        return f"Two classes are called “{twice}”. Give each a name of its own."
    return None


@contextlib.contextmanager
def _writing(failure: str) -> Iterator[None]:
    """Turn a disk's refusal into a sentence that begins with ``failure``."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"{failure}: {error.strerror or error}. Make {settings().datasets} writable or free "
            "some space."
        ) from error
