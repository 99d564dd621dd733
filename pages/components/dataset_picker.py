"""Choosing a data set, and fetching the one that does not come with the app."""

from collections.abc import Callable

import streamlit as st

from core import datasets
from core.datasets import download
from pages.components.guard import check_url, sentences
from pages.components.wording import percent


def dataset_picker(on_change: Callable[[], None] | None = None) -> datasets.DatasetSpec:
    """Draw the choice, bound to ``?dataset=``, with a download where one is needed."""
    titles = {name: spec.title for name, spec in datasets.DATASETS.items()}
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
