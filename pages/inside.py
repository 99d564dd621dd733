"""Inside: what a network makes of one picture, layer by layer, down to the arithmetic."""

import streamlit as st

from core import datasets, runs
from core.errors import DataUnavailable, RunDamaged
from core.evaluation import TEST, VALIDATION
from core.networks import browser
from pages.session import frame
from pages.session.guard import sentences
from pages.views.inside import opened, pictures
from pages.widgets.copy_link import copy_link
from pages.widgets.run_picker import other_picker, run_picker
from pages.words import title_markdown


def main() -> None:
    """Draw the page."""
    st.title("Inside", anchor=False)
    st.markdown(
        "What a network makes of a picture, layer by layer. Any value can be checked by hand."
    )
    notes = st.container()
    several = runs.is_bundled(st.query_params.get("run", runs.BUNDLED))
    network, second, *rest = st.columns([4, 4, 3] if several else 2)
    with network:
        run = run_picker("Network", notes=notes)
    if run.config is None:
        raise RunDamaged(f"This run cannot be shown: {run.reason}")
    spec = datasets.find(run.config.dataset)
    if (reason := spec.missing()) is not None:
        raise DataUnavailable(reason)
    with rest[0] if rest else notes:
        member = opened.member_of(run, notes)
    if (reason := browser.too_large(run.config.network, spec)) is not None:
        st.info(reason, icon=":material/weight:")
        return
    picture = pictures.picture(run, spec, notes)
    beside = pictures.pinned(run, spec, notes)
    with second:
        other = other_picker("Compare with", run, TEST if picture.split == "test" else VALIDATION)
        if other is not None and beside is not None:
            st.caption(
                ":material/keep: The pinned picture comes back when no second network is chosen."
            )
    opened.reactions(run, member)
    if other is not None and other.config is not None:
        one, two = st.columns(2, gap="medium")
        with one:
            st.subheader(title_markdown(run), anchor=False)
            opened.draw(run, spec, picture, member)
        with two, sentences():
            st.subheader(title_markdown(other), anchor=False)
            if (reason := browser.too_large(other.config.network, spec)) is not None:
                st.info(reason, icon=":material/weight:")
            else:
                opened.draw(other, spec, picture, 0, beside="network")
    elif beside is not None:
        one, two = st.columns(2, gap="medium")
        with one:
            opened.draw(run, spec, picture, member)
        with two:
            opened.draw(run, spec, beside, member, beside="picture")
    else:
        opened.draw(run, spec, picture, member)
    copy_link(key="inside_link")


frame.draw(main)
