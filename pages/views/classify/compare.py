"""Classify, compare: up to three networks asked about the same picture, side by side."""

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import classify, networks, runs
from core.classify import Answer, Verdict
from core.imaging.gate import Picture
from core.networks import Model
from pages.session import engine
from pages.session.guard import sentences
from pages.session.screen import Screen, screen
from pages.session.streamlit_internals import DeltaGenerator
from pages.session.ticking import ticking
from pages.session.visitor import visitor_id
from pages.views.classify import doubt, sources
from pages.widgets.copy_link import copy_link
from pages.widgets.pixel_viewer import pixel_image
from pages.widgets.probability_bars import probability_bars
from pages.widgets.run_picker import NONE, usable_runs
from pages.widgets.table import table
from pages.words import counted, none_of, percent, sure_by, title, title_markdown
from pages.words.telling import labels

OTHERS = ("Second network", "Third network")
DIFFER = 0.05  # from this difference in probability on, a class is listed


def draw(model: Model) -> None:
    """Draw the view."""
    ticking(_view, engine.pace)(model, screen() is Screen.PHONE)


def _view(model: Model, phone: bool) -> None:
    with sentences():
        chosen = [runs.read(model.run), *_others(model)]
        with st.container(border=True), sentences():
            left, right = st.columns([3, 2], gap="medium")
            with left:
                source = sources.source()
                # On a phone the answers are off the screen of somebody who draws.
                above = st.container() if phone and source in sources.TALL else None
                if above is not None:
                    above = above.empty()
                    above.html(_short(chosen, ["…"] * len(chosen)))
                picture = sources.picture_from(source)
            if picture is not None and source != sources.DRAW:  # that is on the sheet already
                right.image(picture.rgb, width=220, alt="The picture")
        if not engine.loaded(model.run, sources.MEANWHILE):
            return
        if picture is None:
            st.caption("Choose or draw a picture to see each network’s answer.")
            return
        _side_by_side(picture, chosen, above)
        if source == sources.SAMPLES:  # a link cannot hold a picture of the visitor's own
            copy_link(key="copy_comparison", help="Copies a link to this sample and networks.")


def _others(model: Model) -> list[runs.Run]:
    """Draw the choice of the other networks, kept in ``?with=``, and return their runs."""
    offered = {
        run.id: run for run in usable_runs(visitor_id(), model.dataset.name) if run.id != model.run
    }
    asked = [each for each in st.query_params.get("with", "").split(",") if each]
    unknown = [each for each in asked if each not in offered and each != model.run]
    if unknown:
        st.warning(
            f"This link's network “{unknown[0][:60]}” is not available to you, or was trained on "
            "another data set. Choose another one.",
            icon=":material/link_off:",
        )
    # Without a wish: the other bundled network, or else the newest run.
    first = [each for each in asked if each in offered] or list(offered)[:1]
    titles = {NONE: "–"} | labels(list(offered.values()))
    chosen = []
    with st.grid(2, min_column_width=280):
        for place, caption in enumerate(OTHERS):
            key = f"compare_{place}_{model.run}"
            if st.session_state.get(key) not in titles:
                st.session_state[key] = first[place] if place < len(first) else NONE
            chosen.append(
                st.selectbox(caption, list(titles), format_func=titles.__getitem__, key=key)
            )
    if not offered:
        st.caption("There is no other network for this data set yet. Train one on the Train page.")
    ids = [each for each in dict.fromkeys(chosen) if each]
    if ids and ids != asked:
        st.query_params["with"] = ",".join(ids)
    elif not ids:
        st.query_params.pop("with", None)
    return [offered[each] for each in ids]


def _short(chosen: Sequence[runs.Run], said: Sequence[str]) -> str:
    """Return a line a network as HTML, as high before there is an answer as after.

    Where a line is too long, the network's title gives way, not the answer.
    """
    lines = []
    for run, words in zip(chosen, said, strict=True):
        name, answer = (html.escape(each, quote=False) for each in (title(run), words))
        lines.append(
            '<div style="display:flex;line-height:1.5"><span style="overflow:hidden;'
            f'text-overflow:ellipsis;white-space:nowrap">{name}</span>'
            f'<span style="flex:none;white-space:pre">: {answer}</span></div>'
        )
    return "".join(lines)


def _side_by_side(
    picture: Picture, chosen: Sequence[runs.Run], above: DeltaGenerator | None
) -> None:
    """Show what each network answers.

    Args:
        picture: what they are asked about.
        chosen: their runs.
        above: where the answers go in short, too; None for nowhere.
    """
    answers = []
    models = [networks.of_run(run) for run in chosen]
    prepared = classify.prepare_for(models[0], picture)
    with st.spinner("Asking the networks …", show_time=True):
        for model in models:
            answers += classify.answers_of([prepared], model)
    side_by_side = st.container()
    limit = doubt.threshold(models[0])
    if above is not None:
        said = [_briefly(answer, limit, models[0]) for answer in answers]
        above.html(_short(chosen, said))
    with side_by_side, st.grid(len(answers), min_column_width=280, gap="medium"):
        for run, answer in zip(chosen, answers, strict=True):
            with st.container(border=True):
                st.markdown(f"**{title_markdown(run)}**")
                st.markdown(_said(answer, limit, models[0]))
                probability_bars(
                    models[0].dataset.classes,
                    answer.probabilities.tolist(),
                    key=f"compare_bars_{run.id}",
                )
    if len(answers) > 1:
        _differences(chosen, answers, models[0].dataset.classes)
    with st.expander("What the networks see", icon=":material/visibility:"):
        pixel_image(prepared.pixels, "What the networks see", width=140)


def _briefly(answer: Answer, limit: float, model: Model) -> str:
    """Return the answer in as few words as there are, as plain text."""
    if answer.verdict(limit) is Verdict.NONE:
        return none_of(model.dataset)
    return f"{answer.name} ({sure_by(answer.probability)})"


def _said(answer: Answer, limit: float, model: Model) -> str:
    sure = sure_by(answer.probability)
    if answer.verdict(limit) is Verdict.NONE:
        return f"Probably {none_of(model.dataset)}; the closest is **{answer.name}** ({sure})"
    return f"**{answer.name}** ({sure})"


def _differences(
    chosen: Sequence[runs.Run], answers: Sequence[Answer], classes: Sequence[str]
) -> None:
    """Say whether the networks agree, and list the classes on which they do not."""
    st.subheader("Where they differ", anchor=False)
    names = list(dict.fromkeys(answer.name for answer in answers))
    shares = np.stack([answer.probabilities for answer in answers])
    spread = shares.max(axis=0) - shares.min(axis=0)
    apart = [int(each) for each in np.argsort(-spread, kind="stable") if spread[each] >= DIFFER]
    agree = (
        f"{'Both' if len(answers) == 2 else f'All {counted(len(answers))}'} answer **{names[0]}**."
        if len(names) == 1
        else f"They disagree: {', '.join(f'**{name}**' for name in names)}."
    )
    if not apart:
        st.markdown(f"{agree} No probability differs by {percent(DIFFER, 0)} or more.")
        return
    st.markdown(agree)
    titles = _apart([title(run) for run in chosen])
    table(
        {
            "Class": [classes[each] for each in apart],
            **{
                heading: [percent(float(share[each])) for each in apart]
                for heading, share in zip(titles, shares, strict=True)
            },
            "Difference": [percent(float(spread[each])) for each in apart],
        },
        key="compare_table",
        name="comparison",
    )


def _apart(titles: Sequence[str]) -> list[str]:
    """Return titles of which no two are alike, as a table's headings must be."""
    seen: dict[str, int] = {}
    for each in titles:
        seen[each] = seen.get(each, 0) + 1
    return [
        each if seen[each] == 1 else f"{number}: {each}" for number, each in enumerate(titles, 1)
    ]
