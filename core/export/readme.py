"""What goes along with a model file: how to call it, its classes, and a picture to try it on."""

import io
from importlib.metadata import version

from PIL import Image

from core import runs
from core.export import versions
from core.export.archive import zipped
from core.export.told import Told
from core.words import markdown_line

CLASSES, PICTURE = "classes.txt", "picture.png"

_PICTURE = """picture = Image.open("{picture}").convert("{mode}").resize(({width}, {height}))
pixels = np.asarray(picture, "float32").reshape(1, {height}, {width}, {channels})"""
_ANSWER = 'print(classes[probabilities.argmax()], f"{probabilities.max():.0%}")'
_CLASSES = f'classes = open("{CLASSES}", encoding="utf-8").read().splitlines()'


def code(told: Told, imports: str, load: str, ask: str) -> str:
    """Return ten lines of Python that ask a model file about a picture file.

    Args:
        told: of the run.
        imports: the line that imports what reads the file.
        load: the line that reads it.
        ask: the line that gets ``probabilities``, float32 (classes,), for ``pixels``.
    """
    height, width, channels = told.spec.shape
    mode = "L" if channels == 1 else "RGB"
    opened = _PICTURE.format(
        picture=PICTURE, mode=mode, width=width, height=height, channels=channels
    )
    lines = (imports, "import numpy as np", "from PIL import Image", "")
    return "\n".join((*lines, _CLASSES, load, opened, ask, _ANSWER, ""))


def needs(*packages: str) -> str:
    """Return what ``classify.py`` imports, in the versions it was tried with here."""
    pinned = " ".join(f"{name}=={version(name)}" for name in (*packages, "numpy", "pillow"))
    return f"`pip install {pinned}`"


def package(told: Told, name: str, content: bytes, use: str, facts: dict[str, str]) -> bytes:
    """Return a ZIP of a model file and all that it takes to use it.

    Args:
        told: of the run.
        name: of the model file.
        content: of it.
        use: Python that asks it, from ``code``.
        facts: what else the README says, by what it is about.
    """
    files: dict[str, bytes | str] = {
        "README.md": _text(told, name, use, facts),
        name: content,
        "classify.py": use,
        CLASSES: "".join(f"{each}\n" for each in told.classes),
    }
    if told.spec.missing() is None:  # the images of an own data set may be deleted
        files[PICTURE] = _picture(told)
    return zipped(files)


def _text(told: Told, name: str, use: str, facts: dict[str, str]) -> str:
    height, width, channels = told.spec.shape
    ground = ""
    if channels == 1:
        ground = ", dark on a light ground" if told.spec.light else ", light on a black ground"
    rows = {
        "Input": f"float32 (n, {height}, {width}, {channels}): pixels from 0 to 255, as a picture "
        f"file has them{ground}, filling the frame. The network scales them itself",
        "Output": f"float32 (n, {len(told.classes)}): the probability of each class, in the order "
        f"of `{CLASSES}`",
        **told.figures,
        **facts,
        "Made with": versions.in_words(),
        "Run": f"`{told.run.id}`",
    }
    table = "\n".join(f"| {title} | {value} |" for title, value in rows.items())
    classes = "\n".join(
        f"| {number} | {markdown_line(each)} |" for number, each in enumerate(told.classes)
    )
    return f"""# {markdown_line(told.title)}

`{name}` is a network that was trained in Atelier.

| | |
| --- | --- |
{table}

## Use it

`classify.py` asks it about `{PICTURE}`, an image that it was not trained on:

```python
{use}```

A photo needs preparation first: what is on it, cut out, on a ground as in the data set.

## Classes

| output | class |
| --: | :-- |
{classes}
"""


def _picture(told: Told) -> bytes:
    """Return the first of the validation images as PNG."""
    index = int(runs.held_out(told.config)[0])
    image = told.spec.load("train").images[index]
    target = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(target, "PNG")
    return target.getvalue()
