"""Explore: what the networks learn from, seen in several ways."""

import streamlit as st

from core.errors import DataUnavailable
from pages.session import frame
from pages.session.visitor import visitor_id
from pages.views.explore import classes, images, labels, sources
from pages.views.explore import map as image_map
from pages.views.explore.take_data import take_data
from pages.widgets.choice import choice
from pages.widgets.copy_link import copy_link
from pages.widgets.dataset_picker import dataset_picker

VIEWS = {
    "images": ("Images", images.draw),
    "classes": ("Classes", classes.draw),
    "map": ("Map", image_map.draw),
    "labels": ("Doubtful labels", labels.draw),
}
SOURCES = "sources"  # the view that is not on the data set chosen


def main() -> None:
    """Draw the page."""
    st.title("Explore", anchor=False)
    st.markdown("Look at the images that networks learn from, before you train on them.")
    titles = {name: title for name, (title, _) in VIEWS.items()} | {SOURCES: "Your data"}
    notes = st.container()
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        view = choice("View", titles, "view", notes=notes)
    with right:
        spec = dataset_picker(images.first_page)
    if view == SOURCES:
        sources.draw(visitor_id())
        return
    reason = spec.missing()
    if reason is not None:
        raise DataUnavailable(reason)
    VIEWS[view][1](spec)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{spec.title}: {spec.credit}.", width="content")
        take_data(spec)
        copy_link(key="copy_explore")


frame.draw(main)
