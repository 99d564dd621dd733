"""A student's part of Our photos: take one, say what it shows, send it, and see the result."""

from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from core.classroom import photos
from core.classroom.people import Classroom, Person
from core.classroom.photos import MOST, SIDE, Collection, Photo, Stage
from core.imaging import advice
from core.imaging.gate import Picture
from core.imaging.prepare import Prepared, prepare
from pages.session import brought, data
from pages.session.guard import sentences
from pages.session.ticking import watching
from pages.views.classroom.activity import newest_first
from pages.widgets import photo, photo_figures
from pages.widgets.choice import choice
from pages.widgets.picture_edits import Edits, edited_picture
from pages.widgets.pixel_viewer import pixel_image
from pages.words import count, literal
from pages.words.classroom import day

TICK = 3.0  # seconds between two looks
SOURCES = {"upload": "Photo or file", "camera": "Camera"}
STAGES = {
    Stage.WAITING: "waits for the teacher",
    Stage.APPROVED: "on the wall",
    Stage.REFUSED: "not shown",
}
SENT = "photos_sent"  # session: photos sent from this page; part of the widgets' keys
DRAFT = "photos_draft"  # session: the photo that is being made ready


@dataclass
class Draft:
    """A photo before it is sent.

    Attributes:
        picture: as it came out of the gate.
        edits: of it as it is turned now.
        turned: quarter turns to the right.
        prepared: what the networks will see, and of which version of the edits that is.
    """

    picture: Picture
    edits: Edits
    turned: int = 0
    prepared: tuple[int, Prepared] | None = field(default=None, repr=False)

    def turn(self) -> None:
        """Turn the photo to the right by a quarter; what was edited is of before."""
        self.turned += 1
        self.edits = Edits.of(self.picture, f"{self.edits.token}+", self.turned)
        self.prepared = None


def photos_view(who: Person, classroom: Classroom) -> None:
    """Draw the collection that was opened last, and those before it."""
    found = photos.collections_of(who, classroom.id)
    if found and found[0].is_open and classroom.is_open:
        st.subheader(f"Our photos for {literal(found[0].spec.title)}", anchor=False)
        st.fragment(_send)(who, classroom, found[0])
    watching(_look, TICK)(who, classroom, found[0].id if found and found[0].is_open else None)


def _send(who: Person, classroom: Classroom, collection: Collection) -> None:
    """Draw what takes a photo, prepares it and sends it."""
    with st.container(border=True, width=720), sentences():
        number = st.session_state.setdefault(SENT, 0)
        source = choice("Photo from", SOURCES, "from", label_visibility="collapsed")
        if source != "camera":
            st.session_state.pop(photo.CAMERA_ON, None)
        draw = photo.taken if source == "camera" else photo.uploaded
        key = f"photo_{source}_{collection.id}_{number}"
        kept = "Nothing is sent before you press the button below."
        picture = draw(key, "A photo of one thing, from your own camera", kept)
        if picture is None:
            st.caption(_kept(classroom, collection))
            return
        draft = _draft(picture)
        prepared = _prepared(draft, collection)
        # On a phone the editor, which few need, comes after the button.
        left, right = st.columns([1, 1], gap="medium")
        with left:
            label = _ready(draft, prepared, collection, number)
            pressed = st.button(
                "Send to the teacher",
                type="primary",
                icon=":material/send:",
                disabled=label is None,
            )
        with right:
            brush = collection.spec.shape[2] == 1
            edited_picture(draft.edits, prepared, brush=brush, key=f"photo_editor_{number}")
        if pressed:
            photos.send(who, collection.id, prepared.pixels, label, draft.edits.picture.rgb)
            brought.forget(key)
            st.session_state.pop(DRAFT, None)
            st.session_state[SENT] = number + 1
            st.toast("Sent. The class sees it when the teacher has approved it.")
            st.rerun()
        st.caption(_kept(classroom, collection))


def _ready(draft: Draft, prepared: Prepared, collection: Collection, number: int) -> int | None:
    """Draw what the networks will see, and return what the student says that it is."""
    st.markdown("**What the networks will see**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pixel_image(prepared.pixels, "Your photo as the networks will see it", width=196)
        st.button("Turn", icon=":material/rotate_right:", on_click=draft.turn)
    for words in (*draft.picture.notes, advice.hint(prepared)):
        if words:
            st.caption(words)
    names = collection.spec.classes
    return st.pills(
        "What does it show?",
        range(len(names)),
        format_func=names.__getitem__,
        key=f"photo_label_{collection.id}_{number}",
    )


def _kept(classroom: Classroom, collection: Collection) -> str:
    """Say in two sentences what is kept of a photo, and who sees it."""
    height, width, _ = collection.spec.shape
    small = f"the small picture that the networks see ({width} × {height} pixels) and its label"
    also = "the photo itself is not stored"
    if collection.originals:
        also = (
            f"the photo itself, up to {SIDE} pixels and without place and time, for the teacher "
            "alone"
        )
    return (
        f"Kept until {day(classroom.delete_after)}: {small}; {also}. Others see the small picture "
        "once the teacher has approved it, never whose it is, and you can take it back at any time."
    )


def _draft(picture: Picture) -> Draft:
    """Return the photo that is being made ready; of another picture a new one."""
    draft: Draft | None = st.session_state.get(DRAFT)
    if draft is None or draft.picture is not picture:
        token = f"photo-{st.session_state[SENT]}-{id(picture)}"
        draft = st.session_state[DRAFT] = Draft(picture, Edits.of(picture, token))
    return draft


def _prepared(draft: Draft, collection: Collection) -> Prepared:
    """Return what the networks will see, worked out anew only if something was changed."""
    version = draft.edits.version
    if draft.prepared is None or draft.prepared[0] != version:
        before = None if draft.prepared is None else draft.prepared[1]
        picture, options = draft.edits.picture, draft.edits.options()
        draft.prepared = (
            version,
            prepare(
                picture.rgb,
                options,
                alpha=picture.alpha,
                before=before,
                **collection.spec.frame,
            ),
        )
    return draft.prepared[1]


def _look(who: Person, classroom: Classroom, opened: int | None) -> None:
    """Draw what has become of the photos, and follow the teacher.

    Args:
        who: the student.
        classroom: the class.
        opened: the collection that the page has drawn the form of; None for none.
    """
    with sentences():
        found = photos.collections_of(who, classroom.id)
        if opened != (found[0].id if found and found[0].is_open else None):
            st.rerun()  # the teacher has opened or closed one
        newest_first(
            found,
            "There are no photos yet. When the teacher opens a collection, you photograph things, "
            "and the networks of the class show what they are worth on them.",
            newest=partial(_newest, who),
            earlier=partial(_photos, who),
            title=lambda each: f"Earlier photos for {literal(each.spec.title)}",
        )


def _newest(who: Person, found: Collection) -> None:
    if not found.is_open:  # else the form has the title
        st.subheader(f"Our photos for {literal(found.spec.title)}", anchor=False)
    _photos(who, found)


def _photos(who: Person, found: Collection) -> None:
    results(found)
    _own(who, found)
    _wall(found)


def _own(who: Person, collection: Collection) -> None:
    mine = photos.own(who, collection.id)
    if not mine:
        return
    most = f" (of {MOST} at most)" if collection.is_open else ""
    st.markdown(f"**Your photos**: {len(mine)}{most}")
    with st.grid(len(mine) if len(mine) > 3 else 4, min_column_width=130):
        for each in mine:
            with st.container(gap="xsmall"):
                name = collection.spec.classes[each.label]
                pixel_image(each.pixels, name, width=84)
                st.caption(f"{literal(name)}, {STAGES[each.stage]}")
                if st.button("Take back", key=f"photo_back_{each.id}"):
                    _take_back(who, each)


def _take_back(who: Person, found: Photo) -> None:
    photos.take_back(who, found.id)
    data.forget_classes()
    st.rerun()


def _wall(collection: Collection) -> None:
    found = data.approved_photos(collection.id)
    if found:
        progress = photo_figures.progress(data.photo_figures(collection.id))
        st.markdown(f"**The photos of the class**: {progress}")
        st.html(photo_figures.STYLE + photo_figures.wall(found, collection))


def results(collection: Collection) -> None:
    """Draw what the networks are worth on the photos, once they were judged."""
    found = data.photo_figures(collection.id)
    if found.best is None:
        return
    st.markdown(f"**{literal(photo_figures.verdict(found))}**")
    st.html(photo_figures.STYLE + photo_figures.falls(found))
    if found.judged < found.approved:
        later = count(found.approved - found.judged, "photo")
        st.caption(f"{later} approved since, and not judged yet.")
    st.caption(photo_figures.BASIS)
    with st.expander("By class, and what was confused"):
        st.html(photo_figures.STYLE + photo_figures.by_class(found))
        st.html(photo_figures.STYLE + photo_figures.confusion(found))
        st.caption("Rows: what it is. Columns: what it was called, by its number.")
