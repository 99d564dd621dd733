"""Classify: from how much doubt on a picture is called none of the classes, in every view."""

import streamlit as st

from core.classify import THRESHOLD, Answer
from core.networks import Model
from core.runs import BUNDLED
from pages.session.guard import check_url_number
from pages.words import none_of


def threshold(model: Model, answer: Answer | None = None) -> float:
    """Draw the choice from where on an answer is refused, kept in ``?threshold=``.

    Args:
        model: the network.
        answer: to a picture whose doubt is to be told; None for several pictures.
    """
    with st.expander(f"When to answer “{none_of(model.dataset)}”", icon=":material/help:"):
        check_url_number("threshold", 0.0, 1.0)
        chosen = st.slider(
            "Refuse above this doubt",
            0.0,
            1.0,
            THRESHOLD,
            0.01,
            key="threshold",
            bind="query-params",
        )
        about = (
            f"This picture’s doubt score is **{answer.unknown:.2f}**"
            if answer
            else "Every picture gets a doubt score"
        )
        st.caption(
            f"{about}: 0 means like the training images, 1 means unlike them. A lower limit "
            "refuses more, including pictures that the network would have recognised. At 1 it "
            "always names a class."
        )
        if model.run != BUNDLED:
            st.caption(
                "Only the network called “Bundled model” was also trained with unrelated objects. "
                "This one was not, so it is often sure about them too."
            )
    return chosen
