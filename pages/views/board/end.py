"""The end of a task on the wall: places on images that no board has shown, and who had overfitted.

Each line has the accuracy on these images with its interval, what the board had said, and the gap
between the two, said to be more than chance where its interval does not hold 0.
"""

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.classroom.handins import EndLine
from core.classroom.overview import Contest
from pages.widgets import palette
from pages.widgets.ranking import change_words, place_words
from pages.words import count, percent

MOST = 10  # lines that fill the screen
STYLE = """<style>
.wall-end { font-size: clamp(0.9rem, 1.2vw, 1.8rem); }
.wall-end h2 { font-size: 1.4em; margin: 0 0 0.3em; padding: 0; }
.wall-end table { border-collapse: collapse; width: 100%; font-size: inherit; margin: 0.4em 0; }
.wall-end th, .wall-end td { border: 0; padding: 0.28em 0.7em 0.28em 0; text-align: left;
  font-weight: 400; white-space: nowrap; font-variant-numeric: tabular-nums; }
.wall-end thead th { opacity: 0.8; font-size: 0.85em; }
.wall-end tbody tr:first-child { font-weight: 600; }
.wall-end tbody tr:nth-child(odd) { background: color-mix(in srgb, currentColor 5%, transparent); }
.wall-end .axis { width: 34%; }
.wall-end .axis div { position: relative; height: 1.1em; border-radius: 0.3em;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.wall-end .axis i { position: absolute; top: 0.4em; height: 0.3em; border-radius: 0.15em;
  min-width: 2px; background: GOOD; }
.wall-end .axis u { position: absolute; top: 0.1em; height: 0.9em; width: 0.28em;
  margin-left: -0.14em; border-radius: 0.14em; }
.wall-end u.end { background: GOOD; }
.wall-end u.board { background: BAD; }
.wall-end .key { display: flex; gap: 1.6em; align-items: center; font-size: 0.85em; }
.wall-end .key u { display: inline-block; width: 0.28em; height: 0.9em; border-radius: 0.14em;
  margin-right: 0.4em; vertical-align: -0.1em; }
.wall-end p { font-size: 1em; margin: 0 0 0.3em; line-height: 1.35; }
.wall-end .see { font-size: 0.85em; margin-bottom: 0.7em; overflow: hidden; display: -webkit-box;
  -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
</style>""".replace("GOOD", palette.GOOD).replace("BAD", palette.BAD)


def end_on_wall(found: Contest) -> None:
    """Draw the end of a task that was revealed; ``found`` has its lines."""
    task = found.given.task
    shown = found.end[:MOST]
    low, high = _range(shown)
    rows = "".join(_row(line, low, high) for line in shown)
    left = len(found.end) - len(shown)
    more = f"<p>… and {count(left, 'more student')}: Class, Tasks, Board</p>" if left else ""
    st.html(
        f'{STYLE}<div class="wall-end"><h2>The end of “{escape(task.title)}”</h2>'
        f"<p><b>{escape(verdict(found.end))}</b> {escape(_ties(found.end))}</p>"
        f'<p class="see">{escape(task.see or "")}</p>'
        '<div class="key"><span><u class="end"></u>on images that no board has shown, with the '
        '95 % interval</span><span><u class="board"></u>on the board before</span></div>'
        '<table><thead><tr><th scope="col">Place</th><th scope="col">Student</th>'
        f'<th scope="col" class="axis">{percent(low)} to {percent(high)}</th>'
        '<th scope="col">The end</th><th scope="col">Board minus end, in points</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{more}</div>"
    )


def verdict(lines: Sequence[EndLine]) -> str:
    """Say who had overfitted the board, as far as can be told."""
    over = [line.member.name for line in lines if line.revealed.gap.low > 0]
    if not over:
        return "Nobody was better on the board than at the end by more than chance."
    names = ", ".join(over[:4]) + (f" and {count(len(over) - 4, 'other')}" if len(over) > 4 else "")
    lie = "Their intervals lie" if len(over) > 1 else "The interval lies"
    return f"Better on the board than at the end: {names}. {lie} above 0: one in forty by chance."


def _ties(lines: Sequence[EndLine]) -> str:
    if any(line.revealed.end.tied for line in lines):
        return "Places such as 1–3 are ties: these students cannot be told apart."
    return ""


def _range(lines: Sequence[EndLine]) -> tuple[float, float]:
    """Return the ends of the axis, in shares, a little beyond all that is drawn."""
    drawn = [line.revealed.board_share.value for line in lines]
    drawn += [end for line in lines for end in line.revealed.end_share.interval]
    room = max(0.005, 0.04 * (max(drawn) - min(drawn)))
    return max(0.0, min(drawn) - room), min(1.0, max(drawn) + room)


def _row(line: EndLine, low: float, high: float) -> str:
    found = line.revealed
    first, last = found.end_share.interval

    def at(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    axis = (
        f'<i style="left:{at(first)};width:{100 * (last - first) / (high - low):.2f}%"></i>'
        f'<u class="board" style="left:{at(found.board_share.value)}"></u>'
        f'<u class="end" style="left:{at(found.end_share.value)}"></u>'
    )
    gap = (
        f"{100 * found.gap.value:+.1f} ({100 * found.gap.low:+.1f} to {100 * found.gap.high:+.1f})"
    )
    return (
        f"<tr><td>{place_words(found.end)} {change_words(found.change)}</td>"
        f'<th scope="row">{escape(line.member.name)}</th>'
        f'<td class="axis"><div aria-hidden="true">{axis}</div></td>'
        f"<td>{percent(found.end_share.value, 2)} ({100 * first:.1f} to {100 * last:.1f})</td>"
        f"<td>{gap}</td></tr>"
    )
