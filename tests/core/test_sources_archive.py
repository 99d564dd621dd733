"""ZIP files of pictures: what is read, how it is sorted, what becomes of other sizes."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets.sources import Found, SourceFile, read
from core.errors import SourceRejected

RANDOM = np.random.default_rng(0)


def picture(
    size: int | tuple[int, int] = 28, mode: str = "L", kind: str = "PNG", **options
) -> bytes:
    width, height = (size, size) if isinstance(size, int) else size
    pixels = RANDOM.integers(0, 256, (height, width, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(content, kind, **options)
    return content.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def pack(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def pets(count: int = 15, **options) -> dict[str, bytes]:
    return {
        f"{name}/{index}.png": picture(**options)
        for name in ("Dog", "cat")
        for index in range(count)
    }


def load(folder: Path, entries: dict[str, bytes], **options) -> Found:
    return read([SourceFile(pack(folder / "x.zip", entries), "pets.zip")], folder, **options)


def refused(folder: Path, entries: dict[str, bytes]) -> str:
    with pytest.raises(SourceRejected) as caught:
        load(folder, entries)
    return str(caught.value)


def test_one_folder_a_class_and_every_pixel_as_it_was(tmp_path):
    entries = pets(12)
    found = load(tmp_path, entries)
    assert found.kind == "pictures" and found.classes == ("cat", "Dog")
    assert found.shape == (28, 28, 1) and found.counts == {"all": [12, 12]} and not found.notes
    images, labels = (np.load(tmp_path / f"all-{what}.npy") for what in ("images", "labels"))
    np.testing.assert_array_equal(labels, [0] * 12 + [1] * 12)
    # In the order of their numbers, not 0, 1, 10, 11, 2.
    for index in range(12):
        expected = np.asarray(Image.open(io.BytesIO(entries[f"cat/{index}.png"])))
        np.testing.assert_array_equal(images[index, ..., 0], expected)


def test_names_that_are_numbers_and_each_there_once_give_the_order(tmp_path):
    """As the PNG files of MNIST have them, and the folders that Atelier writes."""
    names = ("Dog", "cat", "owl")
    entries = {
        f"{part}/{names[number % 3]}/{number:04}.png": picture()
        for part in ("train", "test")
        for number in range(24)
    }
    found = load(tmp_path, entries)
    assert found.ordered and "numbers, and the images are in their order" in found.notes[0]
    for part in ("train", "test"):
        images = np.load(tmp_path / f"{part}-images.npy")
        for number in range(24):
            content = entries[f"{part}/{names[number % 3]}/{number:04}.png"]
            np.testing.assert_array_equal(images[number, ..., 0], np.asarray(opened(content)))
    del entries["train/Dog/0000.png"]
    assert not load(tmp_path, entries | {"train/Dog/a.png": picture()}).ordered
    assert not load(tmp_path, entries | {"train/Dog/0001.png": picture()}).ordered  # cat's, too


@pytest.mark.parametrize(
    ("listed", "classes"),
    [
        ("Dog\ncat\n", ("Dog", "cat")),
        ("\ufeffowl\r\nDog\r\n\r\ncat", ("owl", "Dog", "cat")),
        ("Dog\n", ("cat", "Dog")),
        ("0 Dog\n1 cat\n", ("cat", "Dog")),
        ("", ("cat", "Dog")),
        ("\n".join(["Dog", "cat", *map(str, range(99))]), ("cat", "Dog")),
    ],
)
def test_a_list_of_all_classes_gives_their_order(listed, classes, tmp_path):
    found = load(tmp_path, pets(12) | {"classes.txt": listed.encode()})
    assert found.classes == classes
    is_used = classes != ("cat", "Dog")
    assert any("order of “classes.txt”" in each for each in found.notes) == is_used
    assert (("classes.txt", "it is not a picture") in found.left_out.first) != is_used
    assert sum(found.counts["all"]) == 24 and found.counts["all"][classes.index("Dog")] == 12


def test_train_and_test_folders_and_one_around_everything(tmp_path):
    entries = {f"my pets/train/{name}": content for name, content in pets(20).items()}
    entries |= {f"my pets/test/{name}": content for name, content in pets(3).items()}
    entries |= {
        "my pets/.DS_Store": b"x",
        "__MACOSX/my pets/train/cat/._1.png": b"x",
        "my pets/train/cat/Thumbs.db": b"x",
        "my pets/": b"",
    }
    found = load(tmp_path, entries)
    assert found.counts == {"train": [20, 20], "test": [3, 3]} and not found.notes


@pytest.mark.parametrize(
    "folders", [("train", "training"), ("Train", "train"), ("test", "Testing")]
)
def test_two_folders_of_the_same_part_are_no_split(folders, tmp_path):
    entries = {f"{each}/{name}": data for each in folders for name, data in pets(8).items()}
    found = load(tmp_path, entries)
    assert found.counts == {"all": [16, 16]} and found.classes == ("cat", "Dog")


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"size": 28, "mode": "RGB"}, (28, 28, 3)),
        ({"size": 32, "mode": "P"}, (32, 32, 3)),
        ({"size": 64, "mode": "1"}, (64, 64, 1)),
        ({"size": 200, "mode": "RGB"}, (32, 32, 3)),
        ({"size": (300, 200), "mode": "RGB", "kind": "JPEG"}, (32, 32, 3)),
        ({"size": (20, 28), "mode": "L"}, (28, 28, 1)),
        ({"size": 40, "mode": "RGBA"}, (40, 40, 3)),
        ({"size": 40, "mode": "RGB", "kind": "WEBP"}, (40, 40, 3)),
        ({"size": 40, "mode": "P", "kind": "GIF"}, (40, 40, 3)),
        ({"size": 40, "mode": "L", "kind": "BMP"}, (40, 40, 1)),
    ],
)
def test_the_pictures_decide_the_shape(options, shape, tmp_path):
    assert load(tmp_path, pets(10, **options)).shape == shape
    assert np.load(tmp_path / "all-images.npy").shape == (20, *shape)


def test_other_sizes_are_cut_to_the_centre_resized_and_noted(tmp_path):
    wide = np.zeros((50, 100, 3), np.uint8)
    wide[:, 25:75] = 200  # all that is left after the cut
    content = io.BytesIO()
    Image.fromarray(wide).save(content, "PNG")
    found = load(tmp_path, pets(10) | {"cat/wide.png": content.getvalue()}, shape=(28, 28, 1))
    assert found.notes[0].startswith("Pictures of another size than 28 × 28 (1 of 21)")
    last_cat = np.load(tmp_path / "all-images.npy")[10]
    assert last_cat.min() > 180


def test_sixteen_bits_are_scaled_and_transparent_parts_are_white(tmp_path):
    deep = io.BytesIO()
    Image.fromarray(np.full((28, 28), 40_000, np.uint16)).save(deep, "PNG")
    clear = io.BytesIO()
    Image.new("RGBA", (28, 28), (0, 0, 0, 0)).save(clear, "PNG")
    load(
        tmp_path,
        pets(10) | {"a/1.png": deep.getvalue(), "a/2.png": clear.getvalue()},
        shape=(28, 28, 1),
    )
    images = np.load(tmp_path / "all-images.npy")
    assert (images[0] == 40_000 // 256).all() and (images[1] == 255).all()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"lost.png": picture()}, "“lost.png”: it lies beside the folders of the classes"),
        ({"cat/old/1.png": picture()}, "“cat/old/1.png”: it is in a folder below its class's"),
        ({"cat/list.txt": b"x"}, "“cat/list.txt”: it is not a picture"),
        ({"README.md": b"my pets"}, "“README.md”: it is not a picture"),
        ({"cat/50.png": b""}, "“cat/50.png”: it is empty"),
        ({"cat/50.png": picture()[:20]}, "“cat/50.png”: it is not a picture"),
        ({"cat/50.png": picture()[:300]}, "“cat/50.png”: it is damaged"),
        ({"cat/50.png": picture((5000, 4000), "1")}, "“cat/50.png”: it has more than 16 mega"),
        ({"cat/50.png": b"\0\0\0\x18ftypheic" + bytes(50)}, "“cat/50.png”: it is a HEIC picture"),
        ({"cat/50.jpg": bytes(10_000_001)}, "“cat/50.jpg”: unpacks to 10 MB; at most 10 MB"),
    ],
)
def test_what_does_not_belong_is_left_out_and_named(more, reason, tmp_path):
    found = load(tmp_path, pets(10) | more)
    assert found.counts == {"all": [10, 10]} and found.classes == ("cat", "Dog")
    assert found.left_out.count == 1
    ((name, why),) = found.left_out.first
    assert f"“{name}”: {why}".startswith(reason)


def test_too_many_damaged_pictures_are_refused_with_the_first_ones(tmp_path):
    broken = {f"cat/x{i}.png": b"" for i in range(5)}
    assert load(tmp_path, pets(10) | broken).total == 20
    said = refused(tmp_path, pets(10) | broken | {"Dog/x.png": picture()[:300]})
    assert "6 or more of 26 pictures cannot be read, and at most 20%" in said
    assert "The entry “cat/x0.png” is empty." in said


@pytest.mark.parametrize("first", ["L", "RGB"])
@pytest.mark.parametrize("most", ["L", "RGB"])
def test_grey_or_colour_goes_by_the_majority(first, most, tmp_path):
    found = load(tmp_path, pets(10, mode=most) | {"a/0.png": picture(mode=first)})
    assert found.shape == (28, 28, 1 if most == "L" else 3)
    said = [note for note in found.notes if "1 of 21 pictures" in note]
    assert len(said) == (first != most)


def test_an_empty_folder_beside_the_classes_is_no_class(tmp_path):
    found = load(tmp_path, pets(10) | {"owl/": b"", "fox/list.txt": b""})
    assert found.classes == ("cat", "Dog")
    assert ("owl", "the folder has no pictures, so it is no class") in found.left_out.first


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", ""])
def test_a_tar_is_read_like_a_zip(kind, tmp_path):
    path = tmp_path / "x"
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, content in pets(10).items():
            info = tarfile.TarInfo(f"./pets/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    found = read([SourceFile(path, "pets.tar")], tmp_path)
    assert found.counts == {"all": [10, 10]} and found.classes == ("cat", "Dog")


def test_one_folder_or_a_hundred_and_one_are_no_classes(tmp_path):
    assert "has 1 folders" in refused(tmp_path, {f"cat/{i}.png": picture() for i in range(30)})
    many = {f"{i}/1.png": picture(8) for i in range(101)}
    assert "has 101 folders" in refused(tmp_path, many)


def test_neither_pictures_nor_tables(tmp_path):
    assert "neither pictures" in refused(tmp_path, {"model.bin": b"cos\nsystem\n"})
    assert "is a pickle, which is never" in refused(tmp_path, {"model.pkl": b"cos\nsystem\n"})
    assert "neither pictures" in refused(tmp_path, {})
