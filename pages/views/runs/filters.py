"""Runs, filters: which runs are listed. All of them are in the URL."""

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from core import architectures, evaluation
from core.runs import Run, State
from core.runs.access import owns
from pages.session.guard import check_url
from pages.session.visitor import visitor_id
from pages.views.runs.address import first_page
from pages.views.runs.facts import detail
from pages.widgets.choice import choice
from pages.widgets.dataset_picker import dataset_titles
from pages.words import STATE_WORDS, title
from pages.words.telling import phrase

ALL, MINE, SHARED = "All", "Yours", "Shared"
OWN = "own"  # stands for every network that somebody built
NONE = {"find": "", "state": "", "data": "", "network": "", "whose": ALL, "starred": False}


@dataclass(frozen=True)
class Filters:
    """What a run has to be to be listed; what is empty does not matter.

    Attributes:
        text: words that are all in its name, settings, state or id.
        state, dataset, architecture: as the run has them.
        whose: ``ALL``, ``MINE``, or ``SHARED`` for what others let everyone see.
        starred: whether only runs with a star.
    """

    text: str = ""
    state: str = ""
    dataset: str = ""
    architecture: str = ""
    whose: str = ALL
    starred: bool = False

    def matching(self, listed: Iterable[Run], visitor: str) -> list[Run]:
        """Return the runs that are so, in the same order."""
        words = self.text.casefold().split()
        return [run for run in listed if self._fits(run, visitor, words)]

    def _fits(self, run: Run, visitor: str, words: list[str]) -> bool:
        config = run.config
        return (
            (not self.state or run.state == self.state)
            and (not self.dataset or (config is not None and config.dataset == self.dataset))
            and (
                not self.architecture
                or (config is not None and self.architecture in _names(config.architecture))
            )
            and (self.whose == ALL or owns(run, visitor) == (self.whose == MINE))
            and (run.starred or not self.starred)
            and (not words or _has(run, words))
        )


def _has(run: Run, words: list[str]) -> bool:
    """Tell whether all words are in what can be searched of a run."""
    searched = [title(run), detail(run), STATE_WORDS[run.state][0], run.id]
    if run.config is not None:
        rows = evaluation.differences([run.config])
        searched += [phrase(row.name, row.values[0]) for row in rows]
    text = " ".join(searched).casefold()
    return all(word in text for word in words)


def _names(architecture: str) -> tuple[str, str]:
    """Return the names under which runs of an architecture are found, also of a retired one."""
    found = architectures.find(architecture)
    return architecture, OWN if found.limited else found.successor


def filters() -> Filters:
    """Draw the filters and return what they ask for."""
    states = {"": "Any state"} | {state.value: STATE_WORDS[state][0] for state in State}
    data = {"": "Any data set"} | dataset_titles(visitor_id())
    networks = {"": "Any architecture"} | {
        name: each.title for name, each in architectures.ARCHITECTURES.items()
    }
    networks[OWN] = "Own networks"
    with st.grid(4, min_column_width=150):
        text = st.text_input(
            "Search",
            key="find",
            bind="query-params",
            placeholder="Name, setting or id",
            on_change=first_page,
        )
        state = _select("State", states, "state")
        dataset = _select("Data set", data, "data")
        architecture = _select("Architecture", networks, "network")
    with st.container(horizontal=True, vertical_alignment="center"):
        whose = choice(
            "Owner",
            {each: each for each in (ALL, MINE, SHARED)},
            "whose",
            label_visibility="collapsed",
            on_change=first_page,
        )
        starred = st.toggle(
            "Starred only", key="starred", bind="query-params", on_change=first_page
        )
    return Filters(text or "", state, dataset, architecture, whose, starred)


def nothing_found() -> None:
    """Say that no run matches, and offer to clear the filters."""
    st.info("No runs match these filters.", icon=":material/filter_alt_off:")
    st.button("Clear filters", on_click=_clear)


def _clear() -> None:
    for key, value in NONE.items():
        st.session_state[key] = value
    first_page()


def _select(label: str, titles: dict[str, str], key: str) -> str:
    check_url(key, titles)
    chosen = st.selectbox(
        label,
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
        on_change=first_page,
    )
    return chosen or ""
