"""One run: its state in words, its curves while they grow, and what can be done with it."""

from collections.abc import Callable

import streamlit as st

from core import datasets, jobs, runs
from core.errors import RunDamaged
from core.runs import Run, State
from core.runs.access import may_be_shared, owns, seen
from core.runs.repeating import repeat_words, resume_words
from core.runs.snapshots import Snapshot, read_snapshots
from pages.session.guard import sentences
from pages.session.person import circle, person
from pages.session.ticking import watching
from pages.session.visitor import visitor_id
from pages.views.train.learning import learning_view
from pages.views.train.network import network_view
from pages.views.train.settings import take_settings
from pages.widgets.choice import choice
from pages.widgets.copy_link import copy_link
from pages.widgets.curves import curves_of, gap_words
from pages.widgets.live_chart import live_chart
from pages.widgets.notes import notes
from pages.widgets.take_home import can_go, take_home
from pages.words import (
    PHASE_WORDS,
    STATE_WORDS,
    about,
    architecture_title,
    brought_words,
    count,
    dataset_title,
    duration,
    literal,
    number,
    percent,
    title_markdown,
)
from pages.words.settings import settings_line

SEALED = (
    "The owner of a run opens its test set once, on the Evaluate page, when the tuning is done. "
    "Until then, choose by the validation accuracy."
)
SHARED = "With equal settings and seed a training repeats exactly, so one serves all."
WATCHED = {"curves": "Curves", "learning": "Watch it learn"}
TICK = 1.0  # seconds between two looks at a run that is active; each takes time from the training


def run_view(run_id: str) -> None:
    """Show a run; a run that is active keeps itself up to date.

    Raises:
        RunNotFound: no run has this id, or it is not the visitor's to see.
    """
    visitor, watched = visitor_id(), circle()
    run = seen(run_id, visitor, watched)
    active = run.state.active
    watching(_view, TICK if active else None)(run_id, visitor, watched, active)
    notes(run, visitor)
    if run.config is not None:
        network_view(run.config.network, datasets.find(run.config.dataset), run.config)


def _view(run_id: str, visitor: str, watched: frozenset[str], was_active: bool) -> None:
    with sentences():
        run = seen(run_id, visitor, watched)
        if was_active and not run.state.active:
            st.rerun()  # ends the fragment's ticking and brings the list below up to date
        with st.container(border=True):
            _head(run)
            if run.config is None:
                st.error(f"This run cannot be shown: {run.reason}", icon=":material/broken_image:")
                return
            if run.state.active:
                _progress(run, run.config)
            elif run.reason:
                st.warning(run.reason, icon=":material/info:")
            _figures(run)
            _learning(run, run.config)
            _actions(run, visitor)
            _repeat(run)


def _learning(run: Run, config: runs.TrainingConfig) -> None:
    """Draw the curves, or all that is known of how the network learned."""
    records: list[Snapshot] = []
    try:
        records = read_snapshots(run.folder, len(datasets.find(config.dataset).classes))
    except RunDamaged as error:
        st.caption(f":material/broken_image: {error} Its curves are whole.")
    view = "curves"
    if records:
        view = choice("What to watch", WATCHED, "view", label_visibility="collapsed")
    if view == "learning":
        with sentences():  # its images may be gone: what can be done with the run stays
            learning_view(run, records)
        return
    curves = curves_of(run)
    live_chart(curves, key=f"chart_{run.id}", height=250)
    gap_words(run, curves)


def _head(run: Run) -> None:
    word, color, icon = STATE_WORDS[run.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {title_markdown(run)}")
        st.badge("Stopping" if run.stopping else word, color=color, icon=icon)  # type: ignore[arg-type]
    config = run.config
    if run.name and config is not None:  # else the title says so
        st.caption(f"{architecture_title(config.architecture)} on {dataset_title(config.dataset)}")
    if run.hidden_name is not None:
        st.caption(":material/visibility_off: The teacher has hidden the name of this run.")
    if run.brought is not None:
        st.caption(f":material/move_to_inbox: {brought_words(run)}")
    others = jobs.backend().companions(run.id)
    if others:
        st.caption(
            f":material/group: The same run as {count(others, 'other')} in the class. {SHARED}",
        )


def _progress(run: Run, config: runs.TrainingConfig) -> None:
    """Say where an active run is, how fast, and how long it will take."""
    epochs = config.recipe.epochs
    beat = run.heartbeat
    if run.state is State.QUEUED or beat is None:
        st.progress(0.0, text=_waiting(run))
        return
    words = [PHASE_WORDS.get(beat.phase, beat.phase)]
    if beat.phase == "training":
        words = [f"Epoch {min(epochs, int(beat.epoch) + 1)} of {epochs}"]
        if beat.images_per_second:
            words.append(f"{beat.images_per_second:,.0f} images/s")
        if beat.left is not None:
            words.append(f"{about(beat.left)} left")
        if beat.device:
            words.append(f"on {literal(beat.device[:80])}")
    share = 1.0 if beat.phase == "evaluating" else min(1.0, max(0.0, beat.epoch / epochs))
    st.progress(share, text=" · ".join(words))


def _waiting(run: Run) -> str:
    """Say why a queued run does not train yet, and when it will."""
    backend = jobs.backend()
    problem, before = backend.engine().problem, backend.position(run.id)
    if problem:
        return problem
    if before is None:
        return "A worker is getting ready. This takes a few seconds."
    text = "Waiting: next in line"
    if before:
        text = f"Waiting: {count(before, 'run goes', 'runs go')} first"
    wait = backend.wait(run.id)
    return f"{text}." if wait is None else f"{text}, starts in {about(wait)}."


def _figures(run: Run) -> None:
    epochs = runs.read_curves(run.folder).epochs
    result = run.result

    def latest(name: str) -> float | None:
        return epochs[name][-1] if epochs[name] else None

    with st.grid(4, min_column_width=118):
        st.metric("Training accuracy", percent(latest("accuracy")))
        st.metric("Validation accuracy", percent(latest("val_accuracy")))
        st.metric("Validation loss", number(latest("val_loss")))
        if result is None or result.test_accuracy is None:
            st.metric("Epochs", str(len(epochs["epoch"])))
        elif run.test_opened:
            st.metric("Test accuracy", percent(result.test_accuracy, 2))
        else:
            st.metric("Test accuracy", ":material/lock: sealed", help=SEALED)


def _actions(run: Run, visitor: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if owns(run, visitor):
            _control(run)
        elif run.state.active and run.group and person().teacher:
            _teachers_control(run)
        if run.network is not None:
            query = {"run": run.id}
            st.page_link(
                "pages/evaluate.py",
                label="Evaluate it",
                icon=":material/target:",
                query_params=query,
            )
            st.page_link(
                "pages/classify.py",
                label="Try it on pictures",
                icon=":material/photo_camera:",
                query_params=query,
            )
        if can_go(run):
            take_home(run)
        config = run.config
        if config is not None and st.button(
            "Use its settings",
            icon=":material/tune:",
            type="tertiary",
            on_click=take_settings,
            args=(config, run.name or ""),
            help="Copies these settings into the form, to train again or with a change.",
        ):
            st.rerun()  # the settings are outside of this fragment
        st.caption(_summary(run))
    # In a row of its own: a row of buttons does not know how wide a component will be.
    copy_link(key=f"link_{run.id}", help="Copies the address of this run.")


def _control(run: Run) -> None:
    """Draw what the owner of a run can do with it."""
    backend = jobs.backend()
    if run.state.active:
        _button("Pause", ":material/pause:", backend.pause, run)
        _button("Stop", ":material/stop:", backend.stop, run)
    elif run.resumable:
        _button("Resume", ":material/play_arrow:", backend.resume, run)
    if run.state is State.PAUSED:
        _button("Stop", ":material/stop:", backend.stop, run)
    if may_be_shared(run):
        st.toggle(
            "Shared",
            value=run.shared,
            key=f"shared_{run.id}",
            on_change=_share,
            args=(run.id,),
            help="Everyone on this server can look at this run.",
        )


def _teachers_control(run: Run) -> None:
    """Draw what a teacher can do with a student's run."""
    from core.classroom import training

    _button("Pause", ":material/pause:", lambda run_id: training.pause(person(), run_id), run)
    _button("Stop", ":material/stop:", lambda run_id: training.stop(person(), run_id), run)


def _button(label: str, icon: str, action: Callable[[str], None], run: Run) -> None:
    if st.button(label, icon=icon, disabled=run.stopping, key=f"{label}_{run.id}"):
        action(run.id)
        st.rerun()  # the whole page: a resumed run has to tick again


def _share(run_id: str) -> None:
    with sentences():
        runs.annotate(run_id, shared=st.session_state[f"shared_{run_id}"])


def _repeat(run: Run) -> None:
    """Say where this server would not train as the run was trained."""
    here = jobs.here()
    words = resume_words(run, here) if run.resumable else repeat_words(run, here)
    if words:
        st.caption(f":material/info: {literal(words)}")


def _summary(run: Run) -> str:
    config = run.config
    assert config is not None, "a damaged run is not shown"
    held_back = config.recipe.validation is not None
    words = [
        f"{config.training_count:,} training and {config.validation_count:,} validation images",
        # The line above tells how many images there are, but not which ones.
        settings_line(config, without=("limit", "validation") if held_back else ("limit",)),
    ]
    if run.result is not None:
        words.append(duration(run.result.seconds))
    if run.stretches:
        words.append(count(run.stretches[-1].threads, "thread"))
    return " · ".join(words)
