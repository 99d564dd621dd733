"""What a label court has found, as HTML and words for a page and for the wall."""

from collections.abc import Sequence
from html import escape

import numpy as np

from core import datasets
from core.classroom.correcting import Difference
from core.classroom.court import VOTES, Answer
from core.classroom.differences import Mean
from core.classroom.verdicts import VERDICTS, Case, Figures
from pages.widgets import palette
from pages.widgets.picture import png_url
from pages.words import count, percent

COLOURS = {
    Answer.SUSPECTED: palette.BAD,
    Answer.GIVEN: palette.GOOD,
    Answer.BOTH: palette.CLASSES[2],
    Answer.NEITHER: palette.CLASSES[4],
}
STYLE = """<style>
.court-verdicts { display: flex; flex-wrap: wrap; gap: 0.5em 1.6em; margin: 0.2em 0 0.5em;
  font-size: inherit; }
.court-verdicts div { border-left: 0.3em solid var(--c, currentColor); padding-left: 0.6em;
  line-height: 1.25; }
.court-verdicts b { display: block; font-size: 1.7em; font-variant-numeric: tabular-nums; }
.court-cases { display: grid; gap: 1em; font-size: inherit;
  grid-template-columns: repeat(auto-fill, minmax(9.4em, 1fr)); }
.court-cases figure { margin: 0; }
.court-cases img { width: 100%; max-width: 10em; aspect-ratio: 1; image-rendering: pixelated;
  border-radius: 0.4em; display: block; }
.court-cases figcaption { font-size: 0.85em; line-height: 1.35; margin-top: 0.35em; }
.court-votes { display: flex; height: 0.45em; max-width: 11.7em; margin: 0.35em 0; gap: 2px; }
.court-votes i { border-radius: 0.2em; background: var(--c); }
.court-table { border-collapse: collapse; margin: 0.3em 0 0.6em; font-size: inherit; }
.court-table th, .court-table td { padding: 0.25em 1.2em 0.25em 0; text-align: left;
  font-weight: 400; border: 0; border-bottom: 1px solid
  color-mix(in srgb, currentColor 15%, transparent); font-variant-numeric: tabular-nums; }
.court-table thead th { opacity: 0.8; vertical-align: bottom; }
</style>"""
BASIS = (
    f"A verdict needs {VOTES} votes and more than half of them. Votes of a judge who was wrong on "
    "most of two or more clear images do not count. Kappa is of the doubtful images: 1 is perfect, "
    "0 is no more than chance. Each image weighs the same, however many votes it has (Fleiss 1971; "
    "for unequal numbers of votes Gwet 2014); the interval is over images. Its words are those of "
    "Landis and Koch."
)


def progress(found: Figures) -> str:
    """Say how far the class is."""
    judges = count(found.judges, "judge")
    words = f"{judges} · {count(found.votes, 'vote')}"
    if found.court.is_open:
        words = f"{judges} · {found.done} through · {count(found.votes, 'vote')}"
    return f"{words} · {found.judged} of {count(found.doubtful, 'doubtful image')} have enough"


def live(found: Figures) -> str:
    """Return how far an open court is as large figures; nothing in them is about one image."""
    now = found.agreement
    kappa = "–" if now is None or now.kappa is None else f"{now.kappa:.2f}"
    clear = "–" if found.clear is None else percent(found.clear.value, 0)
    figures = (
        (f"{found.judges}", "judges" if found.judges != 1 else "judge"),
        (f"{found.votes}", "votes" if found.votes != 1 else "vote"),
        (f"{found.judged} of {found.doubtful}", f"doubtful images have {VOTES} votes"),
        (kappa, "agreement (Fleiss’ kappa)"),
        (clear, "of votes on clear images say the label"),
    )
    parts = [f"<div><b>{value}</b>{words}</div>" for value, words in figures]
    return f'<div class="court-verdicts">{"".join(parts)}</div>'


def agreed(found: Figures) -> str:
    """Say how far the judges agree, and how good they are."""
    said, now = [], found.agreement
    if now is None:
        said.append("Agreement is told when two judges have seen the same image.")
    elif now.kappa is None:
        said.append("All judges gave the same answer to every image.")
    else:
        between = ""
        if now.low is not None and now.high is not None:
            between = f", 95 % interval {now.low:.2f} to {now.high:.2f}"
        said.append(
            f"Agreement is {now.words}: Fleiss’ kappa {now.kappa:.2f}{between}. Two judges of an "
            f"image agree in {percent(now.observed, 0)} of cases."
        )
    if found.clear is not None:
        said.append(
            f"On clear images {percent(found.clear.value, 0)} of {count(found.clear.count, 'vote')}"
            " said the label."
        )
    if found.unreliable:
        were = "was" if found.unreliable == 1 else "were"
        said.append(
            f"Votes of {count(found.unreliable, 'judge')}, who {were} wrong on most of theirs, do "
            "not count."
        )
    return " ".join(said)


def verdict(found: Figures) -> str:
    """Say what became of the network's doubts."""
    if not found.cases:
        return "No image got enough votes, so there is no verdict."
    wrong, stands = found.count(Answer.SUSPECTED), found.count(Answer.GIVEN)
    judged = count(len(found.cases), "label")
    words = f"The network doubted {judged} that the class has judged: {wrong} {_is(wrong)} wrong, "
    words += f"{stands} {'stands' if stands == 1 else 'stand'}"
    rest = len(found.cases) - wrong - stands
    if rest:
        words += f", and {rest} {'stays' if rest == 1 else 'stay'} open"
    return f"{words}."


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def tally(found: Figures) -> str:
    """Return how many labels have which verdict."""
    parts = []
    for which, words in VERDICTS.items():
        number = found.count(which)
        if number or which in (Answer.SUSPECTED, Answer.GIVEN):
            colour = f' style="--c:{COLOURS[which]}"' if which is not None else ""
            parts.append(f"<div{colour}><b>{number}</b>{words}</div>")
    return f'<div class="court-verdicts">{"".join(parts)}</div>'


def cases(found: Figures, images: np.ndarray, most: int | None = None) -> str:
    """Return the images with their labels, votes and verdicts, the clearest first.

    Args:
        found: the figures of a closed court.
        images: of the training split, uint8 (n, height, width) or (n, height, width, 3).
        most: images; None for all.
    """
    names = datasets.find(found.court.dataset).classes
    figures = [_case(each, images[each.image], names) for each in found.cases[:most]]
    return f'<div class="court-cases">{"".join(figures)}</div>'


def _case(case: Case, image: np.ndarray, names: Sequence[str]) -> str:
    given = escape(names[case.given])
    words = (given, escape(names[case.suspected]), "both", "neither")
    order = sorted(Answer, key=lambda which: -case.votes[which])
    votes = ", ".join(f"{words[which]} {case.votes[which]}" for which in order if case.votes[which])
    bar = "".join(
        f'<i style="flex:{case.votes[which]};--c:{COLOURS[which]}"></i>'
        for which in COLOURS
        if case.votes[which]
    )
    is_now = f"it is {words[Answer.SUSPECTED]}" if case.verdict is Answer.SUSPECTED else ""
    called = is_now or VERDICTS[case.verdict][0].lower() + VERDICTS[case.verdict][1:]
    return (
        f'<figure><img src="{png_url(image)}" alt="Labelled {given}">'
        f"<figcaption><b>Labelled {given}</b><br>class: {called}"
        f'<div class="court-votes" aria-hidden="true">{bar}</div>{votes}</figcaption></figure>'
    )


# -- What the corrected labels change --------------------------------------------------------------


def difference_table(found: Difference) -> str:
    """Return the accuracies after both kinds of labels, judged by both if they are not the same."""
    heads = ["Learned from", "judged by the corrected labels", "judged by the given labels"]
    rows = [
        ["given labels", _mean(found.before), _mean(found.before_given)],
        ["corrected labels", _mean(found.after), _mean(found.after_given)],
    ]
    if not found.changed:
        heads, rows = ["Learned from", "validation accuracy"], [row[:2] for row in rows]
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{each}</td>" for each in means)}</tr>'
        for name, *means in rows
    )
    return f'<table class="court-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def difference(found: Difference) -> str:
    """Say what the corrected labels change, and whether it is more than chance."""
    gap = found.gap
    if gap is None:
        return "No seed has both of its runs yet."
    points = f"{100 * gap.value:+.2f} percentage points"
    if gap.low is None or gap.high is None:
        return f"So far {points} with one seed, which says nothing of the next one."
    seeds = count(found.seeds, "seed")
    if gap.low == gap.high == 0:
        return f"The corrected labels change nothing that can be seen with {seeds}."
    between = (
        f"95 % interval {100 * gap.low:+.2f} to {100 * gap.high:+.2f}, {seeds}, paired by seed"
    )
    if gap.low <= 0 <= gap.high:
        return (
            f"The corrected labels change the accuracy by {points} ({between}): these runs cannot "
            "tell that from chance."
        )
    way = "raise" if gap.value > 0 else "lower"
    return f"The corrected labels {way} the accuracy by more than chance: {points} ({between})."


def difference_basis(found: Difference) -> str:
    """Say what was trained, what it was judged on, and what goes on."""
    said = [
        f"{found.network}, the same settings and seeds on both data sets. Each network is judged "
        "on the images that it held back, the same ones for both of a seed; the test set has no "
        "part in it."
    ]
    if found.seeds:
        said.append(f"Of {found.images:,} validation images the court changed {found.changed:.0f}.")
    if found.going:
        said.append(f"{count(found.going, 'run')} of {len(found.run_ids)} to go.")
    if found.failed:
        said.append(f"{count(found.failed, 'run')} ended without a result. Measure again.")
    return " ".join(said)


def _mean(mean: Mean | None) -> str:
    if mean is None:
        return "–"
    if mean.low is None or mean.high is None:
        return percent(mean.value, 2)
    return f"{percent(mean.value, 2)} ({100 * mean.low:.2f} to {100 * mean.high:.2f})"
