"""Home: try a network at once, the way through the app, and how this server is."""

import streamlit as st

from pages.session import frame
from pages.views.home import first_try, server

PATH = (
    ("explore", "Explore", "See the images that networks learn from.", ":material/grid_view:"),
    ("train", "Train", "Watch a network learn, live.", ":material/show_chart:"),
    ("runs", "Runs", "Find, compare and share runs.", ":material/table_rows:"),
    ("evaluate", "Evaluate", "See where a network is right, and where wrong.", ":material/target:"),
    ("classify", "Classify", "Try it on your photos and drawings.", ":material/photo_camera:"),
)


def main() -> None:
    """Draw the page."""
    st.title("Atelier", anchor=False)
    st.markdown("Draw a piece of clothing or pick a sample, and a small network says what it is.")
    first_try.draw()
    st.subheader("Suggested path", anchor=False)
    with st.grid(len(PATH), min_column_width=140):
        for page, title, sentence, icon in PATH:
            with st.container(border=True, height="stretch"):
                st.page_link(f"pages/{page}.py", label=f"**{title}**", icon=icon)
                st.caption(sentence)
    server.draw()


frame.draw(main)
