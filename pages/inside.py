"""Inside: what a network makes of one picture, layer by layer, down to the arithmetic."""

import streamlit as st

from core import datasets
from core.errors import DataUnavailable, RunDamaged
from core.networks import browser
from pages.session import frame
from pages.views.inside import opened, pictures
from pages.widgets.copy_link import copy_link
from pages.widgets.run_picker import run_picker


def main() -> None:
    """Draw the page."""
    st.title("Inside", anchor=False)
    st.markdown(
        "What does a network make of a picture, layer by layer? Choose any value in any map, and "
        "check by hand how it was computed."
    )
    notes = st.container()
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        run = run_picker("Network", notes=notes)
    if run.config is None:
        raise RunDamaged(f"This run cannot be shown: {run.reason}")
    with right:
        member = opened.member_of(run, notes)
    spec = datasets.find(run.config.dataset)
    if (reason := spec.missing()) is not None:
        raise DataUnavailable(reason)
    if (reason := browser.too_large(run.config.network, spec)) is not None:
        st.info(reason, icon=":material/weight:")
        return
    picture = pictures.picture(run, spec, notes)
    opened.draw(run, spec, picture, member)
    copy_link(key="inside_link")


frame.draw(main)
