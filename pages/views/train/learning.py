"""A run as it learned, moment by moment: the time machine with what its records say in words."""

import math
from collections.abc import Sequence

import streamlit as st

from core import datasets
from core.architectures import Conv, Dense
from core.architectures.recipe import Schedule
from core.evaluation.learning import Finding, Verdict, learning_layers, verdicts
from core.runs import Run, State
from core.runs.snapshots import Snapshot
from pages.session import data
from pages.widgets.time_machine import time_machine
from pages.words import count, percent

LATE = 0.8  # of a training whose learning rate falls towards 0: the rest is small on purpose


def learning_view(run: Run, snapshots: Sequence[Snapshot]) -> None:
    """Draw it.

    Args:
        run: that can be read.
        snapshots: its records, at least one.
    """
    config = run.config
    assert config is not None, "a damaged run has no records"
    spec = datasets.find(config.dataset)
    layers = learning_layers(config.network.network(len(spec.classes)))
    usable = [each for each in snapshots if len(each.layers) == len(layers)]
    images = data.followed(config)
    usable = [each for each in usable if len(each.answers) == len(images.labels)]
    if not usable:
        st.info("The records of this training do not fit its network.", icon=":material/info:")
        return
    names = layer_names(layers)
    fading = config.recipe.schedule is not Schedule.CONSTANT
    told = [
        [
            words(verdict, names)
            for verdict in verdicts(
                each, ending=fading and each.epoch > LATE * config.recipe.epochs
            )
        ]
        for each in usable
    ]
    over = run.state is State.FINISHED and run.result is not None
    time_machine(
        usable,
        told,
        images,
        classes=spec.classes,
        layers=names,
        epochs=run.result.epochs if over and run.result is not None else config.recipe.epochs,
        key=f"learning_{run.id}",
    )
    st.caption(
        f"{count(len(usable), 'moment')} of this training were kept: more of the first epoch, when "
        "most is learned. The pictures are validation images, from which the network does not "
        "learn."
    )


def layer_names(layers: Sequence[Conv | Dense]) -> list[str]:
    """Return what the layers that learn are called: kind, number of its kind, and size."""
    names: list[str] = []
    numbers = {"Convolution": 0, "Dense": 0}
    for layer in layers:
        if isinstance(layer, Conv):
            kind, size = "Convolution", f"{layer.filters} filters"
        else:
            kind, size = "Dense", f"{layer.units} units"
        numbers[kind] += 1
        last = len(names) == len(layers) - 1
        names.append(f"Output, {size}" if last else f"{kind} {numbers[kind]}, {size}")
    return names


def words(verdict: Verdict, names: Sequence[str]) -> str:
    """Return a verdict as a sentence, with the number that it rests on."""
    name = names[verdict.layer].partition(",")[0]
    match verdict.finding:
        case Finding.STUCK:
            return (
                f"{name} gets no gradient, so no step changes it. Train again with a smaller "
                "learning rate."
            )
        case Finding.STILL:
            share = f"10^{math.log10(verdict.value):.0f}"
            return (
                f"{name} hardly changes: a step moves its weights by {share} of their size. If "
                "the loss no longer falls, try a larger learning rate."
            )
        case Finding.WILD:
            return (
                f"{name} changes much: a step moves its weights by {percent(verdict.value)} of "
                "their size. If the loss jumps, use a smaller learning rate."
            )
        case Finding.SILENT:
            return (
                f"{percent(verdict.value, 0)} of the units of {name} give 0 for every one of the "
                "pictures: they take no part in the answers, and learn nothing from them."
            )
