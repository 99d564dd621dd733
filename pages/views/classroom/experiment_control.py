"""A teacher's experiments: open, close, put on the wall, take home, remove."""

from typing import Any

import streamlit as st

from core import architectures, datasets
from core.architectures.settings import RECIPE_TITLES, SETTINGS, Choice
from core.classroom import experiments
from core.classroom.experiments import ARCHITECTURE, IMAGES, MOST, QUESTION, Experiment, Plan
from core.classroom.people import Classroom, Person
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.activity import drawn_anew, state_badge, wall_button
from pages.views.classroom.experiment import results
from pages.words import ago, literal

TICK = 3.0  # seconds between two looks
LIMITS = (1_000, 2_000, 6_000, 12_000, 30_000, None)
MOST_EPOCHS = 100


def experiment_control(who: Person, classroom: Classroom) -> None:
    """Draw the experiments of a class, and what opens another one."""
    found = experiments.experiments_of(who, classroom.id)
    if not any(each.is_open for each in found):
        with st.container(border=True, width=720), sentences():
            _open(who, classroom)
    for each in found:
        with st.container(border=True), sentences():
            _experiment(who, classroom, each)


def _open(who: Person, classroom: Classroom) -> None:
    st.markdown("**Open an experiment**")
    st.caption(
        "Each student is dealt one value and one seed, and trains that run by one button. All runs "
        "together are the answer. Values are dealt evenly; a part that nobody trains goes to the "
        "next one who comes."
    )
    plans = experiments.plans(who)
    begun = st.selectbox(
        "Begin with",
        range(len(plans)),
        format_func=lambda place: _plan_words(plans[place]),
        key="experiment_plan",
        help="A ready-made experiment, or one that a class has done before. All can be changed.",
    )
    plan = plans[begun]
    end = f"_{begun}" if begun else ""  # of keys: another plan fills the fields in anew
    titles = experiments.variables()
    names = list(titles)
    setting = st.selectbox(
        "What is varied",
        names,
        index=names.index(plan.setting),
        format_func=titles.__getitem__,
        key=f"experiment_setting{end}",
    )
    planned = setting == plan.setting
    question = st.text_input(
        "Question",
        plan.question if planned else f"Which {titles[setting].lower()}?",
        max_chars=QUESTION,
        key=f"experiment_question_{setting}{end}",
    )
    first, second = st.columns(2)
    there = [spec.name for spec in datasets.DATASETS.values() if spec.missing() is None]
    dataset = first.selectbox(
        "Data set",
        there,
        index=there.index(plan.dataset) if plan.dataset in there else 0,
        format_func=lambda name: datasets.find(name).title,
        key=f"experiment_dataset{end}",
    )
    fitting = [
        each.name for each in architectures.ARCHITECTURES.values() if dataset in each.datasets
    ]
    network, recipe = None, None
    if setting != ARCHITECTURE:
        place = fitting.index(plan.architecture) if plan.architecture in fitting else 0
        network = second.selectbox(
            "Architecture",
            fitting,
            index=place,
            format_func=lambda name: architectures.find(name).title,
            key=f"experiment_architecture_{dataset}{end}",
        )
        recipes = architectures.find(network).recipe_names
        recipe = first.selectbox(
            "Recipe",
            recipes,
            index=recipes.index(plan.recipe_name) if plan.recipe_name in recipes else 0,
            format_func=RECIPE_TITLES.__getitem__,
            key=f"experiment_recipe_{network}{end}",
        )
    epochs = second.number_input(
        "Epochs", 1, MOST_EPOCHS, min(plan.epochs, MOST_EPOCHS), key=f"experiment_epochs{end}"
    )
    limit = first.selectbox(
        "Training images",
        LIMITS,
        index=LIMITS.index(plan.limit if plan.limit in LIMITS else IMAGES),
        format_func=lambda value: "all" if value is None else f"{value:,}",
        key=f"experiment_limit{end}",
    )
    values = _values(setting, fitting, plan.values if planned else None, end)
    if st.button(
        "Open the experiment",
        type="primary",
        icon=":material/science:",
        disabled=not classroom.is_open or dataset is None,
    ):
        chosen = experiments.numbers_in(setting, values) if isinstance(values, str) else values
        experiments.open_experiment(
            who,
            classroom.id,
            question,
            setting,
            chosen,
            dataset=dataset,
            architecture=network or experiments.NETWORK,
            recipe_name=recipe,
            epochs=int(epochs),
            limit=limit,
        )
        drawn_anew()


def _plan_words(plan: Plan) -> str:
    words = ", ".join(experiments.words_of(plan.setting, value) for value in plan.values)
    return f"{plan.question} {experiments.title_of(plan.setting)}: {words}"


def _values(
    setting: str, fitting: list[str], planned: tuple[Any, ...] | None, end: str
) -> str | list[Any]:
    """Draw what chooses the values: a list, or a field where numbers are typed."""
    known = SETTINGS.get(setting)
    if setting == ARCHITECTURE or isinstance(known, Choice):
        options = fitting if known is None else [str(each) for each in getattr(known, "kind", ())]
        return st.multiselect(
            f"Values (2 to {MOST})",
            options,
            options[:3] if planned is None else [each for each in planned if each in options],
            format_func=lambda value: experiments.words_of(setting, value),
            max_selections=MOST,
            key=f"experiment_values_{setting}{end}",
        )
    typed = ("none" if each is None else f"{each:.10g}" for each in planned or ())
    return st.text_input(
        f"Values (2 to {MOST})",
        ", ".join(typed),
        max_chars=200,
        placeholder="numbers with commas between them",
        key=f"experiment_values_{setting}{end}",
        help="For thirty students, three to five values: each gets six to ten runs.",
    )


def _experiment(who: Person, classroom: Classroom, found: Experiment) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{literal(found.question)}** · opened {ago(found.opened)}")
        state_badge(found.is_open)
        if found.is_open and st.button(
            "Close the experiment", icon=":material/lock:", key=f"end_{found.id}"
        ):
            experiments.close_experiment(who, found.id)
            drawn_anew()
        wall_button(
            found.on_wall,
            f"show_{found.id}",
            lambda shown: experiments.show_on_wall(who, found.id, shown),
        )
        st.download_button(
            "CSV",
            lambda: experiments.spreadsheet(who, found.id),
            f"experiment-{classroom.code}-{found.id}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"csv_{found.id}",
        )
        with st.popover("Remove", icon=":material/delete:"):
            st.markdown("Removes the experiment with its results. The runs stay.")
            if st.button("Remove it", type="primary", key=f"drop_{found.id}"):
                experiments.remove_experiment(who, found.id)
                drawn_anew()
    if found.is_open:
        watching(_results, TICK)(who, found)
    elif found.on_wall:
        _results(who, found)
    else:
        with st.expander("How it went"):
            _results(who, found)


def _results(who: Person, found: Experiment) -> None:
    with sentences():
        results(who, found)
