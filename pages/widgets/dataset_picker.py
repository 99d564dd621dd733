"""Choosing a data set, and fetching the one that does not come with the app."""

from collections.abc import Callable

import streamlit as st

from core import datasets
from core.datasets import download
from core.datasets.access import usable_datasets
from pages.session.guard import check_url, sentences
from pages.session.person import circle
from pages.session.visitor import visitor_id
from pages.words import percent

NEXT = "dataset_next"  # session: what the next run is to choose


def choose_next(name: str) -> None:
    """Let the next run of the page choose this data set, such as one that was just imported."""
    st.session_state[NEXT] = name


def dataset_picker(on_change: Callable[[], None] | None = None) -> datasets.DatasetSpec:
    """Draw the choice, bound to ``?dataset=``, with a download where one is needed."""
    titles = dataset_titles(visitor_id())
    if (wanted := st.session_state.pop(NEXT, None)) in titles:
        st.session_state["dataset"] = wanted
        if on_change is not None:
            on_change()
    if st.session_state.get("dataset", next(iter(titles))) not in titles:
        st.session_state["dataset"] = next(iter(titles))
        st.warning(
            "This data set was deleted or belongs to someone else. Choose another.",
            icon=":material/folder_off:",
        )
    check_url("dataset", titles)
    name = st.selectbox(
        "Data set",
        list(titles),
        format_func=titles.__getitem__,
        key="dataset",
        bind="query-params",
        on_change=on_change,
    )
    spec = datasets.find(name or next(iter(titles)))
    if spec.name == "cifar-10" and spec.missing() is not None:
        active = download.CIFAR10.state().active
        st.fragment(_download, run_every=1 if active else None)(active)
    return spec


def dataset_titles(visitor: str) -> dict[str, str]:
    """Return what the visitor may choose: built-in data sets, imported ones, those of the class.

    Two imported ones may have the same title, so the end of the id goes with it.
    """
    own = [each.spec for each in usable_datasets(visitor, circle())]
    return {name: spec.title for name, spec in datasets.DATASETS.items()} | {
        spec.name: f"{spec.title} · {spec.name[-6:]}" for spec in own
    }


def _download(was_active: bool) -> None:
    with sentences():
        state = download.CIFAR10.state()
        if state.active:
            done = "" if state.fraction is None else f" {percent(state.fraction, 0)}"
            st.progress(state.fraction or 0.0, text=f"Downloading CIFAR-10 …{done}")
            if st.button("Stop the download", icon=":material/close:"):
                download.CIFAR10.stop()
            return
        if was_active:
            st.rerun()  # shows the data, or why there is none
        if state.error:
            st.warning(state.error, icon=":material/cloud_off:")
        if st.button("Download CIFAR-10 (163 MB)", icon=":material/download:"):
            download.CIFAR10.start()
            st.rerun()
