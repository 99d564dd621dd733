"""A teacher's label courts: open, close, put on the wall, correct labels, measure the effect."""

import math

import streamlit as st

from core import architectures, datasets, runs
from core.classroom import correcting, court, docket, verdicts
from core.classroom.court import IMAGES, SHARE, VOTES, Court
from core.classroom.docket import CLEAR_IN, FEWEST, MOST
from core.classroom.people import Classroom, Person
from pages.session import data
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.activity import drawn_anew, state_badge, wall_button
from pages.views.classroom.court import difference, results
from pages.words import STATE_WORDS, about, ago, count

TICK = 3.0  # seconds between two looks


def court_control(who: Person, classroom: Classroom) -> None:
    """Draw the courts of a class, and what opens another one."""
    found = court.courts_of(who, classroom.id)
    if not any(each.is_open for each in found):
        with st.container(border=True, width=720), sentences():
            _open(who, classroom)
    for each in found:
        with st.container(border=True), sentences():
            _court(who, classroom, each)


def _open(who: Person, classroom: Classroom) -> None:
    st.markdown("**Open a label court**")
    st.caption(
        "Training labels that a network doubts go round, the most doubtful first, with one clear "
        f"image in {CLEAR_IN} to judge the judges. Each student judges for themselves, and does "
        "not see which answer is the label. What the class said is shown when you close the court."
    )
    there = docket.offered(who)
    dataset = st.selectbox(
        "Data set",
        list(there),
        format_func=lambda name: there[name].title,
        key="court_dataset",
    )
    if dataset is None:
        return
    offered = {each.key: each.title for each in docket.sources(who, classroom.id, dataset)}
    source = st.selectbox(
        "Doubts",
        list(offered),
        format_func=offered.__getitem__,
        key=f"court_source_{dataset}",
        help="What was worked out of all images; or a run of the class, of yours or bundled, which "
        "doubts labels among the validation images that it held back.",
    )
    if source is None:
        _find(who, classroom, dataset)
        return
    first, second = st.columns(2)
    images = int(first.number_input("Images", FEWEST, MOST, IMAGES, key="court_images"))
    share = int(second.number_input("Images a student", FEWEST, MOST, SHARE, key="court_share"))
    judges = math.ceil(VOTES * images / min(share, images))
    st.caption(f"Each image has {VOTES} votes when {count(judges, 'student')} are through.")
    if st.button(
        "Open the court", type="primary", icon=":material/gavel:", disabled=not classroom.is_open
    ):
        court.open_court(who, classroom.id, dataset, source, images, share)
        drawn_anew()


def _find(who: Person, classroom: Classroom, dataset: str) -> None:
    """Draw how doubts are found where nobody has looked for them yet."""
    if docket.finding(classroom.id, dataset) is not None:
        watching(_finding, TICK)(classroom.id, dataset)
        return
    st.markdown(
        "Nobody has looked for doubtful labels of this data set yet. A network that learns from "
        "one half of the images can judge the labels of the other."
    )
    if st.button("Find doubtful labels", type="primary", icon=":material/search:"):
        docket.find_doubts(who, classroom.id, dataset)
        st.rerun()


def _finding(class_id: int, dataset: str) -> None:
    with sentences():
        run = docket.finding(class_id, dataset)
        if run is None:
            st.rerun()  # it has ended
        _progress(run)
        st.page_link(
            "pages/train.py",
            label="See the run, or stop it",
            icon=":material/show_chart:",
            query_params={"run": run.id},
        )


def _progress(run: runs.Run) -> None:
    assert run.config is not None, "it was found by its settings"
    epochs = run.config.recipe.epochs
    done = min(run.heartbeat.epoch, epochs) if run.heartbeat is not None else 0.0
    words = f"{STATE_WORDS[run.state][0]}: {done:.1f} of {count(epochs, 'epoch')}"
    if run.heartbeat is not None and run.heartbeat.left is not None:
        words += f", {about(run.heartbeat.left)} left"
    st.progress(done / epochs, text=words)


def _court(who: Person, classroom: Classroom, found: Court) -> None:
    title = datasets.find(found.dataset).title
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{title}** · {count(found.count, 'image')} · opened {ago(found.opened)}")
        state_badge(found.is_open)
        if found.is_open and st.button(
            "Close the court", type="primary", icon=":material/lock:", key=f"rise_{found.id}"
        ):
            court.close_court(who, found.id)
            drawn_anew()
        wall_button(
            found.on_wall,
            f"court_wall_{found.id}",
            lambda shown: court.show_on_wall(who, found.id, shown),
        )
        if not found.is_open:
            st.download_button(
                "CSV",
                lambda: verdicts.spreadsheet(who, found.id),
                f"court-{classroom.code}-{found.id}.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                key=f"court_csv_{found.id}",
                help="All votes, without names.",
            )
        with st.popover("Remove", icon=":material/delete:"):
            st.markdown(
                "Removes the court with its votes."
                if found.corrected is None
                else "Removes the court with its votes, its data set, and what was measured. Runs "
                "of students on it stay. This cannot be undone."
            )
            if st.button("Remove it", type="primary", key=f"court_drop_{found.id}"):
                with sentences():
                    correcting.remove_court(who, found.id)
                    drawn_anew()
    if found.is_open:
        watching(_results, TICK)(found)
        return
    _correct(who, found)
    if found.on_wall:
        _results(found)
    else:
        with st.expander("What the class said"):
            _results(found)


def _results(found: Court) -> None:
    with sentences():
        results(found)


def _correct(who: Person, found: Court) -> None:
    """Draw how the verdicts become a data set, and what measures the difference."""
    labels = correcting.corrected_labels(who, found.id)
    if found.corrected is None:
        words = f"Make the data set with {count(len(labels), 'corrected label')}"
        if st.button(
            words, icon=":material/edit_note:", key=f"court_make_{found.id}", disabled=not labels
        ):
            with st.spinner("Copying the images …"):
                correcting.make_data_set(who, found.id)
            drawn_anew()
        return
    spec = datasets.find(found.corrected)
    st.markdown(
        f"The class has a data set with {count(len(labels), 'corrected label')}: **{spec.title} · "
        f"{spec.name[-6:]}**. All of the class can choose it on Explore and Train."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Measure the difference", icon=":material/balance:"):
            _measure(who, found)
        with st.popover("Remove the data set", icon=":material/delete:"):
            st.markdown("Removes its images and what was measured. Runs of students on it stay.")
            if st.button("Remove the images", type="primary", key=f"court_forget_{found.id}"):
                with sentences():
                    correcting.remove_data_set(who, found.id)
                    drawn_anew()
    measured = data.court_difference(found.id)
    if measured is not None:
        watching(_difference, TICK if measured.going else None)(found)


def _difference(found: Court) -> None:
    with sentences():
        difference(found)


def _measure(who: Person, found: Court) -> None:
    st.markdown(
        f"Trains the same on both data sets, with {len(correcting.SEEDS)} seeds: "
        f"{2 * len(correcting.SEEDS)} runs of the class, in the queue with all others."
    )
    fitting = [
        each.name
        for each in architectures.ARCHITECTURES.values()
        if each.suits(datasets.find(found.dataset))
    ]
    place = fitting.index(correcting.NETWORK) if correcting.NETWORK in fitting else 0
    network = st.selectbox(
        "Architecture",
        fitting,
        index=place,
        format_func=lambda name: architectures.find(name).title,
        key=f"court_network_{found.id}",
    )
    epochs = st.number_input(
        "Epochs of a run", 1, 50, correcting.EPOCHS, key=f"court_epochs_{found.id}"
    )
    if st.button("Train them", type="primary", key=f"court_measure_{found.id}"):
        with sentences():
            correcting.measure(who, found.id, network, int(epochs))
            drawn_anew()
