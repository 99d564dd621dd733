"""Runs: all that was trained, to find, name, star, share, delete and compare."""

import itertools
import time
from collections.abc import Callable, Sequence

import streamlit as st

from core import architectures, jobs, runs
from core.errors import AtelierError
from core.runs import Run, State
from pages.session import frame
from pages.session.access import may_see, owned, owns
from pages.session.guard import check_url
from pages.session.visitor import visitor_id
from pages.views.runs.compare import MOST, comparison
from pages.widgets.dataset_picker import dataset_titles
from pages.widgets.runs_table import (
    ALL,
    MINE,
    SHARED,
    Filters,
    in_order,
    runs_table,
    to_csv,
    valid_sort,
)
from pages.words import STATE_WORDS, title, title_markdown

PAGE = 20  # runs
CHOSEN_MOST = 100  # what a URL can carry
ONE_DELETION = 3.0  # seconds between deletions that one click made
WATCH = 2.0  # seconds between two looks at the active runs that are listed
NO_FILTERS = {"find": "", "state": "", "data": "", "network": "", "whose": ALL, "starred": False}
PROBLEMS = "runs_problems"  # session state: sentences that a callback left for the page


def main() -> None:
    """Draw the page."""
    st.title("Runs", anchor=False)
    asked = _ids("runs")
    if asked:
        comparison(asked, visitor_id(), on_back=_back)
        return
    visitor = visitor_id()
    st.markdown("All that was trained here. Tick two to six runs to compare them.")
    for problem in st.session_state.pop(PROBLEMS, []):
        st.error(problem, icon=":material/error:")
    _undo(visitor)
    seen = [run for run in runs.list_runs() if may_see(run, visitor)]
    if not seen:
        with st.container(border=True):
            st.markdown("**No run yet.** Train a network, and it is listed here.")
            st.page_link("pages/train.py", label="Train one", icon=":material/show_chart:")
    seen += [run for run in runs.list_bundled() if run.state is State.FINISHED]
    if not seen:
        return
    filters = _filters()
    found = filters.matching(seen, visitor)
    sort = valid_sort(st.query_params.get("sort"))
    found = in_order(found, sort)
    chosen = _chosen(seen)
    if chosen:
        # Pinned, so that it stays in sight however long the table is.
        with st.bottom:
            _actions(chosen, found, visitor)
    if not found:
        st.info("No run fits these filters.", icon=":material/filter_alt_off:")
        st.button("Clear the filters", on_click=_clear_filters)
        return
    pages = -(-len(found) // PAGE)
    place, below = st.container(), st.container(horizontal=True, vertical_alignment="center")
    with below:
        page = 1
        if pages > 1:
            if st.session_state.get("runs_page", 1) > pages:
                st.session_state["runs_page"] = pages  # what was on the last page is deleted
            page = st.pagination(pages, key="runs_page", bind="query-params")
        st.caption(f"{len(found):,} {'run' if len(found) == 1 else 'runs'}")
        st.space("stretch")
        st.download_button(
            "CSV",
            lambda: to_csv(found, visitor),
            "runs.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="All runs that the filters leave, as a spreadsheet reads them.",
        )
    shown = found[(page - 1) * PAGE : page * PAGE]
    with place:
        opened = runs_table(
            shown,
            visitor=visitor,
            chosen=[run.id for run in chosen],
            sort=sort,
            key="table",
            on_choose=_choose,
            on_star=_star,
            on_sort=_sort,
        )
    if opened:
        st.switch_page("pages/train.py", query_params={"run": opened})
    active = tuple(run.id for run in shown if run.state.active)
    if active:
        st.fragment(_watch, run_every=WATCH)(active, _progress(active))


def _filters() -> Filters:
    """Draw the filters; all of them are in the URL."""
    states = {"": "Any state"} | {state.value: STATE_WORDS[state][0] for state in State}
    data = {"": "Any data set"} | dataset_titles(visitor_id())
    networks = {"": "Any architecture"} | {
        name: each.title for name, each in architectures.ARCHITECTURES.items()
    }
    with st.grid(4, min_column_width=150):
        text = st.text_input(
            "Find",
            key="find",
            bind="query-params",
            placeholder="Name, setting or id",
            on_change=_first_page,
        )
        state = _select("State", states, "state")
        dataset = _select("Data set", data, "data")
        architecture = _select("Architecture", networks, "network")
    with st.container(horizontal=True, vertical_alignment="center"):
        check_url("whose", {each: each for each in (ALL, MINE, SHARED)})
        whose = st.segmented_control(
            "Whose",
            [ALL, MINE, SHARED],
            default=ALL,
            required=True,
            key="whose",
            bind="query-params",
            label_visibility="collapsed",
            on_change=_first_page,
        )
        starred = st.toggle(
            "Starred only", key="starred", bind="query-params", on_change=_first_page
        )
    return Filters(text or "", state, dataset, architecture, whose or ALL, starred)


def _select(label: str, titles: dict[str, str], key: str) -> str:
    check_url(key, titles)
    chosen = st.selectbox(
        label,
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
        on_change=_first_page,
    )
    return chosen or ""


def _first_page() -> None:
    st.session_state["runs_page"] = 1


def _clear_filters() -> None:
    for key, value in NO_FILTERS.items():
        st.session_state[key] = value
    _first_page()


def _actions(chosen: list[Run], found: list[Run], visitor: str) -> None:
    """Draw what can be done with the chosen runs; what changes them, only with one's own."""
    own = [run for run in chosen if owns(run, visitor)]
    with st.container(horizontal=True, vertical_alignment="center", key="runs_actions"):
        st.button(
            f"Compare {len(chosen)}" if len(chosen) > 1 else "Compare",
            type="primary",
            icon=":material/compare_arrows:",
            disabled=not 2 <= len(chosen) <= MOST,
            on_click=_compare,
            args=([run.id for run in chosen],),
        )
        if len(own) == 1:
            _rename(own[0])
        if own:
            _own_actions(own, several=len(own) < len(chosen) or len(own) > 1)
        st.button("Clear", type="tertiary", icon=":material/close:", on_click=_choose, args=([],))
    st.caption(_chosen_words(chosen, found, own))


def _own_actions(own: list[Run], *, several: bool) -> None:
    def button(label: str, icon: str, some: list[Run], action: Callable[[Run], None]) -> None:
        if some:
            st.button(
                f"{label} {len(some)}" if several else label,
                key=f"action_{label}",
                icon=f":material/{icon}:",
                on_click=_each,
                args=([run.id for run in some], action),
            )

    ended = [run for run in own if not run.state.active]
    button("Stop", "stop", [run for run in own if run.state.active and not run.stopping], _stop)
    if all(run.starred for run in own):
        button("Unstar", "star_outline", own, lambda run: runs.annotate(run.id, starred=False))
    else:
        button("Star", "star", own, lambda run: runs.annotate(run.id, starred=True))
    finished = [run for run in own if run.state is State.FINISHED]
    if finished and all(run.shared for run in finished):
        button("Unshare", "lock", finished, lambda run: runs.annotate(run.id, shared=False))
    else:
        button("Share", "share", finished, lambda run: runs.annotate(run.id, shared=True))
    button("Delete", "delete", ended, _delete)


def _chosen_words(chosen: list[Run], found: list[Run], own: list[Run]) -> str:
    count = len(chosen)
    words = [f"{count} {'run is' if count == 1 else 'runs are'} chosen."]
    hidden = len({run.id for run in chosen} - {run.id for run in found})
    if hidden:
        words.append(f"{hidden} of them the filters hide.")
    if count == 1:
        words.append("Choose another one to compare them.")
    if count > MOST:
        words.append(f"At most {MOST} can be compared at a time.")
    if len(own) < count:
        others = count - len(own)
        words.append(
            f"{others} {'is' if others == 1 else 'are'} not yours: to look at and to compare."
        )
    return " ".join(words)


def _rename(run: Run) -> None:
    key = f"name_{run.id}"
    with (
        st.popover("Rename", icon=":material/edit:"),
        st.form(f"rename_{run.id}", border=False),
    ):
        st.text_input("Name", value=run.name or "", max_chars=60, key=key, placeholder=title(run))
        st.caption("Empty for the network and data set as its name.")
        st.form_submit_button("Save", on_click=_save_name, args=(run.id, key))


def _save_name(run_id: str, key: str) -> None:
    name = st.session_state.get(key) or ""
    _each([run_id], lambda run: runs.annotate(run.id, name=name))


def _stop(run: Run) -> None:
    jobs.backend().stop(run.id)


def _delete(run: Run) -> None:
    runs.delete(run.id)
    _choose([each for each in _ids("chosen") if each != run.id])


def _each(ids: Sequence[str], action: Callable[[Run], None]) -> None:
    """Do something with runs of one's own; what fails becomes a sentence, the rest is done."""
    problems = st.session_state.setdefault(PROBLEMS, [])
    for run_id in ids:
        try:
            action(owned(run_id, visitor_id()))
        except AtelierError as error:
            problems.append(str(error))


def _undo(visitor: str) -> None:
    """Offer to bring back what was deleted last, also after a reload and in another tab."""
    deleted = [(run, moment) for run, moment in runs.list_deleted() if owns(run, visitor)]
    batch = [run for run, _ in deleted[:1]]
    for (_, later), (run, earlier) in itertools.pairwise(deleted):
        if later - earlier > ONE_DELETION:
            break
        batch.append(run)
    if not batch:
        return
    minutes = max(1, round((deleted[0][1] + runs.DELETED_KEPT - time.time()) / 60))
    what = f"“{title_markdown(batch[0])}” is" if len(batch) == 1 else f"{len(batch)} runs are"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="runs_undo"):
        st.markdown(
            f":material/delete: {what} deleted. This can be undone for {minutes} more "
            f"{'minute' if minutes == 1 else 'minutes'}.",
            width="stretch",
        )
        st.button(
            "Undo", icon=":material/undo:", on_click=_restore, args=([run.id for run in batch],)
        )


def _restore(ids: Sequence[str]) -> None:
    problems = st.session_state.setdefault(PROBLEMS, [])
    visitor = visitor_id()
    own = {run.id for run, _ in runs.list_deleted() if owns(run, visitor)}
    for run_id in ids:
        try:
            if run_id in own:
                runs.restore(run_id)
        except AtelierError as error:
            problems.append(str(error))


def _star(marks: dict[str, bool]) -> None:
    _each(list(marks), lambda run: runs.annotate(run.id, starred=marks[run.id]))


def _sort(sort: str) -> None:
    st.query_params["sort"] = sort
    _first_page()


def _choose(ids: Sequence[str]) -> None:
    _put(chosen=ids)


def _compare(ids: Sequence[str]) -> None:
    _put(runs=ids, chosen=[])


def _back() -> None:
    """Leave the comparison; its runs are the chosen ones."""
    _put(runs=[], chosen=_ids("runs"))


def _put(**lists: Sequence[str]) -> None:
    """Change the URL in one step, which the browser's Back takes back in one step.

    Removing a name would be a second step, so an empty list stays there as one.
    """
    known = {name: ids for name, ids in lists.items() if ids or name in st.query_params}
    st.query_params.update({name: ",".join(ids[:CHOSEN_MOST]) for name, ids in known.items()})


def _ids(name: str) -> list[str]:
    """Return the ids that the URL names, each once."""
    asked = st.query_params.get(name, "").split(",")
    return list(dict.fromkeys(each.strip() for each in asked if each.strip()))[:CHOSEN_MOST]


def _chosen(seen: list[Run]) -> list[Run]:
    by_id = {run.id: run for run in seen}
    return [by_id[run_id] for run_id in _ids("chosen") if run_id in by_id]


def _progress(ids: Sequence[str]) -> list[tuple[str, int] | None]:
    """Return what is looked at in active runs to tell whether the table is still right."""
    found: list[tuple[str, int] | None] = []
    for run_id in ids:
        try:
            run = runs.read(run_id)
        except AtelierError:
            found.append(None)
            continue
        found.append((run.state, int(run.heartbeat.epoch) if run.heartbeat else 0))
    return found


def _watch(ids: Sequence[str], before: list[tuple[str, int] | None]) -> None:
    """Draw the page anew when an active run of the table has done an epoch or ended."""
    if _progress(ids) != before:
        st.rerun()


frame.draw(main)
