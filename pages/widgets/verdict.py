"""The answer to one picture, in words."""

import streamlit as st

from core.classify import Answer, Verdict
from core.datasets import DatasetSpec
from pages.session.streamlit_internals import DeltaGenerator
from pages.words import literal, none_of, sure_by


def verdict(answer: Answer, dataset: DatasetSpec, limit: float, words: DeltaGenerator) -> bool:
    """Say what the network answers, or that the picture is probably none of what it knows.

    One line goes to ``words``, whatever the answer, so that nothing moves there; the rest to here.

    Args:
        answer: what it answers.
        dataset: the data set that it has learned from.
        limit: the doubt, 0 to 1, above which an answer is refused.
        words: where the heading goes.

    Returns:
        Whether the answer is refused.
    """
    sure, worth = answer.probability, answer.verdict(limit)
    if worth is Verdict.NONE:
        words.subheader(f"Probably {none_of(dataset)}", anchor=False)
        st.markdown(f"The closest is **{literal(answer.name)}** ({sure_by(sure)}).")
        return True
    word = "It is:" if worth is Verdict.SURE else "Best guess:"
    words.subheader(f"{word} {literal(answer.name)} ({sure_by(sure)})", anchor=False)
    return False
