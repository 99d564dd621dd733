"""A class beside the network, as HTML for a page and for the wall: figures, matrices, images."""

from collections.abc import Sequence
from html import escape

import numpy as np

from core import datasets
from core.classroom.beating import Figures, Tile
from core.evaluation import Share
from pages.widgets import palette
from pages.widgets.picture import png_url
from pages.words import count, percent

STYLE = """<style>
.beat-lines { display: grid; grid-template-columns: max-content minmax(6em, 1fr) max-content;
  gap: 0.35em 0.9em; align-items: center; font-size: inherit; }
.beat-lines b { font-weight: 600; }
.beat-lines .value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.beat-axis { position: relative; height: 1.1em; border-radius: 0.3em;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.beat-axis i { position: absolute; top: 0.4em; height: 0.3em; border-radius: 0.15em;
  background: GOOD; min-width: 2px; }
.beat-axis u { position: absolute; top: 0.1em; height: 0.9em; width: 0.28em; margin-left: -0.14em;
  border-radius: 0.14em; background: GOOD; }
.beat-net i, .beat-net u { background: BAD; }
.beat-matrix { border-collapse: collapse; font-size: inherit; table-layout: fixed; width: 100%;
  margin: 0; }
.beat-matrix caption { text-align: left; font-weight: 600; padding-bottom: 0.3em; color: inherit; }
.beat-matrix th { font-weight: 400; padding: 0.1em 0.3em; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; border: 0; text-align: center; }
.beat-matrix th.row { text-align: right; width: 7.6em; }
.beat-matrix td { text-align: center; padding: 0.18em 0; border: 1px solid
  color-mix(in srgb, currentColor 12%, transparent); font-variant-numeric: tabular-nums; }
.beat-matrix .hit { background: color-mix(in srgb, GOOD var(--s), transparent); }
.beat-matrix .miss { background: color-mix(in srgb, BAD var(--s), transparent); }
.beat-tiles { display: grid; gap: 0.8em; font-size: inherit;
  grid-template-columns: repeat(auto-fill, minmax(8.4em, 1fr)); }
.beat-tiles figure { margin: 0; }
.beat-tiles img { width: 100%; max-width: 9em; aspect-ratio: 1; image-rendering: pixelated;
  border-radius: 0.4em; display: block; }
.beat-tiles figcaption { font-size: 0.85em; line-height: 1.3; margin-top: 0.3em; }
</style>""".replace("GOOD", palette.GOOD).replace("BAD", palette.BAD)


def lines(found: Figures) -> str:
    """Return the accuracies with their intervals on one axis of 0 to 100 %."""
    rows = []
    if found.crowd is not None:
        rows.append(_line("The class", found.crowd))
    if found.vote is not None and found.players > 2:
        rows.append(_line("Its commonest answer", found.vote.share))
    if found.network is not None:
        rows.append(_line("The network", found.network, network=True))
    return f'<div class="beat-lines">{"".join(rows)}</div>'


def _line(name: str, share: Share, *, network: bool = False) -> str:
    low, high = share.interval
    words = f"{percent(share.value)} ({100 * low:.0f} to {100 * high:.0f})"
    mark = (
        f'<div class="beat-axis{" beat-net" if network else ""}" aria-hidden="true">'
        f'<i style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
        f'<u style="left:{100 * share.value:.1f}%"></u></div>'
    )
    return f'<b>{name}</b>{mark}<span class="value">{words}</span>'


def verdict(found: Figures) -> str:
    """Say who is ahead, or that nobody can tell."""
    gap = found.gap
    if gap is None:
        return ""
    points = f"{100 * abs(gap.value):.1f} percentage points"
    if gap.clear:
        ahead, behind = ("class", "network") if gap.value > 0 else ("network", "class")
        ends = sorted((100 * abs(gap.low), 100 * abs(gap.high)))
        return (
            f"The {ahead} is ahead of the {behind} by {points} "
            f"(95 % interval {ends[0]:.0f} to {ends[1]:.0f})."
        )
    between = f"class minus network, 95 % interval: {100 * gap.low:+.0f} to {100 * gap.high:+.0f}"
    seen = count(found.network.count if found.network else 0, "image")
    if gap.value == 0:
        return f"Class and network are level on {seen} ({between})."
    leader = "class" if gap.value > 0 else "network"
    return f"The {leader} has {points} more, but {seen} cannot tell the two apart ({between})."


def progress(found: Figures) -> str:
    """Say how far the class is."""
    playing = count(found.players, "student")
    words = f"{playing} playing · {found.done} through · {count(found.answers, 'answer')}"
    if not found.round.is_open:
        words = f"{playing} played · {found.done} to the end"
    return words + (f" · {found.missed} out of time" if found.missed else "")


def awaited(found: Figures) -> str:
    """Say that there are too few answers for the confusion matrices; nothing once there are not.

    A matrix of a few images looks like a result and is none. So they come when every image of the
    round has an answer, or when the round is closed.
    """
    seen = found.network.count if found.network else 0
    if not found.round.is_open or seen == found.round.count:
        return ""
    return (
        "The confusion matrices come when every image has been answered or is out of time: "
        f"{seen} of {found.round.count} so far."
    )


def matrices(found: Figures) -> tuple[str, str]:
    """Return the confusion matrices of the class and of the network as tables."""
    names = datasets.find(found.round.dataset).classes
    return (
        matrix_table("The class", found.matrix, names),
        matrix_table("The network", found.network_matrix, names),
    )


def matrix_table(title: str, matrix: np.ndarray, names: Sequence[str]) -> str:
    """Return a confusion matrix as a table; ``title`` is HTML."""
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    head = "".join(
        f'<th scope="col" title="{escape(name)}" aria-label="{escape(name)}">{number}</th>'
        for number, name in enumerate(names)
    )
    body = []
    for row, name in enumerate(names):
        cells = []
        for column in range(len(names)):
            kind = "hit" if row == column else "miss"
            strength = round(70 * float(shares[row, column]))
            number = int(matrix[row, column])
            cells.append(f'<td class="{kind}" style="--s:{strength}%">{number or ""}</td>')
        body.append(
            f'<tr><th class="row" scope="row" title="{escape(name)}">{row} {escape(name)}</th>'
            f"{''.join(cells)}</tr>"
        )
    return (
        f'<table class="beat-matrix"><caption>{title}</caption><thead><tr>'
        f'<th class="row" scope="col">is, called</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def tiles(found: Figures, images: np.ndarray, most: int | None = None) -> str:
    """Return the hardest images with what class and network said.

    Args:
        found: the figures of a round.
        images: of the test split, uint8 (n, height, width) or (n, height, width, 3).
        most: tiles; None for all.
    """
    names = datasets.find(found.round.dataset).classes
    figures = [_tile(each, images[each.image], names) for each in found.tiles[:most]]
    return f'<div class="beat-tiles">{"".join(figures)}</div>'


def _tile(tile: Tile, image: np.ndarray, names: Sequence[str]) -> str:
    truth, network = escape(names[tile.truth]), escape(names[tile.network])
    others = [(names[label], number) for label, number in tile.said if label != tile.truth]
    wrong = [f"{escape(name)} ({number})" for name, number in others]
    said = f"class: {percent(tile.right, 0)} right"
    if wrong:
        said += f", called {', '.join(wrong[:2])}"
    network += "" if tile.network == tile.truth else ", wrong"
    return (
        f'<figure><img src="{png_url(image)}" alt="{truth}">'
        f"<figcaption><b>{truth}</b><br>{said}<br>network: {network}"
        "</figcaption></figure>"
    )
