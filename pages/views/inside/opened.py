"""Inside: one network laid open for one picture."""

from typing import Literal

import streamlit as st

from core import datasets, runs
from core.errors import RunDamaged
from core.evaluation.reactions import NAME, Reactions, read_reactions
from core.networks import browser
from core.tasks import pool as tasks
from pages.session import weights
from pages.session.guard import sentences
from pages.session.streamlit_internals import DeltaGenerator
from pages.views.inside.pictures import Picture
from pages.widgets import inside_view
from pages.widgets.choice import choice
from pages.widgets.task import task
from pages.words import counted, percent


def member_of(run: runs.Run, notes: DeltaGenerator) -> int:
    """Draw the choice of one of the networks that answer together, and return it, from 0."""
    members = browser.members_of(run)
    if members == 1:
        return 0
    titles = {number: _title(number) for number in range(members)}
    return choice(
        f"One of its {counted(members)} networks",
        titles,
        "member",
        notes=notes,
        help=f"This model asks {counted(members)} networks about the picture and its mirror image, "
        "and its answer is the mean. You look into one of them, so its answer may differ a little.",
    )


def _title(member: int) -> str:
    """Return what one of the networks that answer together is called, in links too."""
    return f"Network {member + 1}"


def draw(
    run: runs.Run,
    spec: datasets.DatasetSpec,
    picture: Picture,
    member: int,
    *,
    beside: Literal["", "picture", "network"] = "",
) -> None:
    """Draw the layers.

    Args:
        run: whose network.
        spec: its data set.
        picture: what it is asked about.
        member: which of the networks that answer together, from 0.
        beside: of the second of two views, what it differs in; what is chosen in the first one
            stands in the address.
    """
    assert run.config is not None, "a damaged run is not looked at"
    found = _known(run, member)
    members = browser.members_of(run)
    inside_view.inside_view(
        browser.network_plan(run.config.network, spec),
        weights.address_of(run, member),
        4 * run.config.parameters,
        spec.classes,
        picture.pixels,
        picture.name,
        others=[weights.address_of(run, each) for each in range(members) if each != member],
        label=picture.label,
        reactions=None
        if found is None
        else inside_view.Reactions(
            {number: each.shares.tolist() for number, each in found.layers.items()},
            found.images,
        ),
        query={"run": run.id} | ({"member": _title(member)} if members > 1 else {}),
        linked=not beside,
        twin=beside == "picture",
        key="inside_other" if beside else "inside",
    )


def reactions(run: runs.Run, member: int) -> None:
    """Say how many parts never react, or offer to find out."""
    if tasks.result(NAME, run) is None:
        opened = st.expander(
            "What does each part react to?", icon=":material/monitor_heart:", key="reactions"
        )
        with opened:
            task(NAME, run)
        return
    with sentences():
        found = _known(run, member, say=True)
        if found is None or not found.parts:
            return
        share = percent(found.silent / found.parts, 0)
        told = (
            f"{found.silent:,} of {found.parts:,} maps and units with ReLU ({share}) never react "
            f"to any of {found.images:,} images. They are framed in orange below; where "
            "a layer has many, “All” shows every one."
            if found.silent
            else f"Each of the {found.parts:,} maps and units with ReLU reacts to some of "
            f"{found.images:,} images: none is dead."
        )
        st.caption(f":material/monitor_heart: {told}")


def _known(run: runs.Run, member: int, *, say: bool = False) -> Reactions | None:
    """Return what is known of the parts' reactions; a damaged file counts as none, or is told."""
    path = tasks.result(NAME, run)
    if path is None:
        return None
    try:
        return read_reactions(path, member)
    except RunDamaged:
        if say:
            raise
        return None
