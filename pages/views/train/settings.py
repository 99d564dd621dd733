"""The settings of a training: a small panel first, the rest one click away, all in the URL."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import architectures, datasets
from core.architectures import Architecture, Optimizer, Recipe
from core.architectures.recipe import EXPLANATIONS
from core.runs import TrainingConfig
from core.runs.config import EXPLANATIONS as RUN_EXPLANATIONS
from pages.session.guard import check_url, check_url_number
from pages.widgets.dataset_picker import dataset_picker
from pages.words.settings import AUGMENTATIONS, OPTIMIZERS, PRECISIONS, SCHEDULES, VALIDATION_FROM

DEFAULT = "mlp"  # fast, and made for every data set
LIMITS = (1_000, 2_000, 6_000, 12_000, 30_000, None)
VALIDATIONS = (0.05, 0.1, 0.2, 0.3, 1_000.0, 5_000.0, 10_000.0)
WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
OWN, NO = -1.0, 0.0  # dropout as the architecture has it, and none
DROPOUTS = (OWN, NO, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)


def training_settings(
    start: Callable[[Callable[[], TrainingConfig]], None],
) -> tuple[Architecture, datasets.DatasetSpec]:
    """Draw the settings.

    Args:
        start: draws what starts a run, between the small panel and the rest. It gets a function
            that makes the config of all settings, or raises SettingsError where they cannot work
            together.

    Returns:
        The architecture in the size chosen, and the data set.
    """
    spec = dataset_picker(_take_recipe)
    titles = {
        name: each.title for name, each in architectures.ARCHITECTURES.items() if each.suits(spec)
    }
    name = _select("Architecture", titles, DEFAULT, "architecture", on_change=_take_recipe)
    architecture = architectures.find(name)
    recipe = architecture.recipe_for(spec.name)
    chosen = _main(recipe)
    place = st.container()
    with st.expander("More settings", icon=":material/tune:"):
        size = _data(recipe, chosen, spec.counts["train"]) | _network()
        _optimization(recipe, chosen)
        _regularization(recipe, chosen)
        size |= _rest()

    with place:
        start(lambda: TrainingConfig(spec.name, name, recipe.changed(**chosen), **size))
    return architecture.sized(size["width"], size["dropout"]), spec


def take_settings(config: TrainingConfig) -> None:
    """Fill the settings in from a run's; call it before they are drawn."""
    state = st.session_state
    state["dataset"], state["architecture"] = config.dataset, config.architecture
    for key in ("limit", "seed", "width", "tensorboard"):
        state[key] = getattr(config, key)
    state["dropout"] = OWN if config.dropout is None else config.dropout
    _take(config.recipe)


def _main(recipe: Recipe) -> dict[str, Any]:
    with _pair():
        epochs = _number("Epochs", 1, 500, recipe.epochs, "epochs")
        batch_size = _number("Batch size", 1, 4096, recipe.batch_size, "batch_size")
    learning_rate = _number(
        "Learning rate",
        1e-6,
        10.0,
        recipe.learning_rate,
        "learning_rate",
        step=recipe.learning_rate / 2,
        format="%.6g",
    )
    return {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}


def _data(recipe: Recipe, chosen: dict[str, Any], available: int) -> dict[str, Any]:
    fitting = [each for each in LIMITS if each is None or each < available]
    limits = dict.fromkeys((*fitting[:-1], st.session_state.get("limit"), None))
    limit = st.select_slider(
        "Training images",
        sorted(limits, key=lambda each: each or 60_000),
        value=None,
        format_func=_limit_words,
        key="limit",
        bind="query-params",
        help=RUN_EXPLANATIONS["limit"],
    )
    own = float(recipe.validation)
    options = {own, *VALIDATIONS, st.session_state.get("validation", own)}
    with _pair():
        chosen["validation"] = _select(
            "Validation",
            {each: _validation_words(each) for each in sorted(options, key=_images)},
            own,
            "validation",
        )
        chosen["validation_from"] = _select(
            "Held back", VALIDATION_FROM, recipe.validation_from, "validation_from"
        )
    return {"limit": limit}


def _network() -> dict[str, Any]:
    # A run of the command line may have other values than these.
    widths = {*WIDTHS, st.session_state.get("width", 1.0)}
    dropouts = {*DROPOUTS, st.session_state.get("dropout", OWN)}
    with _pair():
        titles = {each: _width_words(each) for each in sorted(widths)}
        width = _select("Width", titles, 1.0, "width")
        titles = {each: _dropout_words(each) for each in sorted(dropouts)}
        dropout = _select("Dropout", titles, OWN, "dropout")
    return {"width": width, "dropout": None if dropout == OWN else dropout}


def _optimization(recipe: Recipe, chosen: dict[str, Any]) -> None:
    chosen["optimizer"] = _select("Optimizer", OPTIMIZERS, recipe.optimizer, "optimizer")
    if chosen["optimizer"] == Optimizer.ADAMW:
        chosen["weight_decay"] = _number(
            "Weight decay", 0.0, 1.0, recipe.weight_decay, "weight_decay", step=0.01, format="%.4g"
        )
    chosen["schedule"] = _select("Learning rate over time", SCHEDULES, recipe.schedule, "schedule")
    chosen["precision"] = _select("Convolutions in", PRECISIONS, recipe.precision, "precision")


def _regularization(recipe: Recipe, chosen: dict[str, Any]) -> None:
    chosen["augmentation"] = tuple(
        st.pills(
            "Augmentation",
            list(AUGMENTATIONS),
            selection_mode="multi",
            default=list(recipe.augmentation),
            format_func=AUGMENTATIONS.__getitem__,
            key="augmentation",
            bind="query-params",
            help=EXPLANATIONS["augmentation"],
        )
    )
    with _pair():
        chosen["label_smoothing"] = _number(
            "Label smoothing", 0.0, 0.5, recipe.label_smoothing, "label_smoothing", step=0.05
        )
        patience = _number(
            "Early stopping after",
            0,
            500,
            recipe.patience or 0,
            "patience",
            help=f"{EXPLANATIONS['patience']} 0 trains to the end.",
        )
    chosen["patience"] = patience or None


def _rest() -> dict[str, Any]:
    seed = _number("Seed", 0, 2**31 - 1, 0, "seed", help=RUN_EXPLANATIONS["seed"])
    tensorboard = st.toggle(
        "TensorBoard files",
        key="tensorboard",
        bind="query-params",
        help=RUN_EXPLANATIONS["tensorboard"],
    )
    return {"seed": seed, "tensorboard": tensorboard}


def _pair() -> Any:
    """Return a container whose elements stand side by side where there is room."""
    return st.grid(2, min_column_width=110, gap="small")


def _select(
    title: str,
    titles: dict[Any, str],
    default: Any,
    key: str,
    on_change: Callable[[], None] | None = None,
) -> Any:
    check_url(key, titles)
    options = list(titles)
    chosen = st.selectbox(
        title,
        options,
        index=options.index(default),
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
        on_change=on_change or "rerun",
        help=(EXPLANATIONS | RUN_EXPLANATIONS).get(key),
    )
    return default if chosen is None else chosen


def _number(
    title: str,
    low: float,
    high: float,
    default: float,
    key: str,
    *,
    help: str | None = None,
    **options: Any,
) -> Any:
    check_url_number(key, low, high)
    chosen = st.number_input(
        title,
        low,
        high,
        default,
        key=key,
        bind="query-params",
        help=help or EXPLANATIONS[key],
        **options,
    )
    return default if chosen is None else chosen


def _take_recipe() -> None:
    """Fill the settings in from the recipe of the architecture and data set just chosen."""
    architecture = architectures.find(st.session_state["architecture"])
    dataset = st.session_state["dataset"]
    if not architecture.suits(datasets.find(dataset)):
        architecture = architectures.find(DEFAULT)
        st.session_state["architecture"] = DEFAULT
    limit = st.session_state.get("limit")
    if limit is not None and limit > datasets.find(dataset).counts["train"]:
        st.session_state["limit"] = None
    _take(architecture.recipe_for(dataset))


def _take(recipe: Recipe) -> None:
    for key in EXPLANATIONS:
        st.session_state[key] = getattr(recipe, key)
    st.session_state["validation"] = float(recipe.validation)
    st.session_state["augmentation"] = list(recipe.augmentation)
    st.session_state["patience"] = recipe.patience or 0


def _images(validation: float) -> float:
    """Return about how many of 60,000 images that is, to order the choices by."""
    return validation if validation >= 1 else 60_000 * validation


def _validation_words(validation: float) -> str:
    return f"{validation:.0%}" if validation < 1 else f"{validation:,.0f} images"


def _limit_words(limit: int | None) -> str:
    return "all" if limit is None else f"{limit:,}"


def _width_words(width: float) -> str:
    return f"×{width:g}"


def _dropout_words(dropout: float) -> str:
    return {OWN: "its own", NO: "none"}.get(dropout, f"{dropout:g}")
