"""The settings of a training: a small panel first, the rest one click away, all in the URL.

What the settings are, their ranges and words, is in ``core.architectures.settings``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import architectures, datasets, jobs
from core.architectures import DEFAULT, UNNAMED, Architecture, Recipe, RecipeName
from core.architectures.settings import (
    LIMIT,
    RECIPE_TITLES,
    SETTINGS,
    VALIDATION,
    Choice,
    Group,
    Number,
    Setting,
    Several,
    Switch,
)
from core.errors import SettingsError
from core.runs import TrainingConfig
from pages.session.guard import check_url, check_url_number
from pages.views.train.editor import (
    BUILD,
    TITLE,
    own_network,
    start_from,
    take_from_link,
    take_network,
    write_link,
)
from pages.widgets.choice import choice
from pages.widgets.dataset_picker import dataset_picker
from pages.widgets.table import table
from pages.words import about, percent
from pages.words.settings import setting_words

if TYPE_CHECKING:  # whoever is in no class needs no database loaded
    from core.classroom.tasks import Task

OWN = -1.0  # stands for None in a choice: a select box takes None for nothing chosen
_TAKEN = "task_taken"  # session: the task whose settings the form has taken
ALL_IMAGES = 60_000  # at least as many as any limit, to order the choices by

RECIPE_HELP = (
    "As its origin: plain, as the public project that this preset is true to. Tuned: found here, "
    "for more accuracy or less time. Either fills in the settings, which can all be changed."
)

Start = Callable[[Callable[[], TrainingConfig]], None]


@dataclass(frozen=True)
class Chosen:
    """What is chosen on the form.

    Attributes:
        architecture: in its size.
        spec: of the data set.
        make: makes the config, or raises SettingsError where the settings cannot work together.
        built: whether the architecture is the visitor's to build.
    """

    architecture: Architecture
    spec: datasets.DatasetSpec
    make: Callable[[], TrainingConfig]
    built: bool = False


def training_settings(start: Start) -> Chosen:
    """Draw the settings.

    Args:
        start: draws what starts a run, between the small panel and the rest. It gets a function
            that makes the config of all settings, or raises SettingsError where they cannot work
            together.
    """
    spec = dataset_picker(_take_recipe)
    architecture = _architecture(spec)
    built = _is_built()
    recipe_name = _recipe(architecture, spec)
    _compare(spec)
    recipe = architecture.recipe_for(spec.name, recipe_name)
    chosen = _group(Group.MAIN, recipe, spec)
    place = st.container()
    with st.expander("More settings", icon=":material/tune:"):
        for group in Group:
            # Of what is built, the layers have their sizes themselves.
            if group is not Group.MAIN and not (built and group is Group.NETWORK):
                st.markdown(f"**{group}**")
                chosen |= _group(group, recipe, spec)
    _name_architecture(architecture, spec)
    size = {name: chosen.pop(name) for name in list(chosen) if SETTINGS[name].of_run}

    def make() -> TrainingConfig:
        changed = recipe.changed(**chosen)
        return TrainingConfig(
            spec.name, architecture.name, changed, recipe_name=recipe_name, **size
        )

    with place:
        start(make)
    if not built:
        architecture = architecture.sized(size["width"], size["dropout"])
    return Chosen(architecture, spec, make, built)


def task_settings(start: Start, task: "Task") -> Chosen:
    """Draw the settings that a task leaves to the student, and say the others; as above."""
    if st.session_state.get(_TAKEN) != task.id:
        st.session_state[_TAKEN] = task.id
        _take({name: value for name, value in task.config().flat().items() if name in task.shows})
        _choose(task.config().architecture)
    chosen: dict[str, Any] = {}
    spec = datasets.find(task.dataset)
    if "dataset" in task.shows:
        spec = dataset_picker(_take_recipe)
        chosen["dataset"] = spec.name
    st.session_state["dataset"] = spec.name  # for what a change of the architecture fills in
    architecture = architectures.find(task.config(chosen).architecture)
    if "architecture" in task.shows:
        architecture = _architecture(spec)
        chosen["architecture"] = architecture.name
    if "recipe" in task.shows:
        chosen["recipe"] = _recipe(architecture, spec)
    built = "architecture" in task.shows and _is_built()
    if built:
        write_link(architecture)
    usual = task.config(chosen).flat()
    with st.grid(2, min_column_width=110, gap="small"):
        for name, setting in SETTINGS.items():
            if name in task.shows:
                chosen[name] = _widget(setting, usual[name], spec)
    _say_given(task)
    start(lambda: task.config(chosen))
    size = usual | chosen
    if not built:
        architecture = architecture.sized(size["width"], size["dropout"])
    return Chosen(architecture, spec, lambda: task.config(chosen), built)


def _say_given(task: "Task") -> None:
    config = task.config()
    fixed = {name: value for name, value in task.given.items() if name not in task.shows}
    words = [
        setting_words(name, getattr(config, name))
        for name in ("dataset", "architecture")
        if name not in task.shows
    ]
    words += [SETTINGS[name].phrase(value) for name, value in fixed.items() if name in SETTINGS]
    st.caption(f"Given: {' · '.join(words)}")


def take_settings(config: TrainingConfig, name: str = "") -> None:
    """Fill the settings in from a run's, and its name; call it before they are drawn."""
    network = architectures.find(config.architecture)
    values = config.flat()
    if network.limited:  # the editor has its layers in the size that they were trained in
        try:
            take_network(architectures.stack_like(config.network), name)
        except SettingsError as error:  # the command line makes them larger than it can
            st.toast(str(error), icon=":material/error:")
            return
        values |= {each: SETTINGS[each].default for each in ("width", "dropout")}
    else:
        st.session_state["architecture"] = network.successor or network.name
    st.session_state["dataset"] = config.dataset
    st.session_state["recipe"] = config.recipe_name
    _take(values)


def _choose(name: str) -> None:
    """Choose an architecture by its name, which may be the text of one that was built."""
    if architectures.is_stack(name):
        take_network(name)
    else:
        st.session_state["architecture"] = name


def _is_built() -> bool:
    return bool(st.session_state.get("architecture") == BUILD)


def _chosen_architecture() -> Architecture:
    return own_network() if _is_built() else architectures.find(st.session_state["architecture"])


def _architecture(spec: datasets.DatasetSpec) -> Architecture:
    """Draw the choice of the architecture, and what each takes and reaches."""
    fitting = [each for each in architectures.ARCHITECTURES.values() if each.suits(spec)]
    titles = {each.name: each.title for each in fitting} | {BUILD: TITLE}
    state = st.session_state
    asked = st.query_params.get("architecture", "")
    of_link = architectures.is_stack(asked)
    if "architecture" not in state and not (of_link and take_from_link(asked)):
        if not of_link:
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
    if name == BUILD:
        _to_editor()
        return own_network()
    architecture = architectures.find(name or UNNAMED)
    st.button(
        "Start from this",
        icon=":material/edit:",
        type="tertiary",
        on_click=_build_from,
        args=(architecture,),
        help="Opens its layers in the editor, to build your own from them. The settings stay.",
    )
    return architecture


def _build_from(architecture: Architecture) -> None:
    state = st.session_state
    start_from(architecture.sized(state.get("width", 1.0), _dropout()))
    st.query_params.pop("run", None)


def _dropout() -> float | None:
    found = st.session_state.get("dropout", OWN)
    return None if found == OWN else found


def _to_editor() -> None:
    """Lead to the editor: on a phone it is further down, and while a run is open it is away."""
    if "run" in st.query_params:
        if st.button("Edit its layers", icon=":material/edit:", type="tertiary"):
            del st.query_params["run"]
            st.rerun()
    else:
        with st.container(key="to_layers"):
            st.markdown("[Edit its layers](#layers)")


def _recipe(architecture: Architecture, spec: datasets.DatasetSpec) -> RecipeName:
    """Draw the choice of the recipe, if there is one, and what it takes and reaches."""
    titles = {name: RECIPE_TITLES[name] for name in architecture.recipe_names}
    chosen = architecture.recipe_names[0]
    if architecture.limited:
        return chosen  # the editor tells what it takes
    if len(titles) > 1:
        if st.session_state.get("recipe", chosen) not in titles:
            st.session_state["recipe"] = chosen
        chosen = choice("Recipe", titles, "recipe", on_change=_take_recipe, help=RECIPE_HELP)
    seconds, reach = _offer(architecture, chosen, spec)
    reached = f" · {reach} test accuracy" if reach else ""
    st.caption(f"{about(seconds).capitalize()}{reached}")
    if chosen is RecipeName.TUNED and (tuning := architecture.tuning(spec.name)):
        st.caption(f"Tuned: {tuning}.{_gain(architecture, spec)}")
    return chosen


def _gain(architecture: Architecture, spec: datasets.DatasetSpec) -> str:
    """Say what the tuned recipe of a preset brings, as far as it was measured."""
    plain, tuned = (architecture.measured_with(spec.name, name) for name in RecipeName)
    if plain is None or tuned is None:
        return ""
    return (
        f" That brings {percent(tuned.percent / 100)} instead of {percent(plain.percent / 100)} "
        "test accuracy."
    )


def _compare(spec: datasets.DatasetSpec) -> None:
    """Offer the time and the reach of every architecture with every recipe."""
    fitting = [each for each in architectures.ARCHITECTURES.values() if each.suits(spec)]
    rows = [(each, name) for each in fitting for name in each.recipe_names]
    offers = [_offer(each, name, spec) for each, name in rows]
    with st.popover("Compare architectures", icon=":material/list:", width="stretch"):
        table(
            {
                # In one column: a phone has no room for four.
                "Architecture": [
                    each.title if name is each.recipe_names[0] else f"{each.title}, tuned"
                    for each, name in rows
                ],
                "Time": [about(seconds).removeprefix("about ") for seconds, _ in offers],
                "Test accuracy": [reach or "–" for _, reach in offers],
            },
            key="architectures",
            name="architectures",
        )
        st.caption(
            "Time: expected here, with the recipe as it is. Test accuracy: measured with that "
            f"recipe on {spec.title}, the mean or median of several seeds; a dash where it was not."
        )


def _unnamed(spec: datasets.DatasetSpec) -> str:
    """Return the architecture that the URL means when it names none.

    With settings it is the one that such links have always meant; without, the one to begin with.
    """
    named = any(name in st.query_params for name in SETTINGS)
    return DEFAULT if not named and architectures.find(DEFAULT).suits(spec) else UNNAMED


def _name_architecture(architecture: Architecture, spec: datasets.DatasetSpec) -> None:
    """Write the architecture into the URL, where without it the URL would mean another one."""
    query = st.query_params
    if _is_built():
        write_link(architecture)
        return
    query.pop("named", None)
    named = query.get("architecture")
    if architecture.title != named and (named or architecture.name != _unnamed(spec)):
        query["architecture"] = architecture.title


def _offer(
    architecture: Architecture, name: RecipeName, spec: datasets.DatasetSpec
) -> tuple[float, str]:
    """Return the seconds that an architecture takes with a recipe, and what it reached or ""."""
    recipe = architecture.recipe_for(spec.name, name)
    config = TrainingConfig(spec.name, architecture.name, recipe, recipe_name=name)
    reached = architecture.measured_with(spec.name, name)
    return jobs.expected_seconds(config), percent(reached.percent / 100) if reached else ""


def _group(group: Group, recipe: Recipe, spec: datasets.DatasetSpec) -> dict[str, Any]:
    """Draw the settings of a group and return what is chosen, by name."""
    chosen: dict[str, Any] = {}
    # Side by side where there is room.
    with st.grid(2, min_column_width=110, gap="small"):
        for name, setting in SETTINGS.items():
            if setting.group is not group:
                continue
            if not setting.acts(chosen):
                continue
            usual = setting.default if setting.of_run else getattr(recipe, name)
            chosen[name] = _widget(setting, usual, spec)
    return chosen


def _widget(setting: Setting, usual: Any, spec: datasets.DatasetSpec) -> Any:
    """Draw one setting and return what is chosen; ``usual`` is what the recipe has."""
    match setting:
        case Switch():
            return st.toggle(
                setting.title,
                value=bool(usual),
                key=setting.name,
                bind="query-params",
                help=setting.help,
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
            return _limit(spec.counts["train"], usual)
        case Number() if setting.offered:
            # A link or a run of the command line may have other values than those offered.
            asked = st.session_state.get(setting.name, _shown(setting, usual))
            own = (None,) if setting is VALIDATION and spec.validation else ()
            values = {_shown(setting, each) for each in (*own, *setting.offered, usual)} | {asked}
            titles = {
                each: setting.words(None if each == OWN else each)
                for each in sorted(values, key=_images if setting is VALIDATION else None)
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


def _limit(available: int, usual: Any) -> Any:
    fitting = [each for each in LIMIT.offered if each is None or each < available]
    limits = dict.fromkeys((*fitting[:-1], usual, st.session_state.get("limit"), None))
    return st.select_slider(
        LIMIT.title,
        sorted(limits, key=lambda each: each or ALL_IMAGES),
        value=usual,
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
    architecture = _chosen_architecture()
    dataset = st.session_state["dataset"]
    if not architecture.limited and not architecture.suits(datasets.find(dataset)):
        architecture = architectures.find(UNNAMED)
        st.session_state["architecture"] = UNNAMED
    limit = st.session_state.get("limit")
    if limit is not None and limit > datasets.find(dataset).counts["train"]:
        st.session_state["limit"] = None
    name = st.session_state.get("recipe")
    if name not in architecture.recipe_names:
        name = None
    _take(architecture.recipe_for(dataset, name).to_dict())


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
