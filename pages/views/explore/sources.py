"""Explore, your data: bringing data sets, looking at what was found in them, and deleting them.

What is brought is read in a process of its own (``core.datasets.sources.check``) and waits in a
folder until its owner has looked at it and chosen names and a split.
"""

import contextlib
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core import datasets, runs
from core.architectures.settings import count
from core.classroom import seal
from core.datasets import imported
from core.datasets.access import owns_dataset, usable_datasets
from core.datasets.imported import COMMAND_LINE, Choices, Imported, Order
from core.datasets.sources import SIZES, Found, SourceFile, Wishes
from core.datasets.sources.check import check
from core.datasets.sources.found import LEFT_OUT
from core.datasets.sources.gather import FORMS, MOST_FILES
from core.errors import AtelierError, DataDamaged, SettingsError, SourceRejected
from core.files import harmless, remove
from core.settings import settings
from pages.session.data import pictures
from pages.session.person import circle
from pages.session.streamlit_internals import UploadedFile
from pages.widgets.dataset_picker import choose_next
from pages.widgets.gallery import gallery
from pages.widgets.table import table
from pages.widgets.upload_words import upload_words
from pages.words import ago, percent

FOUND = "brought_found"  # what was found, with the folder that it waits in
PROBLEM = "brought_problem"  # to be said by the next run: why files or a deletion were refused
SAVED = "brought_saved"  # the id of the data set just imported
UPLOADER = "brought_number"  # counts the uploads: another key lets the server forget the files
UPLOAD_MB = 200  # as server.maxUploadSize
TILES = 9  # images shown before they are kept
FEW_CLASSES = 12  # whose numbers of images are shown without a click
MOST_OFFERED = 200  # files in the folder of the operator
PICTURE_SIZES = {
    "": "that of most of them",
    "grey-28": "28 × 28, grey",
    "colour-32": "32 × 32, colour",
}
OWN_NAMES, NUMBERS = "own", "numbers"
PARTS = {
    "train": " for training",
    "validation": " for validation",
    "test": " for testing",
}
ORDERS = {
    Order.STRATIFIED: "a random share of each class",
    Order.END: "the last images",
}


def draw(visitor: str) -> None:
    """Draw the view."""
    problem = st.session_state.pop(PROBLEM, None)
    if problem is not None:
        _show(problem)
    found = _waiting(visitor)
    if found is None:
        _bring(visitor)
    else:
        try:
            _decide(*found, visitor)
        except DataDamaged:
            _forget(found[0])
            st.session_state[PROBLEM] = DataDamaged(
                "The data read from these files was damaged and has been discarded. Upload the "
                "files again."
            )
            st.rerun()
    _list(visitor)


def _bring(visitor: str) -> None:
    with st.container(border=True):
        st.subheader("Import your own data", anchor=False)
        st.markdown(
            "A **CSV** file with one image per line, like Kaggle’s Fashion-MNIST · **IDX**, "
            "**NumPy**, **MATLAB**, **Parquet** or **CIFAR** files · a **ZIP** or **tar** with "
            "one folder of pictures for each class, or with such files · several **ZIPs**, one for "
            "each class or part."
        )
        _explanation()
        key = f"brought_{st.session_state.setdefault(UPLOADER, 0)}"
        with st.container(gap=None):
            uploaded = st.file_uploader(
                "Files",
                accept_multiple_files=True,
                key=key,
                max_upload_size=UPLOAD_MB,
                label_visibility="collapsed",
            )
            upload_words(key)
        if problem := _too_much(uploaded):
            _free(problem)
            st.rerun()
        offered = _offered()
        chosen = (
            st.multiselect(
                "Or files on this server",
                list(offered),
                key="brought_paths",
                help="Files in this server’s import folder.",
            )
            if offered
            else []
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            size = st.selectbox(
                "Size of pictures in a ZIP",
                list(PICTURE_SIZES),
                format_func=PICTURE_SIZES.__getitem__,
                key="brought_size",
                width=220,
            )
            pressed = st.button(
                "Check the files",
                type="primary",
                icon=":material/fact_check:",
                disabled=not (uploaded or chosen),
            )
        paths = [offered[name] for name in chosen if name in offered]
        if pressed and _check(uploaded, paths, SIZES.get(size or ""), visitor):
            st.rerun()


def _too_much(uploaded: Sequence[UploadedFile]) -> AtelierError | None:
    """Return why so many or so large files are not kept, as the server holds them in memory."""
    if len(uploaded) > MOST_FILES:
        return SourceRejected(f"There are {len(uploaded)} files. {FORMS}")
    size = sum(each.size for each in uploaded)
    if size > UPLOAD_MB * 2**20:
        return SettingsError(
            f"The files are {size / 2**20:,.0f} MB together; at most {UPLOAD_MB} MB can be "
            "uploaded. Use fewer images, or a ZIP."
        )
    room = imported.room() if uploaded else 0
    if size > room:
        return SettingsError(
            f"The files are {size / 1e6:,.0f} MB, and this server has room for {room / 1e6:,.0f} "
            "MB. Use fewer images, or delete a data set."
        )
    return None


def _free(problem: AtelierError | None = None) -> None:
    """Let the server forget the uploads; the next run says why, if something is wrong."""
    st.session_state[UPLOADER] = st.session_state.get(UPLOADER, 0) + 1
    if problem is not None:
        st.session_state[PROBLEM] = problem


def _explanation() -> None:
    with st.expander("What the files must look like", icon=":material/help:"):
        st.markdown(
            "- **CSV**: a column with the label, as number or as text, and the pixels of an image "
            "in order, row by row: `label,pixel1,…,pixel784` is 28 × 28 in grey, "
            "`pixel1,…,pixel3072` is 32 × 32 in colour, red, green and blue for each pixel. "
            "Numbers of 0 to 255, 0 to 1 or -1 to 1. A column such as `id` is left out; one such "
            "as `Usage` says which images are for training, validation and testing. Without a "
            "header the column of the label is guessed, and you can choose another.\n"
            "- **IDX**: images and labels, `.gz` or not, as MNIST has them.\n"
            "- **ZIP**: `cat/1.png`, `dog/1.png`, …; or `train/cat/1.png`, `test/cat/1.png`, …\n"
            "- Images are square, 8 to 64 pixels high; pictures in a ZIP are resized.\n"
            "- A second CSV, or a second pair of IDX files, with “test” in its name is the test "
            "data; one with “val” is the validation part, as is a folder `val` or `valid`.\n"
            "- Excel, HDF5, TFRecord, pickles, RAR and 7z are not read. Bring such a file, and the "
            "sentence says how to convert it.\n"
            f"- Up to {UPLOAD_MB} MB. A CSV in a ZIP is about four times smaller."
        )


def _offered() -> dict[str, Path]:
    """Return the plain files in the folder of the operator, by name."""
    try:
        files = [
            path
            for path in sorted(settings().to_import.iterdir())[:MOST_OFFERED]
            if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        ]
    except OSError:
        return {}
    return {harmless(path.name): path for path in files}


def _check(
    uploaded: Sequence[UploadedFile],
    paths: Sequence[Path],
    shape: tuple[int, int, int] | None,
    visitor: str,
) -> bool:
    """Read the files, with progress; keep what was found, or show what is wrong.

    Returns:
        Whether the page is to be drawn anew, without the uploads: they were read, for good or bad.
    """
    bar = st.progress(0.0, "Saving the files …")
    try:
        imported.check_room(visitor)
        folder = imported.stage(visitor)
        with _discarded_on_failure(folder):
            files = _kept(uploaded, folder)
            files += [SourceFile(path, path.name) for path in paths]
            imported.keep_files(folder, files, shape)
            answers = check(files, folder, shape=shape, room=lambda: imported.room(folder))
            found = _followed(answers, bar)
            imported.offer(folder, found)
            st.session_state[FOUND] = (imported.token_of(folder), found)
    except SourceRejected as error:
        _free(error)
        return True
    except AtelierError as error:
        bar.empty()
        _show(error)
        return False
    _free()
    return True


@contextlib.contextmanager
def _discarded_on_failure(folder: Path) -> Iterator[None]:
    """Remove a staged folder if its filling fails, or if the visitor leaves."""
    try:
        yield
    except BaseException:
        imported.discard(folder)
        raise


def _followed(answers: Generator[tuple[float, str] | Found, None, None], bar: Any) -> Found:
    """Show the progress of a reading until its end, and return what it found."""
    with contextlib.closing(answers):
        for answer in answers:
            if isinstance(answer, Found):
                return answer
            share, what = answer
            bar.progress(min(1.0, share), f"Reading {what} … {percent(min(1.0, share), 0)}")
    raise SettingsError("The reading ended without an answer. Try again.")


def _kept(uploaded: Sequence[UploadedFile], folder: Path) -> list[SourceFile]:
    """Put uploads into files of our own naming, until they are imported or discarded."""
    files = []
    try:
        for index, each in enumerate(uploaded, len(list(folder.glob("upload-*")))):
            path = folder / f"upload-{index}"
            path.write_bytes(each.getbuffer())
            files.append(SourceFile(path, each.name))
    except OSError as error:
        raise SettingsError(
            f"The files could not be saved: {error.strerror or error}. Tell whoever runs this "
            "server, or try again later."
        ) from error
    return files


def _waiting(visitor: str) -> tuple[Path, Found] | None:
    """Return what was read and waits for its owner's decision, unless an hour is over."""
    kept = st.session_state.get(FOUND)
    if kept is None:
        offered = imported.offered(visitor)  # a reload begins another session
        if offered is not None:
            st.session_state[FOUND] = (imported.token_of(offered[0]), offered[1])
        return offered
    token, found = kept
    folder = imported.staged(token)
    if folder is None:
        del st.session_state[FOUND]
        st.info(
            "This upload has expired or was replaced. Upload the files again.",
            icon=":material/timer_off:",
        )
        return None
    return folder, found


def _decide(folder: Path, found: Found, visitor: str) -> None:
    """Show what was found, and let the owner choose names and split."""
    with st.container(border=True):
        st.subheader("What was found", anchor=False)
        st.markdown(_in_words(found))
        shown = st.container()  # what the choices below it change
        st.markdown("**If something is wrong, change it**")
        again = _read_otherwise(found)
        turned = _turned(found)
        names = _names(found)
        with shown:
            labels = _first_images(folder, found, names, turned)
            _assumed([*found.notes, *_unlearned(found, names)])
            _add_classes(folder, found)
            _left_out(folder, found)
            with st.expander(
                "Images of each class",
                icon=":material/bar_chart:",
                expanded=found.labels <= FEW_CLASSES,
            ):
                table(_counts(found, names), key="brought_counts", name="images-of-each-class")
        title = st.text_input(
            "Title", found.title, max_chars=imported.TITLE_LENGTH, key="brought_title"
        )
        test, order, seed = _split(found)
        with st.container(horizontal=True):
            pressed = st.button(
                "Import",
                type="primary",
                icon=":material/download_done:",
                disabled=len(found.classes) == 1,
            )
            st.button("Discard", icon=":material/close:", on_click=_forget, args=(folder,))
        if labels is not None:
            _show(labels)
        if again is not None:
            st.session_state.pop(f"brought_label_{found.label}")  # if that fails, it is as it was
            _read_again(folder, again)
        elif pressed:
            # Taken away first: a second click, while it is saved, must not look for the folder.
            kept = st.session_state.pop(FOUND)
            imported.withdraw(folder)
            try:
                choices = Choices(title, names, test, order, seed, *turned)
                seal.check_import(folder, found, visitor)
                saved = imported.save(folder, found, choices, visitor)
                st.session_state[SAVED] = saved
                choose_next(saved)
            except AtelierError as error:
                st.session_state[FOUND] = kept
                imported.offer(folder, found)
                _show(error)
                return
            st.rerun()


def _in_words(found: Found) -> str:
    """Say how many images of which kind there are."""
    height, width, channels = found.shape
    counts = ", ".join(
        f"**{count(sum(each), 'image')}**{PARTS.get(part, '')}"
        for part, each in found.counts.items()
    )
    used = sum(1 for place in found.first if place)
    return (
        f"{counts} of {height} × {width} in {'grey' if channels == 1 else 'colour'}, "
        f"{count(used, 'class', 'classes')}. Every value was checked."
    )


def _assumed(notes: list[str]) -> None:
    """Say what was assumed, in one box."""
    if notes:
        text = notes[0] if len(notes) == 1 else "\n".join(f"- {note}" for note in notes)
        st.info(text, icon=":material/info:")


def _unlearned(found: Found, names: tuple[str, ...]) -> list[str]:
    """Return a sentence on the classes that no network can learn here."""
    missing = [
        f"“{names[label]}”" if label < len(names) else f"label {label}" for label in found.unlearned
    ]
    if not missing:
        return []
    shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
    return [
        f"The training images have no {shown}. A network cannot learn what it never sees, so "
        "averages over the classes leave this out."
    ]


def _left_out(folder: Path, found: Found) -> None:
    """List what was not read, with the reasons."""
    left = found.left_out
    if not left.count:
        return
    with st.expander(f"Left out: {left.count:,}", icon=":material/rule:", key="brought_left"):
        table(
            {"Left out": [what for what, _ in left.first], "Why": [why for _, why in left.first]},
            key="brought_left_out",
            name="left-out-first",
        )
        if left.count > len(left.first):
            st.caption(f"The first {len(left.first)} of {left.count:,}.")
            st.download_button(
                "Download all of them (CSV)",
                imported.left_out(folder),
                LEFT_OUT,
                "text/csv",
                key="brought_left_all",
                on_click="ignore",
            )


def _read_otherwise(found: Found) -> Wishes | None:
    """Let the owner say which column is the label; return how to read again, if at all."""
    columns = dict(found.label_columns)
    if len(columns) < 2 or found.label not in columns:
        return None
    chosen = st.selectbox(
        "The label is in",
        list(columns),
        index=list(columns).index(found.label),
        format_func=columns.__getitem__,
        key=f"brought_label_{found.label}",
        help="The files are read again when you choose another column.",
        width=320,
    )
    return None if chosen == found.label else Wishes(label=chosen)


def _add_classes(folder: Path, found: Found) -> None:
    """Let the owner bring the files of other classes, where those brought have only one."""
    if len(found.classes) != 1:
        return
    key = f"brought_more_{st.session_state.setdefault(UPLOADER, 0)}"
    with st.container(gap=None):
        uploaded = st.file_uploader(
            "Files of other classes",
            accept_multiple_files=True,
            key=key,
            max_upload_size=UPLOAD_MB,
        )
        upload_words(key)
    if problem := _too_much(uploaded):
        _free(problem)
        st.rerun()
    if st.button("Add the files", icon=":material/add:", disabled=not uploaded):
        files = _kept(uploaded, folder)
        _read_again(folder, Wishes(), files)


def _turned(found: Found) -> tuple[bool, bool]:
    """Let the owner say whether the images lie on their side, and whether they are negatives."""
    with st.container(horizontal=True):
        transposed = st.checkbox(
            "Swap rows and columns",
            found.transposed,
            key="brought_transposed",
            help="For images that lie on their side and look mirrored, as those of EMNIST.",
        )
        negative = st.checkbox(
            "Negative",
            key="brought_negative",
            help="Light becomes dark. Fashion-MNIST has light things on a dark ground.",
        )
    return transposed, negative


def _read_again(folder: Path, wishes: Wishes, more: Sequence[SourceFile] = ()) -> None:
    """Read the files in another way, or more of them, and show what is found then."""
    bar = st.progress(0.0, "Reading …")
    try:
        again = _followed(imported.read_again(folder, wishes, more), bar)
    except AtelierError as error:
        for each in more:
            remove(each.path)
        st.session_state[PROBLEM] = error
    else:
        st.session_state[FOUND] = (imported.token_of(folder), again)
        for key in ("brought_kind", "brought_names"):  # there may be other classes now
            st.session_state.pop(key, None)
    _free()
    st.rerun()


def _names(found: Found) -> tuple[str, ...]:
    """Let the owner choose what the classes are called."""
    kinds = {
        "fashion-mnist": "those of Fashion-MNIST",
        "cifar-10": "those of CIFAR-10",
        "digits": "the digits 0 to 9",
        "letters": "the letters A to Z",
    }
    proposed = imported.default_classes(found)
    known = {name: names for name, names in imported.KNOWN_CLASSES.items() if name in kinds}
    if found.classes:
        kind, kinds = OWN_NAMES, {OWN_NAMES: "those in the files"}
    else:
        kind = next((name for name, names in known.items() if names == proposed), NUMBERS)
        kinds |= {NUMBERS: f"the labels as names (0 to {found.labels - 1})", OWN_NAMES: "my own"}
        kind = st.selectbox(
            "Names of the classes",
            list(kinds),
            index=list(kinds).index(kind),
            format_func=kinds.__getitem__,
            key="brought_kind",
        )
    if kind == OWN_NAMES:
        text = st.text_area(
            "Names of the classes, one per line, in the order of the labels",
            "\n".join(proposed if found.classes else imported.numbered(found)),
            height="content",
            key="brought_names",
        )
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    return imported.numbered(found) if kind == NUMBERS else known[kind]


def _first_images(
    folder: Path, found: Found, names: tuple[str, ...], turned: tuple[bool, bool]
) -> SourceRejected | SettingsError | None:
    """Show some images with the names of their classes; return why the names cannot be taken."""
    transposed, negative = turned
    images, labels = imported.preview(
        folder, found, TILES, transposed=transposed, negative=negative
    )
    gallery(
        pictures(images),
        [names[label] if label < len(names) else f"label {label}" for label in labels],
        key="brought_gallery",
        marked=[label >= len(names) for label in labels],
    )
    try:
        imported.check_labels(found, len(names))
    except SourceRejected as error:
        return error
    if found.classes and len(names) != len(found.classes):
        return SettingsError(
            f"There are {len(found.classes)} classes, but {len(names)} names. Write one name per "
            "line."
        )
    return None


def _counts(found: Found, names: tuple[str, ...]) -> dict[str, list[str] | list[int]]:
    titles = {"all": "Images", "train": "Training", "validation": "Validation", "test": "Test"}
    used = [label for label in range(found.labels) if found.first[label]]
    return {
        "Label": used,
        "Class": [names[label] if label < len(names) else "–" for label in used],
        **{
            titles[part]: [counts[label] for label in used] for part, counts in found.counts.items()
        },
    }


def _split(found: Found) -> tuple[float | None, Order, int]:
    """Let the owner choose the test images, unless the files have them apart."""
    if "test" in found.counts:
        return None, Order.STRATIFIED, 0
    with st.grid(3, min_column_width=220):
        share = st.slider(
            "Test images",
            5,
            50,
            15,
            format="%d %%",
            key="brought_share",
            help="Set aside for the end. Validation images are taken from the others when you "
            "train.",
        )
        order = st.selectbox(
            "Which images", list(ORDERS), format_func=ORDERS.__getitem__, key="brought_order"
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key="brought_seed",
            help="The same seed chooses the same images.",
        )
    return share / 100, order or Order.STRATIFIED, int(seed or 0)


def _forget(folder: Path) -> None:
    imported.discard(folder)
    st.session_state.pop(FOUND, None)


def _list(visitor: str) -> None:
    own = usable_datasets(visitor, circle())
    saved = st.session_state.pop(SAVED, None)
    if not own:
        return
    st.subheader("Your data sets", anchor=False)
    limits = settings().limits
    owned = sum(owns_dataset(each, visitor) for each in own)
    room = imported.room() / 1e6
    st.caption(
        f"{owned} of the {limits.datasets} you may have · {room:,.0f} MB free on this server"
    )
    for each in own:
        _row(each, visitor, new=each.spec.name == saved)


def _row(each: Imported, visitor: str, *, new: bool) -> None:
    spec = each.spec
    with st.container(border=True):
        if new:
            st.success(f"“{spec.title}” is imported.", icon=":material/check_circle:")
        height, width, channels = spec.shape
        st.markdown(f"**{spec.title}** · {spec.name[-6:]}")
        whose = "on the command line, for everyone" if each.visitor == COMMAND_LINE else "by you"
        how = "made by your class" if each.origin else f"imported {whose}"
        st.caption(
            f"{spec.counts_words} of {height} × {width} in "
            f"{'grey' if channels == 1 else 'colour'} · "
            f"{len(spec.classes)} classes · {each.bytes / 1e6:,.1f} MB · {how}, "
            f"{ago(each.created)}"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Explore it",
                key=f"explore_{spec.name}",
                icon=":material/grid_view:",
                on_click=_explore,
                args=(spec,),
            )
            # No page link: the choice made here would go before what a link asks for.
            if st.button(
                "Train on it",
                key=f"train_{spec.name}",
                icon=":material/model_training:",
                on_click=_choose,
                args=(spec.name,),
            ):
                st.switch_page("pages/train.py", query_params={})
            if owns_dataset(each, visitor):
                st.space("stretch")
                with st.popover("Delete", icon=":material/delete:"):
                    _confirm(spec, visitor)


def _confirm(spec: datasets.DatasetSpec, visitor: str) -> None:
    if problem := runs.why_needed(spec.name):
        st.markdown(problem)
        return
    users = runs.using(spec.name)
    text = "Its images cannot be recovered."
    if users:
        text += (
            " The run trained on it keeps its results."
            if len(users) == 1
            else (f" The {len(users)} runs trained on it keep their results.")
        )
    st.markdown(text)
    st.button(
        "Delete permanently",
        key=f"delete_{spec.name}",
        type="primary",
        on_click=_delete,
        args=(spec.name, visitor),
    )


def _choose(name: str) -> None:
    st.session_state["dataset"] = name


def _explore(spec: datasets.DatasetSpec) -> None:
    _choose(spec.name)
    st.session_state["view"] = "images"
    st.session_state["page"] = 1


def _delete(name: str, visitor: str) -> None:
    """Delete a data set, if that is right now: the button may have been drawn long ago."""
    try:
        found = imported.find(name)
        if found is not None and not owns_dataset(found, visitor):
            raise SettingsError(
                "This data set belongs to someone else; only its owner can delete it."
            )
        if problem := runs.why_needed(name):
            raise SettingsError(f"The data set was not deleted. {problem}")
        imported.delete(name)
        if st.session_state.get("dataset") == name:
            choose_next(next(iter(datasets.DATASETS)))
    except AtelierError as error:
        st.session_state[PROBLEM] = error


def _show(error: AtelierError) -> None:
    """Show a sentence, and the first problems below it, one a line."""
    text = str(error)
    if isinstance(error, SourceRejected) and error.problems:
        text = "\n".join([error.sentence, "", *(f"- {each}" for each in error.problems)])
    st.error(text, icon=":material/error:")
