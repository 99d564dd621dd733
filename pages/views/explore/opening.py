"""Going from another view of the Explore page to one image among the images."""

import streamlit as st

from pages.views.explore.split import SPLIT_TITLES


def open_image(split: str, index: int) -> None:
    """Let the page show this image; for the callback of a button.

    A link would not do: on the same page, widgets that exist keep what they hold.
    """
    st.session_state["view"] = "images"
    st.session_state["split"] = split
    st.query_params["image"] = str(index)


def open_button(split: str, index: int, of: str = "") -> bool:
    """Draw a button that opens the image among the images, and tell whether it was pressed.

    Args:
        split: of the image.
        index: of the image in the split.
        of: what the button belongs to, if there may be several for one image.
    """
    return st.button(
        f"{SPLIT_TITLES[split]} image {index:,}",
        key=f"open_{of}_{split}_{index}",
        icon=":material/open_in_full:",
        type="tertiary",
        help="Open it among the images, with its nearest neighbours",
        on_click=open_image,
        args=(split, index),
    )
