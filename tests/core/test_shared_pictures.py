"""Manifests of photos and drawings, good and bad, and the benchmark that reads them."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks.pictures import NOT_READ, Answers, Part, auroc
from core.bundled.manifests import Belongs, held_out, read_photos, read_sketches
from core.errors import AtelierError
from core.settings import ROOT

HEAD = "path,label,kind,view,sender\n"


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes a manifest beside the picture a.png; it returns the folder."""
    Image.new("RGB", (30, 30), "white").save(tmp_path / "a.png")

    def write(text):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "manifest.csv").write_bytes(data)
        return tmp_path

    return write


def test_photos_have_class_kind_view_and_sender(folder):
    pictures = read_photos(
        folder(f"{HEAD}a.png,3,in,apparel,me\na.png,,ood_near,,you\na.png,5,in,footwear-top-view,")
    )
    assert [each.label for each in pictures] == [3, None, 5]
    assert [each.belongs for each in pictures] == [Belongs.IN, Belongs.NEAR, Belongs.IN]
    assert [each.group for each in pictures] == ["me", "you", "a.png"]
    assert pictures[0].path.samefile(pictures[0].path.parent / "a.png")


def test_drawings_are_grouped_by_their_number(folder):
    (picture,) = read_sketches(folder("path,label,kind,category,key_id\na.png,0,in,t-shirt,77\n"))
    assert (picture.group, picture.label, picture.view) == ("77", 0, "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path,label,kind,view\na.png,1,in,apparel\n", "no column “sender”"),
        ("", "no column “path”"),
        (HEAD, "lists no pictures"),
        (f"{HEAD}a.png,1,perhaps,,me\n", "line 2: the kind “perhaps”"),
        (f"{HEAD}a.png,10,in,,me\n", "the label “10”"),
        (f"{HEAD}a.png,,in,,me\n", "the label “”"),
        (f"{HEAD}b.png,1,in,,me\n", "no file “b.png”"),
        (f"{HEAD}../../etc/passwd,1,in,,me\n", "no file “../../etc/passwd”"),
        (f"{HEAD}/etc/passwd,1,in,,me\n", "no file “/etc/passwd”"),
        (f"{HEAD}a\0.png,1,in,,me\n", "anifest.csv"),
        (f"{HEAD}a.png\n", "the kind “”"),
        (f"{HEAD}{'x' * 200_000},1,in,,me\n", "is not a table"),
        (b"path,label,kind,view,sender\n\xff\xfe,1,in,,me\n", "is not a table"),
    ],
)
def test_a_bad_manifest_gets_a_sentence(folder, text, sentence):
    with pytest.raises(AtelierError) as caught:
        read_photos(folder(text))
    assert sentence in str(caught.value) and str(caught.value).endswith(".")


def test_no_manifest_gets_a_sentence(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(AtelierError, match="Name the folder"):
            read_sketches(place)


def test_about_a_third_is_held_out_and_always_the_same():
    kept = [held_out(f"sender{number}") for number in range(3000)]
    assert 0.3 < np.mean(kept) < 0.37
    assert kept[:8] == [False, False, False, True, False, False, True, False]


def test_what_counts(folder):
    lines = ["0,in,apparel", "0,in,apparel", "1,in,apparel", "5,in,footwear-top-view"]
    lines += [",ood_near,", ",ood_far,", ",ood_ambiguous,"]
    part = Part(read_photos(folder(HEAD + "".join(f"a.png,{line},me\n" for line in lines))))
    assert len(part.pictures) == 6
    labels = np.array([0, 0, NOT_READ, 5, 0, 0])
    answers = Answers(labels, np.zeros(6), np.zeros(6, bool), 1.0)
    assert part.top_1(answers) == pytest.approx(2 / 3)
    assert part.balanced(answers) == pytest.approx(1 / 2)
    assert part.top_1(answers, part.above) == 1
    assert (part.near.sum(), part.far.sum()) == (1, 1)


def test_auroc_counts_ties_half():
    assert auroc(np.array([0.1, 0.2]), np.array([0.3, 0.9])) == 1
    assert auroc(np.array([0.5, 0.5]), np.array([0.5])) == 0.5
    assert auroc(np.array([0.1, 0.5]), np.array([0.5, 0.0])) == 0.375
    assert auroc(np.array([0.1]), np.array([])) is None


def test_the_benchmark_says_what_is_wrong(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "core", "benchmark", "pictures", "--photos", tmp_path],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        encoding="utf-8",
    )
    assert process.returncode == 1
    assert process.stderr.startswith("atelier: ") and process.stderr.count("\n") == 1
