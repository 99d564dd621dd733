"""Build your own: the network that a visitor builds, where it is kept, and its editor.

The network is in the session and in the link (``architecture=stack1:…``), what it is called is in
the link as ``named`` and becomes the name of the runs that are started with it.
"""

import streamlit as st

from core import architectures, datasets, jobs, runs
from core.architectures import UNNAMED, Architecture
from core.errors import SettingsError
from core.runs import TrainingConfig
from pages.widgets.network_drawing import drawing_button
from pages.widgets.network_editor import MOST_NAME, network_editor

BUILD = "own"  # in the choice of architectures
TITLE = "Build your own"
START = "stack1:c32.p2.c64.p2.f.u64"  # what it begins as: small, and quick to train


def own_network() -> Architecture:
    """Return the network that the visitor builds."""
    return architectures.find(st.session_state.get("own_network", START))


def take_network(text: str, named: str | None = None) -> None:
    """Put a network into the editor, and choose it.

    Raises:
        SettingsError: the text is not one of a network.
    """
    st.session_state["own_network"] = architectures.find(text).name
    if named is not None:
        st.session_state["own_name"] = named[:MOST_NAME]
    st.session_state["architecture"] = BUILD


def take_from_link(text: str) -> bool:
    """Take the network that a link has, or say why it cannot be; tell whether it was taken."""
    try:
        take_network(text, st.query_params.get("named", ""))
    except SettingsError as error:
        st.warning(f"This link's network cannot be used: {error}", icon=":material/link_off:")
        return False
    return True


def start_from(architecture: Architecture) -> None:
    """Put the layers of an architecture into the editor; the settings stay as they are."""
    take_network(architectures.stack_like(architecture), "")


def write_link(architecture: Architecture) -> None:
    """Write the network and its name into the URL."""
    query = st.query_params
    if query.get("architecture") != architecture.name:
        query["architecture"] = architecture.name
    named = st.session_state.get("own_name", "")
    if named and query.get("named") != named:
        query["named"] = named
    elif not named and "named" in query:
        del query["named"]


def name_run(run_id: str, config: TrainingConfig) -> None:
    """Call a run of the network that the visitor has built what they call the network.

    Raises:
        SettingsError: the folder of the run cannot be written.
    """
    named = st.session_state.get("own_name", "")
    if named and config.architecture == st.session_state.get("own_network"):
        runs.annotate(run_id, name=named)


def editor_view(spec: datasets.DatasetSpec, config: TrainingConfig | None) -> None:
    """Draw the editor.

    Args:
        spec: of the data set.
        config: what is chosen, by which an epoch's seconds are estimated; None where the network
            cannot work yet.
    """
    architecture = own_network()
    if config is None:
        usual = architectures.find(UNNAMED)
        config = TrainingConfig(spec.name, usual.name, usual.recipe_for(spec.name))
    starts = {
        each.title: architectures.stack_like(each)
        for each in architectures.ARCHITECTURES.values()
        if each.suits(spec)
    }
    st.subheader("Build your own", anchor="layers")
    with st.container(border=True):
        network_editor(
            architecture.name,
            st.session_state.get("own_name", ""),
            shape=spec.shape,
            classes=len(spec.classes),
            costs=jobs.epoch_costs(config),
            starts=starts,
            key="network_editor",
            on_edit=_edited,
        )
    drawing_button(architecture, spec)


def _edited(text: str, named: str) -> None:
    try:
        take_network(text, named)
    except SettingsError as error:
        st.toast(str(error), icon=":material/error:")
