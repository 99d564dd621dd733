"""Classify: ask a network about pictures that people bring, photograph or draw."""

import streamlit as st

from core import networks
from pages.session import frame
from pages.views.classify import compare, one, several
from pages.widgets.choice import choice
from pages.widgets.run_picker import run_picker

CLOTHES = "fashion-mnist"
VIEWS = {
    "one": ("One picture", one.draw),
    "several": ("Several", several.draw),
    "compare": ("Compare", compare.draw),
}


def main() -> None:
    """Draw the page."""
    st.title("Classify", anchor=False)
    question = st.container()
    networks.warm()
    titles = {name: title for name, (title, _) in VIEWS.items()}
    notes = st.container()
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with right:
        model = networks.of_run(run_picker("Network", notes=notes))
    thing = "one piece of clothing" if model.dataset.name == CLOTHES else "one thing"
    question.markdown(f"Show a photo or drawing of {thing}, and the network says what it is.")
    with left:
        view = choice("View", titles, "view", notes=notes)
    VIEWS[view][1](model)


frame.draw(main)
