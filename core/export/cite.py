"""Cite it: a sentence on a run, and BibTeX for all that it rests on."""

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any

from core.architectures import Augmentation, BatchNorm, Dropout, Layer, Optimizer, Residual
from core.architectures.recipe import FirstFilters, Recipe
from core.export import versions
from core.export.format import Format
from core.export.references import REFERENCES
from core.export.told import Told, told
from core.files import harmless
from core.networks.batches import Report
from core.runs import Run
from core.settings import ROOT

_LAYERS: dict[type[Layer], str] = {
    Residual: "he2015deep",
    BatchNorm: "ioffe2015batch",
    Dropout: "srivastava2014dropout",
}
_CHOICES: dict[Any, str] = {
    Optimizer.ADAM: "kingma2014adam",
    Optimizer.ADAMW: "loshchilov2017decoupled",
    Optimizer.MUON: "jordan2024muon",
    FirstFilters.WHITENING: "jordan2024airbench",
    Augmentation.ERASING: "zhong2017random",
}
WIDTH = 96  # characters of a line of the sentence


def make(run: Run, report: Report) -> bytes:
    """Return a ``.bib`` file; the sentence stands above the entries, where BibTeX reads over it.

    Raises:
        AtelierError: what the run says cannot be read.
    """
    known = told(run)
    keys = list(dict.fromkeys(_keys(known)))
    lines = [line for text in _sentences(known, keys) for line in (*wrap(text, WIDTH), "")]
    head = "\n".join(f"% {line}".rstrip() for line in lines)
    entries = [_software(), *(REFERENCES[key] for key in keys)]
    return "\n\n".join([head, *entries, ""]).encode()


def _sentences(known: Told, keys: list[str]) -> Iterator[str]:
    config = known.config
    figures = "".join(f" {title}: {value}." for title, value in known.figures.items())
    yield (
        f"{known.title}: {known.parameters:,} parameters, trained with Atelier on "
        f"{config.training_count:,} images, seed {config.seed}.{figures} Versions: "
        f"{versions.in_words()}."
    )
    yield f"Data: {harmless(known.spec.credit, 300)}."
    yield f"Architecture: {config.network.origin}"
    yield rf"In LaTeX: \cite{{{','.join(['atelier', *keys])}}}"


def _keys(known: Told) -> Iterator[str]:
    """Yield the keys of what a run rests on: data, layers, and choices of its recipe."""
    yield from known.spec.cites
    kinds = set(_kinds(known.config.network.layers))
    yield from (key for kind, key in _LAYERS.items() if kind in kinds)
    made = set(_choices(known.config.recipe))
    yield from (key for choice, key in _CHOICES.items() if choice in made)


def _kinds(layers: Iterable[Layer]) -> Iterator[type[Layer]]:
    for layer in layers:
        yield type(layer)
        if isinstance(layer, Residual):
            yield from _kinds(layer.layers)


def _choices(recipe: Recipe) -> Iterator[Any]:
    yield from (recipe.optimizer, recipe.first_filters, *recipe.augmentation)


def _software() -> str:
    """Return the entry of Atelier itself, by its licence."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    found = re.search(r"Copyright \(c\) (\d{4}) (.+)", text)
    assert found is not None, "the licence says whose it is"
    return f"""@software{{atelier,
  author  = {{{{{found[2]}}}}},
  title   = {{Atelier}},
  version = {{{versions.atelier()}}},
  year    = {{{found[1]}}},
  license = {{MIT}},
}}"""


FORMAT = Format(
    key="cite",
    title="Citation",
    purpose="For a paper or a homework: a sentence on this run, and BibTeX for Atelier, the data "
    "set and what the network is made of.",
    suffix=".bib",
    make=make,
    quick=True,
    of_network=False,
)
