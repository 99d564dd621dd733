"""Atelier's frame: page config, navigation and the visitor. The pages do the rest."""

import streamlit as st

from core.settings import ASSETS
from pages.components.guard import sentences
from pages.components.visitor import visitor_id

# Before the navigation, whose first icon would otherwise be fetched from outside as the tab's icon.
st.set_page_config(page_icon="👕", layout="wide")
st.logo(ASSETS / "logo.svg", size="large")
page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/explore.py", title="Explore", icon=":material/grid_view:"),
        st.Page("pages/train.py", title="Train", icon=":material/show_chart:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/target:"),
        st.Page("pages/classify.py", title="Classify", icon=":material/photo_camera:"),
    ]
)
st.set_page_config(page_title=f"{page.title} · Atelier")
visitor_id()
with sentences():
    page.run()
