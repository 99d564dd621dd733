"""Evaluate, examples: three images, with the probability of each class."""

import streamlit as st

from core import evaluation
from pages.views.evaluate.looked import Looked
from pages.widgets.pixel_viewer import pixel_image
from pages.widgets.probability_bars import probability_bars

THREE = 3


def draw(looked: Looked) -> None:
    """Draw the view."""
    spec, answers = looked.spec, looked.answers
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Three images", anchor=False)
        if st.button("Another three", icon=":material/casino:"):
            st.session_state["three_seed"] = st.session_state.get("three_seed", 0) + 1
    seed = st.session_state.get("three_seed", 0)
    three = answers.at(evaluation.examples(answers.labels, seed, THREE))
    images = looked.images(three)
    with st.grid(THREE, min_column_width=230):
        for place in range(len(three)):
            truth, answer = int(three.labels[place]), int(three.predicted[place])
            with st.container():
                name = f"{three.part.capitalize()} image {three.indices[place]}"
                pixel_image(images[place], name, width=112)
                right = answer == truth
                st.markdown(
                    f"**{spec.classes[answer]}** "
                    + ("✓ right" if right else f":red[✗ it is: {spec.classes[truth]}]")
                )
                probability_bars(
                    spec.classes,
                    three.probabilities[place].tolist(),
                    key=f"three_{place}",
                    truth=truth,
                )
