"""A class's own photos and what networks are worth on them, as HTML for a page and for the wall."""

from collections.abc import Sequence
from functools import lru_cache
from html import escape

import numpy as np

from core.classroom.photo_judging import Figures, Judged
from core.classroom.photos import Collection, Photo
from pages.widgets import beat_figures, palette
from pages.widgets.picture import png_url
from pages.words import BUNDLED_TITLES, count, percent

STYLE = (
    beat_figures.STYLE
    + """<style>
.photo-wall { display: grid; gap: 0.5em; font-size: inherit; }
.photo-class { display: grid; grid-template-columns: 7.2em 1fr; gap: 0.7em; align-items: center;
  min-height: 1.6em; }
.photo-class > b { font-weight: 600; text-align: right; overflow-wrap: anywhere; line-height: 1.2; }
.photo-class > b small { display: block; font-weight: 400; font-size: 0.8em; }
.photo-tiles { display: flex; flex-wrap: wrap; gap: 0.3em; align-items: center; }
.photo-tiles img { height: var(--tile, 44px); width: var(--tile, 44px); border-radius: 0.3em;
  image-rendering: pixelated; display: block; }
.photo-falls { display: grid; gap: 0.35em 0.9em; align-items: center; font-size: inherit;
  grid-template-columns: minmax(0, max-content) minmax(6em, 1fr) max-content; }
.photo-falls > b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; line-height: 1.25; }
.photo-falls > b small { font-weight: 400; font-size: 0.85em; }
.photo-falls .value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.photo-axis { position: relative; height: 1.1em; border-radius: 0.3em;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.photo-axis s { position: absolute; top: 0.52em; height: 1px;
  background: color-mix(in srgb, currentColor 45%, transparent); }
.photo-axis i { position: absolute; top: 0.4em; height: 0.3em; border-radius: 0.15em;
  min-width: 2px; background: BAD; }
.photo-axis u, .photo-key u { display: inline-block; width: 0.28em; height: 0.9em;
  border-radius: 0.14em; }
.photo-axis u { position: absolute; top: 0.1em; margin-left: -0.14em; }
.photo-good { background: GOOD; }
.photo-bad { background: BAD; }
.photo-key { display: flex; flex-wrap: wrap; gap: 0.2em 1.2em; font-size: 0.85em;
  margin-bottom: 0.5em; }
.photo-key span { display: inline-flex; align-items: center; gap: 0.4em; }
.photo-scroll { overflow-x: auto; }
.photo-scroll table { min-width: 37em; }
.photo-scroll .beat-matrix th.row { width: 12em; }
@media (max-width: 640px) {
  /* The figures stand beside the name, and the axis below both. */
  .photo-falls { grid-template-columns: 1fr max-content; grid-auto-flow: dense; }
  .photo-falls > .photo-axis { grid-column: 1 / -1; margin-bottom: 0.4em; }
  .photo-falls > .value { grid-column: 2; }
  .photo-class { grid-template-columns: 5.6em 1fr; gap: 0.5em; }
  .photo-class > b { font-size: 0.9em; }
}
</style>""".replace("GOOD", palette.GOOD).replace("BAD", palette.BAD)
)
BASIS = (
    "The best network is the one with the highest validation accuracy, and not the one that the "
    "photos happen to suit. The 95 % intervals are over students, as photos of one student are "
    "alike. The photos are a test set: whoever changes a network to suit them needs new ones."
)


def progress(found: Figures) -> str:
    """Say how many photos there are, of how many students."""
    return f"{count(found.approved, 'photo')} of {count(found.students, 'student')}"


def wall(photos: Sequence[Photo], collection: Collection, most: int | None = None) -> str:
    """Return the approved photos, a row a class, the newest first.

    Args:
        photos: of the collection.
        collection: that they are of.
        most: photos a row; None for all.
    """
    rows = []
    for label, name in enumerate(collection.spec.classes):
        of_class = [each for each in photos if each.label == label]
        shown = of_class[:most]
        tiles = "".join(
            f'<img src="{photo_url(each)}" alt="{escape(name, quote=True)}">' for each in shown
        )
        left = len(of_class) - len(shown)
        more = f"<span>+{left}</span>" if left else ""
        rows.append(
            f'<div class="photo-class"><b>{escape(name)}</b>'
            f'<div class="photo-tiles">{tiles}{more}</div></div>'
        )
    return f'<div class="photo-wall">{"".join(rows)}</div>'


def photo_url(photo: Photo) -> str:
    """Return a photo as an address that holds all of it."""
    return _url(photo.pixels.tobytes(), photo.pixels.shape)


@lru_cache(maxsize=4096)
def _url(pixels: bytes, shape: tuple[int, ...]) -> str:
    return png_url(np.frombuffer(pixels, np.uint8).reshape(shape))


def verdict(found: Figures) -> str:
    """Say how far the accuracy of the best network falls, or that it cannot be told."""
    best = found.best
    if best is None:
        return ""
    low, high = best.photos.interval
    of_photos = (
        f"{percent(best.photos.value, 0)} of our {count(found.judged, 'photo')} "
        f"(95 % interval {100 * low:.0f} to {100 * high:.0f})"
    )
    name = _title(best) if best.owner is None else "The class's best network"
    if best.validation is None or best.gap is None:
        return f"{name} is right on {of_photos}."
    words = f"{name} is right on {percent(best.validation.value)} of its validation images"
    points = f"{100 * abs(best.gap.value):.0f} percentage points"
    if best.gap.clear:
        way = "less" if best.gap.value < 0 else "more"
        return f"{words}, but on {of_photos}: {points} {way}."
    return f"{words}, and on {of_photos}. These photos cannot tell the two apart."


def falls(found: Figures, most: int | None = None) -> str:
    """Return the networks with their accuracies on validation images and on the photos.

    Args:
        found: the figures of a collection.
        most: networks of the class, the best ones; None for all.
    """
    own = [each for each in found.networks if each.owner is not None]
    shown = own[:most] + [each for each in found.networks if each.owner is None]
    key = (
        '<div class="photo-key"><span><u class="photo-good"></u>validation images</span>'
        '<span><u class="photo-bad"></u>our photos, with the 95 % interval</span></div>'
    )
    left = len(own) - len(own[:most])
    more = f"<small>and {count(left, 'network')} more of the class</small>" if left else ""
    rows = "".join(_fall(each) for each in shown)
    return f'{key}<div class="photo-falls">{rows}</div>{more}'


def _fall(each: Judged) -> str:
    low, high = each.photos.interval
    marks = [
        f'<i style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>',
        f'<u class="photo-bad" style="left:{100 * each.photos.value:.1f}%"></u>',
    ]
    words = percent(each.photos.value, 0)
    if each.validation is not None:
        ends = sorted((each.validation.value, each.photos.value))
        marks.insert(
            0, f'<s style="left:{100 * ends[0]:.1f}%;width:{100 * (ends[1] - ends[0]):.1f}%"></s>'
        )
        marks.append(f'<u class="photo-good" style="left:{100 * each.validation.value:.1f}%"></u>')
        words = f"{100 * each.validation.value:.0f} → {words}"
    owner = "" if each.owner is None else f"<br><small>{escape(_title(each))}</small>"
    return (
        f"<b>{escape(_name(each))}{owner}</b>"
        f'<div class="photo-axis" aria-hidden="true">{"".join(marks)}</div>'
        f'<span class="value">{words}</span>'
    )


def _name(each: Judged) -> str:
    return _title(each) if each.owner is None else each.owner.name


def _title(each: Judged) -> str:
    return BUNDLED_TITLES.get(each.run_id, each.title)


def by_class(found: Figures) -> str:
    """Return a table of all networks: how many of the photos of each class they get right."""
    names = found.collection.spec.classes
    head = "".join(
        f'<th scope="col" title="{escape(name)}" aria-label="{escape(name)}">{number}</th>'
        for number, name in enumerate(names)
    )
    body = []
    for each in found.networks:
        cells = []
        for label, (right, of) in enumerate(
            zip(np.diag(each.matrix).tolist(), each.matrix.sum(axis=1).tolist(), strict=True)
        ):
            share = round(70 * right / of) if of else 0
            words = f"{right}/{of}" if of else ""
            title = escape(f"{names[label]}: {right} of {count(of, 'photo')} right")
            cells.append(f'<td class="hit" style="--s:{share}%" title="{title}">{words}</td>')
        name = escape(_name(each))
        body.append(
            f'<tr><th class="row" scope="row" title="{name}">{name}</th>{"".join(cells)}</tr>'
        )
    return (
        '<div class="photo-scroll"><table class="beat-matrix"><caption>Right, by class</caption>'
        f'<thead><tr><th class="row" scope="col">network, class</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def confusion(found: Figures) -> str:
    """Return the confusion matrix of the best network on the photos."""
    best = found.best
    if best is None:
        return ""
    title = "The class's best network" if best.owner is not None else _title(best)
    names = found.collection.spec.classes
    return beat_figures.matrix_table(escape(title), best.matrix, names)
