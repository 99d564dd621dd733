"""What the records of a training say about how its layers learn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.architectures.layers import Conv, Dense, Layer, Residual
from core.runs.snapshots import LayerRecord, Snapshot

USEFUL = (1e-4, 1e-2)
"""By what share of its size a step changes a layer that learns well, as a rule of thumb: about a
thousandth (A. Karpathy, CS231n, "Ratio of weights:updates"), with room on both sides."""
HARDLY, MUCH = 1e-5, 5e-2  # changes beyond which it is worth a sentence
SILENT = 0.25  # share of units without any answer from which it is


class Finding(StrEnum):
    """What is to be said of a layer at a moment."""

    STUCK = "stuck"  # no gradient reaches it: no step changes it
    STILL = "still"  # a step hardly changes it
    WILD = "wild"  # a step changes it by a large part
    SILENT = "silent"  # many of its units answer nothing to any picture


@dataclass(frozen=True)
class Verdict:
    """A finding about a layer.

    Attributes:
        finding: what it is.
        layer: place of the layer among those that learn, from 0.
        value: the number that it rests on, as ``LayerRecord`` has it.
    """

    finding: Finding
    layer: int
    value: float


def learning_layers(network: Sequence[Layer]) -> list[Conv | Dense]:
    """Return the layers with a kernel, in the order of a record; those of residual blocks too."""
    return list(_learning(network))


def _learning(network: Sequence[Layer]) -> Iterator[Conv | Dense]:
    for layer in network:
        if isinstance(layer, Residual):
            yield from _learning(layer.layers)
        elif isinstance(layer, Conv | Dense):
            yield layer


def verdicts(snapshot: Snapshot, *, ending: bool) -> list[Verdict]:
    """Return what is to be said of the layers of a record, in their order.

    Args:
        snapshot: the record.
        ending: whether the learning rate has been lowered towards 0 by then: layers that hardly
            change are what that is for.
    """
    return [
        found
        for place, layer in enumerate(snapshot.layers)
        for found in _found(layer, place, ending=ending)
    ]


def _found(layer: LayerRecord, place: int, *, ending: bool) -> Iterator[Verdict]:
    if layer.change is not None:
        if layer.change < HARDLY and not ending:
            found = Finding.STILL if layer.change else Finding.STUCK
            yield Verdict(found, place, layer.change)
        if layer.change > MUCH:
            yield Verdict(Finding.WILD, place, layer.change)
    if layer.silent is not None and layer.silent >= SILENT:
        yield Verdict(Finding.SILENT, place, layer.silent)
