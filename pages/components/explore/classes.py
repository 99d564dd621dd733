"""Explore, classes: how many images of each there are, and what they look like."""

import streamlit as st

from core import datasets
from pages.components import data
from pages.components.explore.split import SPLIT_TITLES, split_control


def draw(spec: datasets.DatasetSpec) -> None:
    """Draw the view."""
    name = split_control()
    with st.container(border=True):
        _balance(spec, name)


def _balance(spec: datasets.DatasetSpec, name: str) -> None:
    import plotly.graph_objects as go

    counts = data.class_counts(spec.name, name)
    st.subheader("Class balance", anchor=False)
    even = len(set(counts)) == 1
    kind = SPLIT_TITLES[name].lower()
    st.caption(
        f"Every class has {counts[0]:,} {kind} images, so always guessing the same class is right "
        f"in {100 / len(counts):.0f} % of cases."
        if even
        else f"From {min(counts):,} to {max(counts):,} {kind} images a class."
    )
    figure = go.Figure(
        go.Bar(
            x=counts,
            y=spec.classes,
            orientation="h",
            text=[f"{count:,}" for count in counts],
            textposition="outside",
            hovertemplate="%{y}: %{x:,} images<extra></extra>",
        )
    )
    figure.update_layout(
        height=330,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis={"fixedrange": True, "visible": False, "range": [0, 1.15 * max(counts)]},
        yaxis={"fixedrange": True, "autorange": "reversed"},
        bargap=0.35,
    )
    st.plotly_chart(figure, config={"displayModeBar": False}, key="balance")
