"""Classify: from how much doubt on a picture is called none of the classes, in every view."""

import streamlit as st

from core.classify import Answer
from core.classify.rejection import THRESHOLD
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
    with st.expander(f"When is it {none_of(model.dataset)}?", icon=":material/help:"):
        check_url_number("threshold", 0.0, 1.0)
        chosen = st.slider(
            "Refuse from this doubt on",
            0.0,
            1.0,
            THRESHOLD,
            0.01,
            key="threshold",
            bind="query-params",
        )
        about = (
            f"The doubt about this picture is **{answer.unknown:.2f}**"
            if answer
            else "There is a doubt about every picture"
        )
        st.caption(
            f"{about}: 0 is a picture like those the network has learned from, 1 is nothing like "
            "them. Further to the left more is refused, also what it would have recognised; at 1 "
            "it always names one."
        )
        if model.run != BUNDLED:
            st.caption(
                "Only the bundled model for pictures was shown things of no class while it "
                "learned. This one was not, and is often sure of them as well."
            )
    return chosen
