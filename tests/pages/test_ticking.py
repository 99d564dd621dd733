"""A fragment that ticks while something goes on; the page is drawn anew when the pace changes."""

from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from pages.session.ticking import ticking

    st.session_state["pages"] = st.session_state.get("pages", 0) + 1

    def view(word):
        st.session_state.setdefault("drawn", []).append((word, st.session_state["pace"]))
        if st.session_state["pace"]:
            st.session_state["pace"] -= 1

    ticking(view, lambda: st.session_state["pace"] or None)("hello")


def test_the_page_is_drawn_anew_until_the_pace_stays():
    app = AppTest.from_function(page)
    app.session_state["pace"] = 2
    app.run()
    assert not app.exception
    assert app.session_state["drawn"] == [("hello", 2), ("hello", 1), ("hello", 0)]
    assert app.session_state["pages"] == 3


def test_what_does_not_change_is_drawn_once():
    app = AppTest.from_function(page)
    app.session_state["pace"] = 0
    app.run()
    assert app.session_state["drawn"] == [("hello", 0)]
    assert app.session_state["pages"] == 1
