"""A teacher's collections of photos: open, approve, hide, judge the networks, take home, remove."""

from collections.abc import Callable

import streamlit as st

from core import datasets
from core.classroom import photo_judging, photos
from core.classroom.people import Classroom, Person
from core.classroom.photos import MOST, SIDE, Collection, Photo, Stage
from pages.session import data
from pages.session.guard import sentences
from pages.session.ticking import ticking, watching
from pages.views.classroom.activity import drawn_anew, state_badge, tell, telling, wall_button
from pages.views.classroom.photos import results
from pages.widgets.pixel_viewer import pixel_image
from pages.words import ago, count, literal

TICK, QUICK = 3.0, 1.0  # seconds between two looks: at what comes, and at networks being judged
PAGE = 12  # photos a page
TITLES = {Stage.WAITING: "Waiting", Stage.APPROVED: "Approved", Stage.REFUSED: "Refused or hidden"}


def photos_control(who: Person, classroom: Classroom) -> None:
    """Draw the collections of a class, and what opens another one."""
    found = photos.collections_of(who, classroom.id)
    if not any(each.is_open for each in found):
        with st.container(border=True, width=720), sentences():
            _open(who, classroom)
    for place, each in enumerate(found):
        with st.container(border=True), sentences():
            _head(who, classroom, each)
            if place == 0:
                _body(who, each)
            else:
                with st.expander("The photos, and how it went"):
                    _body(who, each)


def _open(who: Person, classroom: Classroom) -> None:
    st.markdown("**Collect photos**")
    st.caption(
        f"Students photograph things of the data set's classes, up to {MOST} each, and say what "
        "they show. You approve each photo before others see it. Then every finished network of "
        "the class on this data set is judged on them."
    )
    dataset = st.selectbox(
        "Data set",
        list(datasets.DATASETS),
        format_func=lambda name: datasets.find(name).title,
        key="photos_dataset",
    )
    originals = st.toggle(
        "Keep the photos themselves too",
        key="photos_originals",
        help=f"Off: only the small picture that the networks see is stored. On: also the photo, up "
        f"to {SIDE} pixels and without place and time, for you alone. Students are told before "
        "they send.",
    )
    if st.button(
        "Collect photos",
        type="primary",
        icon=":material/add_a_photo:",
        disabled=not classroom.is_open,
    ):
        photos.open_collection(who, classroom.id, dataset, originals=originals)
        drawn_anew()


def _head(who: Person, classroom: Classroom, found: Collection) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Photos for {literal(found.spec.title)}** · opened {ago(found.opened)}")
        state_badge(found.is_open)
        if found.is_open:
            if st.button("Close the collection", icon=":material/lock:", key=f"close_{found.id}"):
                photos.close_collection(who, found.id)
                drawn_anew()
        elif st.button("Open it again", icon=":material/lock_open:", key=f"reopen_{found.id}"):
            photos.reopen_collection(who, found.id)
            drawn_anew()
        wall_button(
            found.on_wall,
            f"wall_{found.id}",
            lambda shown: photos.show_on_wall(who, found.id, shown),
        )
        _downloads(who, classroom, found)
        with st.popover("Remove", icon=":material/delete:"):
            st.markdown("Deletes the collection with all its photos. This cannot be undone.")
            if st.button("Remove it", type="primary", key=f"remove_{found.id}"):
                photos.remove_collection(who, found.id)
                drawn_anew()


def _downloads(who: Person, classroom: Classroom, found: Collection) -> None:
    """Draw what takes the approved photos home."""
    name = f"photos-{classroom.code}-{found.id}"
    help_ = "The approved photos, a folder a class. Explore, Your data, can import it."
    st.download_button(
        "ZIP",
        lambda: photos.archive(who, found.id),
        f"{name}.zip",
        "application/zip",
        icon=":material/download:",
        on_click="ignore",
        key=f"zip_{found.id}",
        help=help_,
    )
    if data.photo_figures(found.id).networks:
        st.download_button(
            "CSV",
            lambda: photo_judging.spreadsheet(who, found.id),
            f"{name}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"photos_csv_{found.id}",
            help="What each network calls each photo, by the photo's name in the ZIP. Students "
            "have numbers.",
        )
    if found.originals:
        st.download_button(
            "ZIP of the originals",
            lambda: photos.archive(who, found.id, originals=True),
            f"{name}-originals.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
            key=f"originals_{found.id}",
        )


def _body(who: Person, found: Collection) -> None:
    ticking(_judging, lambda: _pace(found.id))(who, found)
    watching(_photos, TICK if found.is_open else None)(who, found)


# -- The networks ----------------------------------------------------------------------------------


def _pace(collection_id: int) -> float:
    progress = photo_judging.progress(collection_id)
    return QUICK if progress is not None and progress.going else TICK


def _judging(who: Person, found: Collection) -> None:
    """Draw the button that judges, how far that is, and what came out."""
    with sentences():
        progress = photo_judging.progress(found.id)
        if progress is not None and progress.going:
            share = progress.done / progress.total if progress.total else 0.0
            words = "Getting ready …"
            if progress.total:
                words = f"{progress.done} of {count(progress.total, 'network')} asked"
            st.progress(share, text=words)
            if st.button("Stop", icon=":material/stop:", key=f"photos_stop_{found.id}"):
                photo_judging.stop(who, found.id)
        else:
            _judge(who, found)
            if progress is not None and progress.problem is not None:
                st.error(progress.problem, icon=":material/error:")
            elif progress is not None and progress.failed:
                st.warning(
                    f"{count(progress.failed, 'network')} could not be asked: its file is gone or "
                    "damaged.",
                    icon=":material/info:",
                )
        results(found)


def _judge(who: Person, found: Collection) -> None:
    figures = data.photo_figures(found.id)
    again = figures.best is not None
    if st.button(
        "Judge the networks again" if again else "Judge the networks",
        type="secondary" if again and figures.judged == figures.approved else "primary",
        icon=":material/gavel:",
        key=f"judge_{found.id}",
        help="Asks every finished network of the class on this data set about the approved photos, "
        "in the background, one after the other. The result is shown to the class at once.",
    ):
        photo_judging.judge(who, found.id)
        st.rerun()


# -- The photos ------------------------------------------------------------------------------------


def _photos(who: Person, found: Collection) -> None:
    """Draw the photos of one stage with what can be decided about them."""
    with sentences():
        tell()
        numbers = photos.numbers(who, found.id)
        stage = st.segmented_control(
            "Photos",
            list(Stage),
            default=Stage.WAITING,
            required=True,
            format_func=lambda each: f"{TITLES[each]} ({numbers[each]})",
            key=f"photos_stage_{found.id}",
            label_visibility="collapsed",
        )
        total = numbers[stage]
        if not total:
            words = "No photo waits for you." if stage is Stage.WAITING else "None."
            st.caption(words)
            return
        page = 1
        if total > PAGE:
            page = st.pagination(
                -(-total // PAGE), width=440, key=f"photos_page_{found.id}_{stage}"
            )
        shown = photos.queue(who, found.id, stage, start=(page - 1) * PAGE, most=PAGE)
        if stage is Stage.WAITING and len(shown) > 1:
            st.button(
                f"Approve these {len(shown)}",
                icon=":material/done_all:",
                type="primary",
                key=f"all_{found.id}",
                on_click=_decide,
                args=(photos.approve, who, [each.id for each in shown]),
            )
        with st.grid(6, min_column_width=150):
            for each in shown:
                with st.container(border=True, gap="xsmall"):
                    _photo(who, found, each)


def _photo(who: Person, found: Collection, each: Photo) -> None:
    names = found.spec.classes
    assert each.owner is not None, "a teacher is told"
    pixel_image(each.pixels, names[each.label], width=140)
    if found.originals and each.stage is not Stage.REFUSED:
        _original(who, each)
    st.caption(f"{literal(each.owner.handle)}, {ago(each.sent)}")
    key = f"photo_label_{each.id}_{each.label}"
    st.selectbox(
        "Label",
        range(len(names)),
        index=each.label,
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_relabel,
        args=(who, each.id, key),
    )
    with st.container(horizontal=True, gap="xsmall"):
        if each.stage is not Stage.APPROVED:
            st.button(
                "Approve",
                icon=":material/check:",
                key=f"approve_{each.id}",
                on_click=_decide,
                args=(photos.approve, who, [each.id]),
            )
        if each.stage is not Stage.REFUSED:
            st.button(
                "Hide" if each.stage is Stage.APPROVED else "Refuse",
                icon=":material/visibility_off:",
                key=f"refuse_{each.id}",
                on_click=_decide,
                args=(photos.refuse, who, each.id),
            )


def _original(who: Person, each: Photo) -> None:
    """Draw what shows the photo itself, which is read only when the teacher wants to see it."""
    opened = st.popover("Photo", on_change="rerun", key=f"photo_original_{each.id}")
    if opened.open:
        content = photos.original(who, each.id)
        with opened:
            if content is None:
                st.caption("It was not kept.")
            else:
                st.image(content)


def _relabel(who: Person, photo_id: int, key: str) -> None:
    # By its value: the callback was made before the teacher chose.
    _decide(photos.relabel, who, photo_id, st.session_state[key])


def _decide(do: Callable[..., object], *args: object) -> None:
    """Do what the teacher decides before the photos are drawn anew; what was refused is said."""
    with telling():
        do(*args)
    data.forget_classes()
