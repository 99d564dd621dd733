"""Train: choose a network, train it in the background, and watch its curves grow."""

from collections.abc import Callable

import streamlit as st

from core import architectures, datasets, jobs, runs
from core.architectures import Architecture
from core.architectures.recipe import Schedule, ValidationFrom
from core.errors import DataUnavailable
from pages.session import frame
from pages.session.guard import sentences
from pages.session.visitor import visitor_id
from pages.views.train.recent import run_list
from pages.views.train.run import run_view
from pages.views.train.settings import AUGMENTATIONS, OPTIMIZERS, training_settings
from pages.widgets.copy_link import copy_link
from pages.widgets.table import table
from pages.words import duration, percent


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
        if opened:
            with sentences():
                run_view(opened)
        _network(architecture, spec, expanded=not opened)
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
        st.caption(_expected(config))
    st.caption("Trains in the background: reload, close the tab or go to another page, it goes on.")


def _submit(config: runs.TrainingConfig) -> None:
    reason = datasets.find(config.dataset).missing()
    if reason is not None:
        raise DataUnavailable(reason)
    visitor = visitor_id()
    jobs.admit(config, visitor)
    run_id = runs.create(config, visitor)
    jobs.backend().submit(run_id)
    st.query_params["run"] = run_id
    st.rerun()


def _expected(config: runs.TrainingConfig) -> str:
    """Say how long this will take on this machine."""
    images = f"{config.recipe.epochs} × {config.training_count:,} images"
    seconds = jobs.expected_seconds(config)
    return f"{images}, about {duration(seconds)} on this machine." if seconds else f"{images}."


def _network(architecture: Architecture, spec: datasets.DatasetSpec, *, expanded: bool) -> None:
    """Show what the chosen network is made of and where it comes from."""
    classes = len(spec.classes)
    parameters = architecture.parameters(spec.shape, classes)
    with st.expander(
        f"**{architecture.title}** · {parameters:,} parameters",
        expanded=expanded,
        icon=":material/account_tree:",
    ):
        st.markdown(architecture.summary)
        st.caption(f"Origin: {architecture.origin}")
        st.caption(f"Its recipe: {_recipe_words(architecture.recipe_for(spec.name))}")
        for reported in architecture.reported:
            title = datasets.find(reported.dataset).title
            st.caption(
                f"Reported there: {percent(reported.percent / 100, 2)} {reported.measure} "
                f"on {title}."
            )
        table(
            {
                "Layer": ["Pixels, scaled to 0 … 1"]
                + [row.layer.describe() for row in architecture.table(spec.shape, classes)],
                "Output": [_shape(spec.shape)]
                + [_shape(row.output_shape) for row in architecture.table(spec.shape, classes)],
                "Parameters": [0]
                + [row.parameters for row in architecture.table(spec.shape, classes)],
            },
            key="layers",
            name=f"{architecture.name}-layers",
            column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
        )


def _recipe_words(recipe: architectures.Recipe) -> str:
    held_back = (
        f"{recipe.validation:.0%}" if recipe.validation < 1 else f"{recipe.validation:,.0f} images"
    )
    drawn = "at random" if recipe.validation_from is ValidationFrom.RANDOM else "from the end"
    words = [
        f"{OPTIMIZERS[recipe.optimizer]} with learning rate {recipe.learning_rate:g}",
        f"cross-entropy on {recipe.label_form} labels",
        f"up to {recipe.epochs} epochs" if recipe.patience else f"{recipe.epochs} epochs",
        f"batches of {recipe.batch_size}",
        f"{held_back} held back {drawn} for validation",
    ]
    if recipe.schedule is not Schedule.CONSTANT:
        words.insert(1, f"{recipe.schedule} schedule")
    if recipe.augmentation:
        ways = (AUGMENTATIONS[way].lower() for way in recipe.augmentation)
        words.append(f"augmentation: {', '.join(ways)}")
    if recipe.patience:
        words.append(f"stops after {recipe.patience} epochs without a better validation loss")
    return ", ".join(words) + "."


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(str(side) for side in shape)


frame.draw(main)
