"""Train: choose a network, train it in the background, and watch its curves grow."""

from collections.abc import Callable

import streamlit as st

from core import jobs, runs
from core.errors import SettingsError
from pages.session import frame
from pages.session.guard import sentences
from pages.session.person import person
from pages.views.train.editor import editor_view, name_run
from pages.views.train.network import network_view
from pages.views.train.recent import run_list
from pages.views.train.run import run_view
from pages.views.train.settings import Chosen, training_settings
from pages.widgets.copy_link import copy_link
from pages.words import about, count

ESTIMATE = (
    "Based on the speed of the latest finished run of this network on this machine. Before there "
    "is one, it is estimated from the network's layers. Other work on the machine makes it longer."
)
SHOWS = "shows"  # in the URL: the only settings that the link's reader is to see


def main() -> None:
    """Draw the page."""
    st.title("Train", anchor=False)
    st.markdown("Pick a network, press Train, and watch it learn.")
    opened = st.query_params.get("run")
    with st.container(key="run_first" if opened else "settings_first"):
        settings, view = st.columns([3, 7], gap="medium")
    with settings, st.container(border=True):
        chosen = _settings()
        copy_link(key="copy_settings", help="Copies a link that fills in these settings.")
    with view:
        if opened is None and chosen.built:
            editor_view(chosen.spec, _possible(chosen))
        elif opened is None:
            network_view(chosen.architecture, chosen.spec)
        else:
            with sentences():
                run_view(opened)
    run_list(opened)


def _settings() -> Chosen:
    """Draw the settings: all of them, or those that a task or a link leaves to the visitor."""
    if person().member is not None or SHOWS in st.query_params:
        # Here and not above: whoever is in no class needs no database loaded.
        from pages.views.train.task import given_settings

        return given_settings(_start) or training_settings(_start)
    return training_settings(_start)


def _start(
    make: Callable[[], runs.TrainingConfig],
    submit: Callable[[runs.TrainingConfig], str] | None = None,
) -> None:
    """Draw the button, and start a run when it is pressed; settings that cannot work disable it.

    Args:
        make: makes the config of what is chosen.
        submit: starts a run of it and returns its id; by default one for nobody but the visitor.
    """
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
            run_id = (submit or _submit)(config)
            st.query_params["run"] = run_id
            with sentences():  # it trains, whatever it is called
                name_run(run_id, config)
            st.rerun()
        st.caption(_expected(config), help=ESTIMATE)
    st.caption("Training continues in the background if you reload or leave.")
    if submit is None and person().teacher:
        from pages.views.train.give import give_button

        give_button(config)


def _submit(config: runs.TrainingConfig) -> str:
    who = person()
    if who.member is None:
        return jobs.start(config, who.visitor)
    from core.classroom import training

    return training.start(config, who)


def _possible(chosen: Chosen) -> runs.TrainingConfig | None:
    """Return the config of what is chosen, None where it cannot work yet: the form says why."""
    try:
        return chosen.make()
    except SettingsError:
        return None


def _expected(config: runs.TrainingConfig) -> str:
    """Say how long this will take on this machine."""
    images = f"{count(config.recipe.epochs, 'epoch')} of {config.training_count:,} images"
    return f"{images}: {about(jobs.expected_seconds(config))} on this machine."


frame.draw(main)
