"""The frame around every page: page config, logo, navigation, visitor, and errors as sentences."""

import threading
from collections.abc import Callable

import streamlit as st

from core import networks
from core.classroom import closed
from core.processes.gpus import keep_off
from core.processes.thrift import thrifty
from core.settings import ASSETS
from pages.session.browser import keep_browser
from pages.session.guard import sentences
from pages.session.person import person
from pages.widgets import palette

# Streamlit writes white on the theme's primary colour, which in the dark theme has to be light to
# be readable as text. This indigo carries white in both (5.3 to 1). On a phone, an opened run comes
# before the settings.
STYLE = """<style>
[data-testid="stBaseButton-primary"] { background: INDIGO; border-color: INDIGO; }
[data-testid="stBaseButton-primary"]:hover {
  background: color-mix(in srgb, INDIGO, black 16%); border-color: transparent; }
/* Pills do not fit beside each other in a narrow column: all are to be seen without scrolling. */
[data-testid="stButtonGroup"] [role="toolbar"] { flex-wrap: wrap; }
/* Where there is room, the layers are beside the settings. */
@media (min-width: 641px) { .st-key-to_layers { display: none; } }
@media (max-width: 640px) {
  /* Choices that do not fit go on in a second line, instead of off the screen. */
  [data-testid="stButtonGroup"] [role="radiogroup"] { flex-wrap: wrap; }
  .st-key-run_first > div > [data-testid="stHorizontalBlock"] { flex-direction: column-reverse; }
  .st-key-run_first > div > [data-testid="stHorizontalBlock"] > * { min-width: 100%; }
}
</style>""".replace("INDIGO", palette.GOOD)

_framed = threading.local()


def run() -> None:
    """Draw the frame, and in it the page that the URL asks for."""
    keep_off()  # the GPUs are for training
    networks.live_apart()
    closed.watch()
    # Before the navigation, whose first icon would otherwise be fetched from outside as the tab's
    # icon.
    st.set_page_config(page_icon="👕", layout="wide")
    st.logo(ASSETS / "logo.svg", size="large")
    page = st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/explore.py", title="Explore", icon=":material/grid_view:"),
            st.Page("pages/train.py", title="Train", icon=":material/show_chart:"),
            st.Page("pages/runs.py", title="Runs", icon=":material/table_rows:"),
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/target:"),
            st.Page("pages/inside.py", title="Inside", icon=":material/layers:"),
            st.Page("pages/classify.py", title="Classify", icon=":material/photo_camera:"),
            st.Page("pages/classroom.py", title="Class", icon=":material/groups:"),
            # Opened from Class, on another screen.
            st.Page(
                "pages/board.py",
                title="Board",
                icon=":material/co_present:",
                visibility="hidden",
            ),
        ]
    )
    st.set_page_config(page_title=f"{page.title} · Atelier")
    st.html(STYLE)
    keep_browser()
    _framed.now = True
    try:
        with sentences():
            thrifty()
            if person().member is not None:
                # Here and not above: whoever is in no class needs no database loaded.
                from pages.session.class_banner import class_banner

                class_banner(page.title)
            page.run()
    finally:
        _framed.now = False


def draw(page: Callable[[], None]) -> None:
    """Draw a page; every file in ``pages/`` ends with this.

    Streamlit runs a file of a folder named ``pages`` by itself, without ``streamlit_app.py``, if
    its address is the first that a server is asked for. Then the frame has to come from here.
    """
    if getattr(_framed, "now", False):
        page()
    else:
        run()
