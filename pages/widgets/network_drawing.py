"""A drawing of a network, its blocks to scale, as a file for a report or a slide."""

import streamlit as st

from core import datasets
from core.architectures import Architecture


def drawing_button(architecture: Architecture, spec: datasets.DatasetSpec) -> None:
    """Draw what saves the drawing; nothing for a network that cannot work."""
    from core.export.report.network import whole  # only where it is seen

    classes = len(spec.classes)
    if architecture.problem(spec.shape, classes):
        return
    drawing = whole(spec.shape, architecture.table(spec.shape, classes))
    st.download_button(
        "Drawing (SVG)",
        drawing.svg,
        f"{architecture.slug}.svg",
        "image/svg+xml",
        key="drawing",
        on_click="ignore",
        type="tertiary",
        icon=":material/draw:",
        help="The layers from the image to the answer, with shapes and sizes, to scale.",
    )
