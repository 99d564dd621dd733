"""What a network is made of: its layers, its parameters, where it comes from, its recipe."""

import streamlit as st

from core import datasets
from core.architectures import Architecture, Recipe
from core.architectures.settings import in_words
from core.runs import TrainingConfig
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
        if run is None:
            st.caption(f"Recipe: {recipe_words(architecture.recipe_for(spec.name))}")
        else:
            st.caption(f"Settings of this run: {settings_line(run)}.")
        for reported in architecture.reported:
            title = datasets.find(reported.dataset).title
            st.caption(
                f"Its origin reports {percent(reported.percent / 100, 2)} {reported.measure} "
                f"on {title}."
            )
        for measured in architecture.measured:
            title = datasets.find(measured.dataset).title
            st.caption(
                f"Measured with its recipe: {percent(measured.percent / 100, 2)} test accuracy on "
                f"{title} (docs/RESULTS.md)."
            )
        table(
            {
                "Layer": ["Pixels, scaled to 0 … 1"] + [row.layer.describe() for row in rows],
                "Output": [_shape(spec.shape)] + [_shape(row.output_shape) for row in rows],
                "Parameters": [0] + [row.parameters for row in rows],
            },
            key="layers",
            name=f"{architecture.name}-layers",
            column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
        )


def recipe_words(recipe: Recipe) -> str:
    """Return a recipe as a sentence."""
    return f"{in_words(recipe.to_dict())}."


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(str(side) for side in shape)
