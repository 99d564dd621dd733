"""The settings of a training: a small panel first, the rest one click away, all in the URL.

What the settings are, their ranges and words, is in ``core.architectures.settings``.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import architectures, datasets, jobs
from core.architectures import DEFAULT, UNNAMED, Architecture, Recipe
from core.architectures.settings import (
    LIMIT,
    SETTINGS,
    Choice,
    Group,
    Number,
    Setting,
    Several,
    Switch,
)
from core.runs import TrainingConfig
from pages.session.guard import check_url, check_url_number
from pages.widgets.dataset_picker import dataset_picker
from pages.widgets.table import table
from pages.words import about, percent

OWN = -1.0  # stands for None in a choice: a select box takes None for nothing chosen
ALL_IMAGES = 60_000  # at least as many as any limit, to order the choices by

Start = Callable[[Callable[[], TrainingConfig]], None]


def training_settings(start: Start) -> tuple[Architecture, datasets.DatasetSpec]:
    """Draw the settings.

    Args:
        start: draws what starts a run, between the small panel and the rest. It gets a function
            that makes the config of all settings, or raises SettingsError where they cannot work
            together.

    Returns:
        The architecture in the size chosen, and the data set.
    """
    spec = dataset_picker(_take_recipe)
    architecture = _architecture(spec)
    recipe = architecture.recipe_for(spec.name)
    chosen = _group(Group.MAIN, recipe, spec)
    place = st.container()
    with st.expander("More settings", icon=":material/tune:"):
        for group in Group:
            if group is not Group.MAIN:
                st.markdown(f"**{group}**")
                chosen |= _group(group, recipe, spec)
    _name_architecture(architecture, spec)
    size = {name: chosen.pop(name) for name in list(chosen) if SETTINGS[name].of_run}

    with place:
        start(
            lambda: TrainingConfig(spec.name, architecture.name, recipe.changed(**chosen), **size)
        )
    return architecture.sized(size["width"], size["dropout"]), spec


def take_settings(config: TrainingConfig) -> None:
    """Fill the settings in from a run's; call it before they are drawn."""
    st.session_state["dataset"] = config.dataset
    st.session_state["architecture"] = config.architecture
    _take(config.flat())


def _architecture(spec: datasets.DatasetSpec) -> Architecture:
    """Draw the choice of the architecture, and what each takes and reaches."""
    fitting = [each for each in architectures.ARCHITECTURES.values() if each.suits(spec)]
    titles = {each.name: each.title for each in fitting}
    state = st.session_state
    if "architecture" not in state:
        check_url("architecture", titles)
        names = {title: name for name, title in titles.items()}
        state["architecture"] = names.get(st.query_params.get("architecture", ""), _unnamed(spec))
    name = st.selectbox(
        "Architecture",
        list(titles),
        format_func=titles.__getitem__,
        key="architecture",
        on_change=_take_recipe,
    )
    chosen = architectures.find(name or UNNAMED)
    offers = {each.name: _offer(each, spec) for each in fitting}
    seconds, reach = offers[chosen.name]
    st.caption(
        f"{about(seconds).capitalize()} · {reach} test accuracy" if reach else about(seconds)
    )
    with st.popover("Compare architectures", icon=":material/list:", width="stretch"):
        table(
            {
                "Architecture": list(titles.values()),
                "Time": [about(offers[each][0]).removeprefix("about ") for each in titles],
                "Test accuracy": [offers[each][1] or "–" for each in titles],
            },
            key="architectures",
            name="architectures",
        )
        st.caption(
            "Time: expected here, with the recipe as it is. Test accuracy: measured with that "
            f"recipe on {spec.title}; a dash where it was not."
        )
    return chosen


def _unnamed(spec: datasets.DatasetSpec) -> str:
    """Return the architecture that the URL means when it names none.

    With settings it is the one that such links have always meant; without, the one to begin with.
    """
    named = any(name in st.query_params for name in SETTINGS)
    return DEFAULT if not named and architectures.find(DEFAULT).suits(spec) else UNNAMED


def _name_architecture(architecture: Architecture, spec: datasets.DatasetSpec) -> None:
    """Write the architecture into the URL, where without it the URL would mean another one."""
    query = st.query_params
    named = query.get("architecture")
    if architecture.title != named and (named or architecture.name != _unnamed(spec)):
        query["architecture"] = architecture.title


def _offer(architecture: Architecture, spec: datasets.DatasetSpec) -> tuple[float, str]:
    """Return the seconds that an architecture takes with its recipe, and what it reached or ""."""
    config = TrainingConfig(spec.name, architecture.name, architecture.recipe_for(spec.name))
    reached = [each.percent for each in architecture.measured if each.dataset == spec.name]
    return jobs.expected_seconds(config), percent(reached[0] / 100) if reached else ""


def _group(group: Group, recipe: Recipe, spec: datasets.DatasetSpec) -> dict[str, Any]:
    """Draw the settings of a group and return what is chosen, by name."""
    chosen: dict[str, Any] = {}
    # Side by side where there is room.
    with st.grid(2, min_column_width=110, gap="small"):
        for name, setting in SETTINGS.items():
            if setting.group is not group:
                continue
            if setting.needs is not None and chosen.get(setting.needs[0]) != setting.needs[1]:
                continue
            usual = setting.default if setting.of_run else getattr(recipe, name)
            chosen[name] = _widget(setting, usual, spec)
    return chosen


def _widget(setting: Setting, usual: Any, spec: datasets.DatasetSpec) -> Any:
    """Draw one setting and return what is chosen; ``usual`` is what the recipe has."""
    match setting:
        case Switch():
            return st.toggle(
                setting.title, key=setting.name, bind="query-params", help=setting.help
            )
        case Several():
            chosen = st.pills(
                setting.title,
                list(setting.titles),
                selection_mode="multi",
                default=list(usual),
                format_func=setting.titles.__getitem__,
                key=setting.name,
                bind="query-params",
                help=setting.help,
            )
            return tuple(chosen)
        case Choice():
            return _select(setting, dict(setting.titles), usual, setting.formerly)
        case Number() if setting is LIMIT:
            return _limit(spec.counts["train"])
        case Number() if setting.offered:
            # A link or a run of the command line may have other values than those offered.
            asked = st.session_state.get(setting.name, _shown(setting, usual))
            values = {_shown(setting, each) for each in (*setting.offered, usual)} | {asked}
            titles = {
                each: setting.words(None if each == OWN else each)
                for each in sorted(values, key=_images if setting.name == "validation" else None)
            }
            found = _select(setting, titles, _shown(setting, usual))
            return None if found == OWN else found
        case Number():
            return _number(setting, usual)
    raise TypeError(f"no widget for {setting!r}")


def _select(setting: Setting, titles: dict[Any, str], usual: Any, formerly: Any = None) -> Any:
    check_url(setting.name, titles, formerly)
    options = list(titles)
    chosen = st.selectbox(
        setting.title,
        options,
        index=options.index(usual),
        format_func=titles.__getitem__,
        key=setting.name,
        bind="query-params",
        help=setting.help,
    )
    return usual if chosen is None else chosen


def _limit(available: int) -> Any:
    fitting = [each for each in LIMIT.offered if each is None or each < available]
    limits = dict.fromkeys((*fitting[:-1], st.session_state.get("limit"), None))
    return st.select_slider(
        LIMIT.title,
        sorted(limits, key=lambda each: each or ALL_IMAGES),
        value=None,
        format_func=LIMIT.words,
        key=LIMIT.name,
        bind="query-params",
        help=LIMIT.help,
    )


def _number(setting: Number, usual: Any) -> Any:
    # A field that may be empty shows 0 for that.
    low = type(setting.high)(0) if setting.empty else setting.low
    step = usual / 2 if setting.name == "learning_rate" else setting.step
    check_url_number(setting.name, low, setting.high)
    chosen = st.number_input(
        setting.title,
        low,
        setting.high,
        usual or low,
        step,
        setting.digits,
        key=setting.name,
        bind="query-params",
        help=f"{setting.help} 0: {setting.words(None)}." if setting.empty else setting.help,
    )
    chosen = usual if chosen is None else chosen
    return (chosen or None) if setting.empty else chosen


def _take_recipe() -> None:
    """Fill the settings in from the recipe of the architecture and data set just chosen."""
    architecture = architectures.find(st.session_state["architecture"])
    dataset = st.session_state["dataset"]
    if not architecture.suits(datasets.find(dataset)):
        architecture = architectures.find(UNNAMED)
        st.session_state["architecture"] = UNNAMED
    limit = st.session_state.get("limit")
    if limit is not None and limit > datasets.find(dataset).counts["train"]:
        st.session_state["limit"] = None
    _take(architecture.recipe_for(dataset).to_dict())


def _take(values: dict[str, Any]) -> None:
    for name, value in values.items():
        st.session_state[name] = _shown(SETTINGS[name], value)


def _shown(setting: Setting, value: Any) -> Any:
    """Return a value as the widget of its setting keeps it."""
    if isinstance(setting, Several):
        return list(value)
    if isinstance(setting, Number) and setting is not LIMIT:
        if setting.offered:
            return OWN if value is None else float(value)
        return value or 0 if setting.empty else value
    return value


def _images(validation: float) -> float:
    """Return about how many images are held back, to order shares and numbers by."""
    return validation if validation >= 1 else ALL_IMAGES * validation
