"""Joining a class: a code, a handle that is drawn, one click."""

import streamlit as st

from core.classroom import classes, joining
from core.classroom.people import Classroom, Person
from pages.session.guard import sentences
from pages.session.person import class_token, may_log_in
from pages.session.streamlit_internals import StreamlitAuthError
from pages.widgets.door import enter
from pages.words import literal
from pages.words.classroom import kept

_HANDLE = "class_handle"  # session: the handle that was drawn, by class


def join_view(who: Person) -> None:
    """Draw what a visitor sees who is in no class."""
    st.title("Class", anchor=False)
    st.markdown("Join your class with the code on the wall. No account, no e-mail.")
    with st.container(border=True, width=560):
        with st.form("class_code", border=False):
            st.text_input(
                "Code",
                key="code",
                bind="query-params",
                max_chars=20,
                placeholder="BCD FGH",
                autocomplete="off",
            )
            st.form_submit_button("Find the class", icon=":material/search:")
        code = st.session_state.get("code") or ""
        if code.strip():
            with sentences():
                _found(classes.find(code, asker=who.visitor))
    with st.expander("You are in a class already, on another device", icon=":material/devices:"):
        _from_another_device(who)
    if may_log_in():
        _log_in()
    st.caption(
        "You teach? Open the teacher's link that the server printed at its start, or let "
        "`python -m core class link` print a new one."
    )


def _found(classroom: Classroom) -> None:
    """Draw the class that a code belongs to, and what joins it."""
    st.subheader(literal(classroom.title), anchor=False)
    if not classroom.is_open:
        st.info("This class is closed: nobody can join it now.", icon=":material/door_front:")
        return
    handles = st.session_state.setdefault(_HANDLE, {})
    handle = handles.setdefault(classroom.id, joining.propose(classroom.id))
    nickname = ""
    st.markdown(f"You will be **{literal(handle)}**.")
    if classroom.nicknames:
        nickname = st.text_input(
            "Or a nickname of your own", max_chars=40, key="class_nickname", autocomplete="off"
        )
    with st.container(horizontal=True):
        joins = st.button(
            f"Join as {nickname.strip() or handle}", type="primary", icon=":material/login:"
        )
        st.button(
            "Another name",
            icon=":material/casino:",
            on_click=lambda: handles.pop(classroom.id, None),
        )
    st.caption(kept(classroom))
    if joins:
        joined = joining.join(
            classroom.code, nickname.strip() or None, handle=handle, token=class_token()
        )
        enter(joining.ticket(joined.token))


def _log_in() -> None:
    """Offer teachers the login that this server has, and say so where that is not whole yet."""
    if st.button("Log in as a teacher", icon=":material/key:"):
        try:
            st.login()
        except StreamlitAuthError:
            st.warning(
                "This server has a list of teachers, but no provider to log in with. Its "
                "operator has to fill in .streamlit/secrets.toml (docs/DEPLOY.md).",
                icon=":material/key_off:",
            )


def _from_another_device(who: Person) -> None:
    st.markdown(
        "Open the Class page there and press “Use another device”. It shows a short code, good for "
        "ten minutes."
    )
    with st.form("device_code", border=False):
        code = st.text_input("Private code", max_chars=20, autocomplete="off")
        if st.form_submit_button("Go on here", icon=":material/login:"):
            with sentences():
                enter(joining.ticket(joining.by_device_code(code, asker=who.visitor).token))
