"""Evaluate, mistakes: the worst of them, what they have in common, and those of two runs."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import evaluation
from core.evaluation import Answers, Listing, Overlap, Pair
from pages.session.guard import check_url, check_url_number, sentences
from pages.views.evaluate import one_image
from pages.views.evaluate.figures import pair_name
from pages.views.evaluate.looked import Looked
from pages.widgets.choice import choice
from pages.widgets.gallery import gallery
from pages.widgets.pareto import Row, pareto
from pages.widgets.table import csv_button
from pages.words import mistake, number, percent, sure_by

SURE, HESITANT, PAIRS = "sure", "hesitant", "pairs"
ONLY_A, ONLY_B, BOTH = "only-a", "only-b", "both"
TITLES = {SURE: "Confident but wrong", HESITANT: "Right but unsure", PAIRS: "Pairs"}
TITLES_OF_TWO = {ONLY_A: "Only A right", ONLY_B: "Only B right", BOTH: "Both wrong"}
FORMER = {"Sure and wrong": SURE, "Right but hesitant": HESITANT}  # in links of version 0.4
ALL = "all"
PAGE, PAGE_OF_PAIRS = 48, 24  # images: six rows either way
ROWS = 12  # of the Pareto chart
CLEAR, FAINT = 0.9, 0.5  # confidences, for a sentence


@dataclass(frozen=True)
class _List:
    """What one list shows.

    Attributes:
        answers: that the places are of.
        listing: the list, unfiltered.
        others: the second run's answers on the same images, in a list of two runs.
    """

    answers: Answers
    listing: Listing
    others: Answers | None = None


def draw(looked: Looked) -> None:
    """Draw the view."""
    _view(looked)


@st.fragment
def _view(looked: Looked) -> None:
    with sentences():
        titles = TITLES | (TITLES_OF_TWO if looked.other_answers is not None else {})
        if st.session_state.get("list", SURE) not in titles:
            st.session_state["list"] = SURE  # a list of two, and the second run is gone
        chosen = choice(
            "List",
            titles,
            "list",
            default=SURE,
            former=FORMER,
            on_change=_first_page,
            label_visibility="collapsed",
        )
        if chosen in TITLES_OF_TWO:
            shown = _of_two(looked, chosen)
            if shown is None:
                return
        else:
            shown = _of_one(looked.answers, chosen)
        if not len(shown.listing):
            st.info(_nothing(chosen, len(shown.answers)), icon=":material/inbox:")
        elif chosen == PAIRS:
            left, right = st.columns([2, 3], gap="large")
            pairs = _pairs_of(shown)
            with right:  # first, as it reads the pair from the URL
                _images(looked, shown, chosen, pairs)
            with left:
                _pareto(looked, pairs)
        else:
            _images(looked, shown, chosen, _pairs_of(shown))
        one_image.opened(looked)


def _of_one(answers: Answers, chosen: str) -> _List:
    right = int(answers.right.sum())
    if chosen == HESITANT:
        listing = evaluation.right_but_hesitant(answers)
        sure = answers.probabilities[listing.places].max(axis=1)
        if len(listing):
            st.markdown(
                f"{right:,} of {len(answers):,} answers are right. In {(sure < FAINT).sum():,} of "
                f"them the network is less than {percent(FAINT, 0)} sure. The least sure "
                "come first."
            )
        return _List(answers, listing)
    listing = evaluation.sure_and_wrong(answers)
    sure = answers.probabilities[listing.places].max(axis=1)
    if chosen == SURE and len(listing):
        st.markdown(
            f"{len(listing):,} of {len(answers):,} answers are wrong. In "
            f"{(sure >= CLEAR).sum():,} of them the network is {percent(CLEAR, 0)} sure or more. "
            "The most confident come first: look for wrong labels, and for what "
            "the network overlooks."
        )
    return _List(answers, listing)


def _of_two(looked: Looked, chosen: str) -> _List | None:
    assert looked.other_answers is not None, "lists of two are offered with a second run only"
    first, second = evaluation.in_common(looked.answers, looked.other_answers)
    if not len(first):
        st.info(
            "These two runs held back different images, so they have none in common. Compare runs "
            "with the same validation share and seed, or open both test sets.",
            icon=":material/join_inner:",
        )
        return None
    shared = evaluation.overlap(first, second)
    st.markdown(overlap_words(shared))
    if chosen == ONLY_A:
        return _List(first, evaluation.only_right(first, second), second)
    if chosen == ONLY_B:
        return _List(first, evaluation.only_right(second, first), second)
    return _List(first, evaluation.both_wrong(first, second), second)


def overlap_words(shared: Overlap) -> str:
    """Say in words which errors two networks share."""
    words = (
        f"Of {shared.count:,} images, A gets {shared.first:,} wrong and B {shared.second:,}; "
        f"**{shared.both:,} both**. If their errors were unrelated, "
        f"it would be about {shared.expected:,.0f}."
    )
    if shared.both:
        words += f" In {shared.same:,} of those, both give the same wrong answer."
    if np.isfinite(shared.consistency):
        words += f" Error consistency (Cohen’s κ): {number(shared.consistency, 2)}."
    return words


def _nothing(chosen: str, count: int) -> str:
    if chosen == HESITANT:
        return f"None of the {count:,} answers are right."
    if chosen == ONLY_A:
        return "No images that only A gets right."
    if chosen == ONLY_B:
        return "No images that only B gets right."
    if chosen == BOTH:
        return "No images that both get wrong."
    return f"All {count:,} answers are right: there are no mistakes."


def _pairs_of(shown: _List) -> list[Pair]:
    truths = shown.answers.labels[shown.listing.places]
    return evaluation.pairs(truths, shown.listing.rivals, shown.answers.probabilities.shape[1])


def _name(pair: Pair) -> str:
    return f"{pair.first}-{pair.second}"


def _pareto(looked: Looked, pairs: list[Pair]) -> None:
    names = looked.spec.classes
    possible = len(names) * (len(names) - 1) // 2
    st.markdown(pareto_words(pairs, possible))
    chosen = st.session_state.get("pair")
    shown = pairs[:ROWS]
    pareto(
        [
            Row(
                pair_name((pair.first, pair.second), names),
                pair.count,
                pair.share,
                pair.cumulative,
                f"{names[pair.first]} called {names[pair.second]} {pair.first_as_second:,} times, "
                f"the reverse {pair.second_as_first:,} "
                f"times: {percent(pair.share)} of the errors, {percent(pair.cumulative)} with "
                "the pairs above",
            )
            for pair in shown
        ],
        key="pareto",
        label="Pairs of classes, by number of errors",
        selected=next((i for i, pair in enumerate(shown) if _name(pair) == chosen), None),
        on_pick=lambda index: _pick(_name(shown[index])),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        rest = f" {len(pairs) - ROWS} more pairs are in the file." if len(pairs) > ROWS else ""
        st.caption(
            "Number of errors, and the share of all errors down to this row. Press a pair to see "
            f"its images; press it again to see all.{rest}"
        )
        csv_button(
            ["first", "second", "first as second", "second as first", "share", "cumulative share"],
            [
                (
                    names[pair.first],
                    names[pair.second],
                    pair.first_as_second,
                    pair.second_as_first,
                    pair.share,
                    pair.cumulative,
                )
                for pair in pairs
            ],
            key="pairs_csv",
            name=f"confused-pairs-{looked.run.id}",
        )


def pareto_words(pairs: list[Pair], possible: int) -> str:
    """Say in words how few pairs of classes explain how many errors."""
    half = next(i for i, pair in enumerate(pairs, 1) if pair.cumulative >= 0.5)
    most = next(i for i, pair in enumerate(pairs, 1) if pair.cumulative >= 0.8)
    return (
        f"**{half}** of {possible:,} possible pairs of classes explain half of all errors, "
        f"**{most}** explain 80 %."
    )


def _pick(name: str) -> None:
    """Filter by a pair, or by none if it is the one already."""
    st.session_state["pair"] = ALL if st.session_state.get("pair") == name else name
    _first_page()


def _first_page() -> None:
    st.session_state["page"] = 1
    one_image.close()


def _filtered(looked: Looked, shown: _List, pairs: list[Pair]) -> Listing:
    """Draw the choice of a pair, and return the list with that pair only."""
    names = looked.spec.classes
    titles = {ALL: "All pairs"} | {
        _name(pair): pair_name((pair.first, pair.second), names) for pair in pairs
    }
    counts = {_name(pair): pair.count for pair in pairs}
    if st.session_state.get("pair", ALL) not in titles:
        st.session_state["pair"] = ALL  # the pair of another list, or of another run
    check_url("pair", titles)
    chosen = st.selectbox(
        "Pair of classes",
        list(titles),
        format_func=titles.__getitem__,
        key="pair",
        bind="query-params",
        on_change=_first_page,
        help="The true class and the wrong answer, in either order. For right answers: the true "
        "class and the runner-up.",
    )
    if chosen not in counts:
        return shown.listing
    first, second = map(int, chosen.split("-"))
    return shown.listing.of_pair(shown.answers.labels, first, second)


def _images(looked: Looked, shown: _List, chosen: str, pairs: list[Pair]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=320):
            listing = _filtered(looked, shown, pairs)
        _csv(looked, shown, listing, chosen)
    size = PAGE_OF_PAIRS if chosen == PAIRS else PAGE
    pages = max(1, -(-len(listing) // size))
    place = st.container()  # pressing a page number must not move the numbers away
    page = _page(pages)
    first = (page - 1) * size
    places = listing.places[first : first + size]
    rivals = listing.rivals[first : first + size]
    with place:
        st.markdown(
            f"**{len(listing):,} {'image' if len(listing) == 1 else 'images'}** · {first + 1:,} to "
            f"{first + len(places):,}"
        )
        at = shown.answers.at(places)
        picked = gallery(
            looked.images(at),
            _captions(looked, shown, chosen, places, rivals),
            labels=_labels(looked, shown, places),
            key="mistakes",
            tile=looked.tile,
        )
    if picked is not None:
        one_image.open_image(int(at.indices[picked]))


def _page(pages: int) -> int:
    if pages == 1:
        return 1
    check_url_number("page", 1, pages)
    asked = st.query_params.get("page", "1")
    known = st.session_state.get("page", int(asked[:9]) if asked.isdecimal() else 1)
    if not 1 <= known <= pages:
        st.session_state["page"] = 1
    with st.container(horizontal=True, horizontal_alignment="center"):
        # As wide as its content, it would hide the numbers of a list that was shorter before.
        return st.pagination(pages, width=440, key="page", bind="query-params")


def _captions(
    looked: Looked, shown: _List, chosen: str, places: np.ndarray, rivals: np.ndarray
) -> list[str]:
    """Say under each image what it is, what it was called, and how sure the network was."""
    names = looked.spec.classes
    # Where A is right, the mistake is B's.
    side = shown.others if chosen == ONLY_A and shown.others is not None else shown.answers
    at = side.at(places)
    captions = []
    for truth, rival, row in zip(at.labels, rivals, at.probabilities, strict=True):
        if chosen == HESITANT:
            captions.append(f"{names[truth]}\n({sure_by(float(row[truth]))}),\nor {names[rival]}")
        else:
            captions.append(mistake(names[truth], names[rival], float(row[rival])))
    return captions


def _labels(looked: Looked, shown: _List, places: np.ndarray) -> list[str]:
    names = looked.spec.classes
    at = shown.answers.at(places)
    words = [
        f"{at.part.capitalize()} image {index}, {names[truth]}"
        for index, truth in zip(at.indices, at.labels, strict=True)
    ]
    sides = [("" if shown.others is None else "A: ", at)]
    if shown.others is not None:
        sides.append(("B: ", shown.others.at(places)))
    for letter, side in sides:
        sure = side.probabilities.max(axis=1)
        words = [
            f"{said}; {letter}{names[answer]}, {sure_by(float(each))} sure"
            for said, answer, each in zip(words, side.predicted, sure, strict=True)
        ]
    return words


def _csv(looked: Looked, shown: _List, listing: Listing, chosen: str) -> None:
    names = np.array(looked.spec.classes, object)
    at = shown.answers.at(listing.places)
    head = ["image", "split", "truth"]
    columns: list[list[object]] = [
        at.indices.tolist(),
        [at.split] * len(at),
        names[at.labels].tolist(),
    ]
    sides = [("", at)]
    if shown.others is not None:
        sides = [("A ", at), ("B ", shown.others.at(listing.places))]
    for letter, side in sides:
        head += [f"{letter}answer", f"{letter}confidence", f"{letter}probability of the true class"]
        rows = np.arange(len(side))
        columns += [
            names[side.predicted].tolist(),
            side.probabilities.max(axis=1).tolist(),
            side.probabilities[rows, side.labels].tolist(),
        ]
    csv_button(
        head,
        zip(*columns, strict=True),
        key="mistakes_csv",
        name=f"mistakes-{chosen}-{looked.run.id}",
    )
