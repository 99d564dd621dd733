"""Train: choose a network, train it in the background, and watch its curves grow."""

from collections.abc import Callable

import streamlit as st

from core import jobs, runs
from pages.session import frame
from pages.session.guard import sentences
from pages.session.visitor import visitor_id
from pages.views.train.network import network_view
from pages.views.train.recent import run_list
from pages.views.train.run import run_view
from pages.views.train.settings import training_settings
from pages.widgets.copy_link import copy_link
from pages.words import about, count

ESTIMATE = (
    "Based on the speed of the latest finished run of this network on this machine. Before there "
    "is one, it is estimated from the network's layers. Other work on the machine makes it longer."
)


def main() -> None:
    """Draw the page."""
    st.title("Train", anchor=False)
    st.markdown("Pick a network, press Train, and watch it learn.")
    opened = st.query_params.get("run")
    with st.container(key="run_first" if opened else "settings_first"):
        settings, view = st.columns([3, 7], gap="medium")
    with settings, st.container(border=True):
        architecture, spec = training_settings(_start)
        copy_link(key="copy_settings", help="Copies a link that fills in these settings.")
    with view:
        if opened is None:
            network_view(architecture, spec)
        else:
            with sentences():
                run_view(opened)
    run_list(opened)


def _start(make: Callable[[], runs.TrainingConfig]) -> None:
    """Draw the button, and start a run when it is pressed; settings that cannot work disable it."""
    config = None
    with sentences():
        config = make()
    pressed = st.button(
        "Train", type="primary", icon=":material/play_arrow:", width="stretch", disabled=not config
    )
    if config is None:
        return
    with sentences():
        if pressed:
            _submit(config)
        st.caption(_expected(config), help=ESTIMATE)
    st.caption("Training continues in the background if you reload or leave.")


def _submit(config: runs.TrainingConfig) -> None:
    st.query_params["run"] = jobs.start(config, visitor_id())
    st.rerun()


def _expected(config: runs.TrainingConfig) -> str:
    """Say how long this will take on this machine."""
    images = f"{count(config.recipe.epochs, 'epoch')} of {config.training_count:,} images"
    return f"{images}: {about(jobs.expected_seconds(config))} on this machine."


frame.draw(main)
