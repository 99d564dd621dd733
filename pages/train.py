"""Train: choose a network, train it in the background, and watch its curves grow."""

from typing import Any

import streamlit as st

from core import architectures, datasets, jobs, runs
from core.architectures import Architecture, Augmentation, Optimizer
from core.architectures.recipe import Schedule, ValidationFrom
from core.errors import DataUnavailable
from pages.components import frame
from pages.components.dataset_picker import dataset_picker
from pages.components.guard import check_url, sentences
from pages.components.run_list import run_list
from pages.components.run_view import run_view
from pages.components.visitor import visitor_id
from pages.components.wording import duration, percent

DEFAULT = "mlp"  # fast, and made for every data set
OPTIMIZERS = {
    Optimizer.SGD: "SGD",
    Optimizer.MOMENTUM: "SGD with momentum",
    Optimizer.ADAM: "Adam",
    Optimizer.RMSPROP: "RMSprop",
}
SCHEDULES = {
    Schedule.CONSTANT: "Constant",
    Schedule.COSINE: "Cosine, down to zero",
    Schedule.ONE_CYCLE: "One cycle, up and down",
}
AUGMENTATIONS = {
    Augmentation.NONE: "None",
    Augmentation.FLIP: "Mirror",
    Augmentation.FLIP_SHIFT: "Mirror and move",
    Augmentation.AFFINE: "Mirror, move, turn and scale",
}
# The settings that follow the architecture: its recipe fills them in when it is chosen.
RECIPE_KEYS = (
    "epochs",
    "batch_size",
    "learning_rate",
    "optimizer",
    "schedule",
    "augmentation",
    "label_smoothing",
    "patience",
)


def main() -> None:
    """Draw the page."""
    st.title("Train", anchor=False)
    st.markdown("Pick a network, press Train, and watch it learn.")
    settings, view = st.columns([2, 5], gap="medium")
    with settings:
        architecture, spec = _settings()
    with view:
        opened = st.query_params.get("run")
        if opened:
            with sentences():
                run_view(opened)
        _network(architecture, spec, expanded=not opened)
    run_list(opened)


def _settings() -> tuple[Architecture, datasets.DatasetSpec]:
    """Draw the settings and the button; start a run when it is pressed."""
    with st.container(border=True):
        spec = dataset_picker(_take_recipe)
        titles = {
            name: each.title
            for name, each in architectures.ARCHITECTURES.items()
            if spec.name in each.datasets
        }
        check_url("architecture", titles)
        name = st.selectbox(
            "Architecture",
            list(titles),
            index=list(titles).index(DEFAULT),
            format_func=titles.__getitem__,
            key="architecture",
            bind="query-params",
            on_change=_take_recipe,
        )
        architecture = architectures.find(name or DEFAULT)
        recipe = architecture.recipe_for(spec.name)
        values = _main_settings(recipe) | _more_settings(recipe)
        limit = values.pop("limit")
        seed = values.pop("seed")
        with sentences():
            config = runs.TrainingConfig(
                spec.name, architecture.name, recipe.changed(**values), limit, seed
            )
            if st.button("Train", type="primary", icon=":material/play_arrow:", width="stretch"):
                _start(config)
            st.caption(_expected(config))
        st.caption(
            "Trains in the background: reload, close the tab or go to another page, it goes on."
        )
    return architecture, spec


def _main_settings(recipe: architectures.Recipe) -> dict[str, Any]:
    left, right = st.columns(2)
    with left:
        epochs = st.number_input(
            "Epochs",
            1,
            500,
            recipe.epochs,
            key="epochs",
            bind="query-params",
            help="How often the network sees every training image.",
        )
    with right:
        batch_size = st.number_input(
            "Batch size",
            1,
            4096,
            recipe.batch_size,
            key="batch_size",
            bind="query-params",
            help="Images a step. Larger batches are faster and make fewer, smoother steps.",
        )
    learning_rate = st.number_input(
        "Learning rate",
        1e-6,
        10.0,
        recipe.learning_rate,
        step=recipe.learning_rate / 2,
        format="%.6g",
        key="learning_rate",
        bind="query-params",
        help="How far each step goes. Too small learns slowly, too large does not learn at all.",
    )
    return {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}


def _more_settings(recipe: architectures.Recipe) -> dict[str, Any]:
    with st.expander("More settings", icon=":material/tune:"):
        limit = st.select_slider(
            "Training images",
            [1_000, 2_000, 6_000, 12_000, 30_000, None],
            value=None,
            format_func=lambda count: "all" if count is None else f"{count:,}",
            key="limit",
            bind="query-params",
            help="Fewer for a quick try; validation images are taken from them.",
        )
        optimizer = st.selectbox(
            "Optimizer",
            list(OPTIMIZERS),
            index=list(OPTIMIZERS).index(recipe.optimizer),
            format_func=OPTIMIZERS.__getitem__,
            key="optimizer",
            bind="query-params",
            help="The rule that turns gradients into steps.",
        )
        schedule = st.selectbox(
            "Learning rate over time",
            list(SCHEDULES),
            index=list(SCHEDULES).index(recipe.schedule),
            format_func=SCHEDULES.__getitem__,
            key="schedule",
            bind="query-params",
            help="Large steps first and small ones at the end often end lower.",
        )
        augmentation = st.selectbox(
            "Augmentation",
            list(AUGMENTATIONS),
            index=list(AUGMENTATIONS).index(recipe.augmentation),
            format_func=AUGMENTATIONS.__getitem__,
            key="augmentation",
            bind="query-params",
            help="Varies the images from epoch to epoch, so that they are not learned by heart.",
        )
        label_smoothing = st.number_input(
            "Label smoothing",
            0.0,
            0.5,
            recipe.label_smoothing,
            step=0.05,
            key="label_smoothing",
            bind="query-params",
            help="Spreads this share of each label over all classes: less sure of itself.",
        )
        patience = st.number_input(
            "Stop early after … worse epochs",
            0,
            500,
            recipe.patience or 0,
            key="patience",
            bind="query-params",
            help="Ends when the validation loss no longer falls, and keeps the best epoch. "
            "0 trains to the end.",
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key="seed",
            bind="query-params",
            help="The same seed and settings give the same curves on the same machine.",
        )
    return {
        "limit": limit,
        "optimizer": optimizer,
        "schedule": schedule,
        "augmentation": augmentation,
        "label_smoothing": label_smoothing,
        "patience": patience or None,
        "seed": seed,
    }


def _take_recipe() -> None:
    """Fill the settings in from the recipe of the architecture and data set just chosen."""
    architecture = architectures.find(st.session_state["architecture"])
    dataset = st.session_state["dataset"]
    if dataset not in architecture.datasets:
        architecture = architectures.find(DEFAULT)
        st.session_state["architecture"] = DEFAULT
    recipe = architecture.recipe_for(dataset)
    for key in RECIPE_KEYS:
        st.session_state[key] = getattr(recipe, key)
    st.session_state["patience"] = recipe.patience or 0


def _expected(config: runs.TrainingConfig) -> str:
    """Say how long this will take, judging by the latest run of the same network here."""
    seen = config.training_count * config.recipe.epochs
    for run in runs.list_runs():
        same = run.config is not None and (run.config.architecture, run.config.dataset) == (
            config.architecture,
            config.dataset,
        )
        if same and run.result is not None and run.result.images_per_second:
            seconds = seen / run.result.images_per_second
            return f"About {duration(seconds)}, at the speed of the latest such run here."
    return f"{seen:,} images to look at: {config.recipe.epochs} × {config.training_count:,}."


def _start(config: runs.TrainingConfig) -> None:
    reason = datasets.find(config.dataset).missing()
    if reason is not None:
        raise DataUnavailable(reason)
    run_id = runs.create(config, visitor_id())
    jobs.backend().submit(run_id)
    st.query_params["run"] = run_id
    st.rerun()


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
        st.dataframe(
            {
                "Layer": ["Pixels, scaled to 0 … 1"]
                + [row.layer.describe() for row in architecture.table(spec.shape, classes)],
                "Output": [_shape(spec.shape)]
                + [_shape(row.output_shape) for row in architecture.table(spec.shape, classes)],
                "Parameters": [0]
                + [row.parameters for row in architecture.table(spec.shape, classes)],
            },
            hide_index=True,
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
    if recipe.augmentation is not Augmentation.NONE:
        words.append(f"augmentation: {AUGMENTATIONS[recipe.augmentation].lower()}")
    if recipe.patience:
        words.append(f"stops after {recipe.patience} epochs without a better validation loss")
    return ", ".join(words) + "."


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(str(side) for side in shape)


frame.draw(main)
