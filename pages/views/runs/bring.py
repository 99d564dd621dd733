"""Runs, bring: a ZIP of runs from another Atelier, taken in with progress."""

import contextlib
import secrets

import streamlit as st

from core import runs
from core.errors import AtelierError, SettingsError
from core.export import aside
from core.export.run_zip.bring import Left, Taken, bring
from core.files import remove
from pages.session.person import circle
from pages.session.streamlit_internals import DeltaGenerator, UploadedFile
from pages.widgets.upload_words import upload_words
from pages.words import count, literal, percent, title_markdown

SAID = "bring_said"  # what the next run is to say: what was taken in, and what was not
UPLOADER = "bring_number"  # counts the uploads: another key lets the server forget the file
UPLOAD_MB = 200  # as server.maxUploadSize
MOST_SAID = 5  # runs that are named one by one

Said = list[Taken | Left | str]


def bring_runs(visitor: str, place: DeltaGenerator) -> None:
    """Draw the way in, and here what became of the file that was brought last.

    Args:
        visitor: whose the runs will be.
        place: for the button.
    """
    _say(st.session_state.pop(SAID, []))
    number = st.session_state.setdefault(UPLOADER, 0)
    # Another key closes it, so that it does not hide what is said.
    with place, st.popover("Bring a run", icon=":material/move_to_inbox:", key=f"way_in_{number}"):
        st.markdown(
            "Choose a ZIP that **Take home** made of runs, here or in another Atelier. Each "
            "network is built anew from its settings and measured on the images here. The runs "
            "are yours then, with sealed test sets."
        )
        key = f"bring_{number}"
        with st.container(gap=None):
            uploaded = st.file_uploader(
                "ZIP of runs",
                type=["zip"],
                key=key,
                max_upload_size=UPLOAD_MB,
                label_visibility="collapsed",
            )
            upload_words(key)
        pressed = st.button(
            "Bring it in",
            type="primary",
            icon=":material/move_to_inbox:",
            disabled=uploaded is None,
            key="bring_in",
        )
        if pressed and uploaded is not None:
            st.session_state[SAID] = _take_in(uploaded, visitor)
            st.session_state[UPLOADER] += 1
            st.rerun()


def _take_in(uploaded: UploadedFile, visitor: str) -> Said:
    """Take in the runs of an upload, and return what became of them."""
    said: Said = []
    bar = st.progress(0.0, "Saving the file …")
    # Whatever is pressed ends this run of the script, and with it the process.
    st.button("Stop", icon=":material/stop:", key="bring_stop")
    path = aside.folder() / f"{secrets.token_hex(16)}.zip"
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(uploaded.getbuffer())
        except OSError as error:
            raise SettingsError(
                f"The file could not be saved: {error.strerror or error}. Tell whoever runs this "
                "server, or try again later."
            ) from error
        brought = bring(path, uploaded.name, visitor, circle=circle())
        with contextlib.closing(brought) as answers:
            for answer in answers:
                if isinstance(answer, tuple):
                    share, what = answer
                    bar.progress(
                        min(1.0, share),
                        f"Building and measuring {literal(what)} … {percent(share, 0)}",
                    )
                else:
                    said.append(answer)
    except AtelierError as error:
        said.append(str(error))
    finally:
        with contextlib.suppress(OSError):
            remove(path)
    return said


def _say(said: Said) -> None:
    """Say what became of a file that was brought."""
    taken = [each for each in said if isinstance(each, Taken)]
    left = [each for each in said if isinstance(each, Left)]
    for problem in (each for each in said if isinstance(each, str)):
        st.error(literal(problem), icon=":material/error:")
    if taken:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(
                f"“{title_markdown(runs.read(taken[0].run))}” is here."
                if len(taken) == 1
                else f"{count(len(taken), 'run')} are here.",
                icon=":material/check_circle:",
            )
            if len(taken) == 1:
                st.page_link(
                    "pages/train.py",
                    label="Open it",
                    icon=":material/show_chart:",
                    query_params={"run": taken[0].run},
                )
    for each in left[:MOST_SAID]:
        st.warning(
            f"“{literal(each.what)}” was not brought in. {literal(each.why)}",
            icon=":material/block:",
        )
    if len(left) > MOST_SAID:
        st.warning(f"{count(len(left) - MOST_SAID, 'more run')} could not be brought in.")
