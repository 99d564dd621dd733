"""A teacher's rounds of Beat the network: open, close, put on the wall, and see how it went."""

import streamlit as st

from core import datasets
from core.classroom import beating
from core.classroom.beating import IMAGES, SECONDS, Round
from core.classroom.people import Classroom, Person
from pages.session import data
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.activity import drawn_anew, state_badge, wall_button
from pages.views.classroom.beat import results
from pages.words import ago, count

TICK = 3.0  # seconds between two looks


def beat_control(who: Person, classroom: Classroom) -> None:
    """Draw the rounds of a class, and what opens another one."""
    found = beating.rounds_of(who, classroom.id)
    if not any(each.is_open for each in found):
        with st.container(border=True, width=640), sentences():
            _open(who, classroom)
    for each in found:
        with st.container(border=True), sentences():
            _round(who, each)


def _open(who: Person, classroom: Classroom) -> None:
    st.markdown("**Open a round**")
    st.caption(
        f"{IMAGES} test images are drawn, as many of each class as can be. Everybody gets the same "
        f"ones, each in an order of their own, with {SECONDS:g} seconds for each. What they are is "
        "shown when you close the round."
    )
    there = [spec for spec in datasets.DATASETS.values() if spec.missing() is None]
    dataset = st.selectbox(
        "Data set",
        [spec.name for spec in there],
        format_func=lambda name: datasets.find(name).title,
        key="beat_dataset",
    )
    offered = (
        {}
        if dataset is None
        else {each.run_id: each.title for each in beating.opponents(who, classroom.id, dataset)}
    )
    network = st.selectbox(
        "Network",
        list(offered),
        format_func=lambda run_id: offered[run_id],
        key=f"beat_network_{dataset}",
        help="A bundled model, or the class's run with the highest validation accuracy. What it "
        "says is kept now.",
    )
    if not offered:
        st.caption("No network can play yet: a run of the class has to finish on this data set.")
    ready = dataset is not None and network is not None and classroom.is_open
    if st.button("Open the round", type="primary", icon=":material/timer:", disabled=not ready):
        beating.open_round(who, classroom.id, dataset or "", network or "")
        drawn_anew()


def _round(who: Person, found: Round) -> None:
    title = datasets.find(found.dataset).title
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{title}** · {count(found.count, 'image')} · opened {ago(found.opened)}")
        state_badge(found.is_open)
        if found.is_open and st.button(
            "Close the round", type="primary", icon=":material/lock:", key=f"close_{found.id}"
        ):
            beating.close_round(who, found.id)
            drawn_anew()
        wall_button(
            found.on_wall,
            f"wall_{found.id}",
            lambda shown: beating.show_on_wall(who, found.id, shown),
        )
    if found.is_open:
        watching(_figures, TICK)(found.id)
    elif found.on_wall:
        _figures(found.id)
    else:
        with st.expander("How it went"):
            _figures(found.id)


def _figures(round_id: int) -> None:
    with sentences():
        results(data.round_figures(round_id))
