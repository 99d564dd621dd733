"""What a network is made of: its layers, its parameters, where it comes from, its recipe."""

import streamlit as st

from core import datasets
from core.architectures import Architecture, Measured, Recipe
from core.architectures.settings import RECIPE_TITLES, in_words
from core.runs import TrainingConfig
from pages.widgets.network_drawing import drawing_button
from pages.widgets.table import table
from pages.words import percent
from pages.words.settings import settings_line


def network_view(
    architecture: Architecture, spec: datasets.DatasetSpec, run: TrainingConfig | None = None
) -> None:
    """Show a network.

    Args:
        architecture: in the size that is trained.
        spec: of the data set.
        run: the settings of the run that it was trained in; None before there is one.
    """
    classes = len(spec.classes)
    rows = architecture.table(spec.shape, classes)
    with st.expander(
        f"**{architecture.title}** · {architecture.parameters(spec.shape, classes):,} parameters",
        expanded=run is None,
        icon=":material/account_tree:",
    ):
        st.markdown(architecture.summary)
        st.caption(f"Origin: {architecture.origin}")
        stated, filled = architecture.provenance(spec.name)
        if architecture.stated is not None:
            st.caption(f"**Its origin states:** {stated}.")
            st.caption(f"**Filled in here:** {filled}.")
            if architecture.stated.differs:
                st.caption(f"**Different here:** {architecture.stated.differs}")
        if run is not None:
            st.caption(f"**Settings of this run:** {settings_line(run)}.")
        elif tuning := architecture.tuning(spec.name):
            st.caption(f"**The tuned recipe changes:** {tuning}.")
        else:
            st.caption(f"Recipe: {recipe_words(architecture.recipe_for(spec.name))}")
        for dataset in architecture.datasets:
            if known := _known(architecture, dataset):
                st.caption(f"{datasets.find(dataset).title}: {known}.")
        table(
            {
                "Layer": ["Pixels, scaled to 0 … 1"] + [row.layer.describe() for row in rows],
                "Output": [_shape(spec.shape)] + [_shape(row.output_shape) for row in rows],
                "Parameters": [0] + [row.parameters for row in rows],
            },
            key="layers",
            name=f"{architecture.slug}-layers",
            column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
        )
        drawing_button(architecture, spec)


def _known(architecture: Architecture, dataset: str) -> str:
    """Return what the origin reports and what was reached here, "" if neither is known."""
    reported = [
        f"{percent(each.percent / 100, 2)} {each.measure}"
        for each in architecture.reported
        if each.dataset == dataset
    ]
    reached = [
        _reached(each, several=len(architecture.recipes) > 1)
        for each in architecture.measured
        if each.dataset == dataset
    ]
    words = []
    if reported:
        words.append(f"its origin reports {' and '.join(reported)}")
    if reached:
        words.append(f"test accuracy reached here: {' and '.join(reached)} (docs/RESULTS.md)")
    return "; ".join(words)


def _reached(measured: Measured, *, several: bool) -> str:
    words = percent(measured.percent / 100, 2)
    if several:
        words += f" {RECIPE_TITLES[measured.recipe].lower()}"
    if measured.low < measured.high:
        words += f" ({measured.low:.2f} to {measured.high:.2f})"
    return words


def recipe_words(recipe: Recipe) -> str:
    """Return a recipe as a sentence."""
    return f"{in_words(recipe.to_dict())}."


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(str(side) for side in shape)
