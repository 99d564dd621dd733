"""The results of an experiment as HTML, for a page and for the wall: a dot a run, means, words."""

import math
from collections.abc import Sequence
from html import escape

from core import architectures, datasets
from core.classroom.differences import Mean
from core.classroom.experiments import Experiment, Figures, Part, Stage
from core.runs import TrainingConfig
from pages.widgets import palette
from pages.words import count, percent

STYLE = """<style>
.exp-chart { display: grid; grid-template-columns: max-content 1fr; column-gap: 0.6em;
  font-size: inherit; margin: 0; }
.exp-plot, .exp-ticks { height: var(--tall); position: relative; }
.exp-ticks { min-width: 3.4em; font-variant-numeric: tabular-nums; }
.exp-ticks span { position: absolute; right: 0; transform: translateY(50%); line-height: 1;
  white-space: nowrap; }
.exp-plot .line { position: absolute; left: 0; right: 0; height: 1px;
  background: color-mix(in srgb, currentColor 16%, transparent); }
.exp-columns { position: absolute; inset: 0; display: flex; }
.exp-columns > div { position: relative; flex: 1 1 0; min-width: 0; }
.exp-columns i { position: absolute; width: 0.7em; height: 0.7em; margin: 0 0 -0.35em -0.35em;
  border-radius: 50%; background: color-mix(in srgb, currentColor 55%, transparent); }
.exp-columns i.mine { background: BAD; outline: 0.15em solid currentColor; }
.exp-columns u { position: absolute; left: 50%; width: 0.3em; margin-left: -0.15em;
  border-radius: 0.15em; background: GOOD; min-height: 2px; }
.exp-columns b { position: absolute; left: 28%; right: 28%; height: 0.28em; margin-bottom: -0.14em;
  border-radius: 0.14em; background: GOOD; }
.exp-names { grid-column: 2; display: flex; margin-top: 0.5em; }
.exp-names > div { flex: 1 1 0; min-width: 0; text-align: center; line-height: 1.3;
  overflow-wrap: anywhere; padding: 0 0.15em; }
.exp-names small { display: block; font-size: 0.85em; font-variant-numeric: tabular-nums; }
.exp-under { grid-column: 2; text-align: center; margin-top: 0.3em; }
.exp-room { padding-top: 0.8em; }
@media (max-width: 640px) {
  .exp-room { overflow-x: auto; font-size: 0.85em; }
  .exp-chart { min-width: calc(4em + var(--values) * 4.6em); }
}
</style>""".replace("GOOD", palette.GOOD).replace("BAD", palette.BAD)
BASIS = (
    "A dot is a run, the bar its value's mean, the line the 95 % interval of the mean (t interval "
    "over seeds; from two runs on). What other validation images would have given is not in it. "
    "Values are told apart by Welch's t test between each two, with Holm's correction for the "
    "number of pairs."
)


def chart(found: Figures, *, mine: int | None = None, tall: str = "18em") -> str:
    """Return the chart: the values in their order on x, validation accuracy on y.

    Args:
        found: the results.
        mine: the id of the part whose dot is marked.
        tall: height of the plot, in CSS.
    """
    low, high, step = _axis(found)

    def at(share: float) -> str:
        return f"{100 * (share - low) / (high - low):.2f}%"

    ticks, lines = [], []
    for number in range(round((high - low) / step) + 1):
        share = low + number * step
        digits = 0 if step >= 0.01 else 1
        ticks.append(f'<span style="bottom:{at(share)}">{percent(share, digits)}</span>')
        lines.append(f'<div class="line" style="bottom:{at(share)}"></div>')
    columns, names = [], []
    for place, (words, mean) in enumerate(zip(found.experiment.words, found.means, strict=True)):
        done = [part for part in found.parts if part.place == place and part.accuracy is not None]
        marks = []
        if mean is not None and mean.low is not None and mean.high is not None:
            span = f"bottom:{at(mean.low)};top:calc(100% - {at(mean.high)})"
            marks.append(f'<u style="{span}"></u>')
        if mean is not None:
            marks.append(f'<b style="bottom:{at(mean.value)}"></b>')
        marks += [_dot(each, at(each.accuracy or 0.0), each.id == mine) for each in done]
        columns.append(f"<div>{''.join(marks)}</div>")
        names.append(f"<div><strong>{escape(words)}</strong>{_figures(mean)}</div>")
    return (
        # On a phone many values are wider than the screen: the room scrolls, by keys too.
        '<div class="exp-room" tabindex="0" role="group" aria-label="Chart">'
        f'<div class="exp-chart" style="--tall:{tall};--values:{len(names)}" role="img" '
        f'aria-label="{_told(found)}">'
        f'<div class="exp-ticks">{"".join(ticks)}</div><div class="exp-plot">{"".join(lines)}'
        f'<div class="exp-columns">{"".join(columns)}</div></div>'
        f'<div class="exp-names">{"".join(names)}</div>'
        f'<div class="exp-under">{escape(found.experiment.title)} · validation accuracy</div>'
        "</div></div>"
    )


def verdict(found: Figures) -> str:
    """Say what can be told of the values, and what cannot."""
    now, words = found.standing, found.experiment.words
    said = []
    if not found.count(Stage.DONE):
        said.append("No run has finished yet.")
    elif now.best is None:
        said.append("Too few runs: until two values have two runs each, nothing can be said.")
    else:
        said += _compared(found, now.best)
        if now.untold:
            has = "has" if len(now.untold) == 1 else "have"
            named = _listed([words[place] for place in now.untold])
            said.append(f"{named} {has} fewer than two runs, and cannot be compared.")
    failed = [part.place for part in found.parts if part.stage is Stage.FAILED]
    if failed:
        named = _listed([words[place] for place in sorted(set(failed))])
        said.append(
            f"{count(len(failed), 'part')} failed each time (with {named}) and count in no mean: "
            "such a value is worse than its mean."
        )
    return " ".join(said)


def _compared(found: Figures, best: int) -> list[str]:
    now, words = found.standing, found.experiment.words
    pairs = count(now.pairs, "pair")
    test = f"Welch's t test, Holm over {pairs}, 5 %"
    level = _listed([words[place] for place in now.level])
    behind = _listed([words[place] for place in now.behind])
    if not now.level:
        ahead, behind_it = found.means[best], found.means[now.behind[0]]
        assert ahead is not None and behind_it is not None, "both have two runs"
        gap = f"{100 * (ahead.value - behind_it.value):.1f} percentage points"
        by = f"by {gap}" if len(now.behind) == 1 else f"of the next by {gap}"
        return [f"{words[best]} is best: ahead of {behind} by more than chance, {by} ({test})."]
    said = [
        f"{words[best]} has the highest mean, but these runs cannot tell it apart from {level} "
        f"({test})."
    ]
    if now.behind:
        said.append(f"It is ahead of {behind} by more than chance.")
    return said


def progress(found: Figures) -> str:
    """Say how far the class is."""
    done, going = found.count(Stage.DONE), found.count(Stage.TRAINING)
    words = f"{count(len(found.parts), 'part')} dealt · {going} training · {done} done"
    return words if found.experiment.is_open else f"{count(done, 'run')} · closed"


def given(experiment: Experiment) -> str:
    """Say what is the same for everybody."""
    config = TrainingConfig.from_dict(experiment.configs[0])
    flat = config.flat()
    same = [datasets.find(config.dataset).title]
    if experiment.setting != "architecture":
        same.append(architectures.find(config.architecture).title)
    names: tuple[str, ...] = ("epochs", "limit", "batch_size", "learning_rate")
    if experiment.setting == "architecture":
        names = ("epochs", "limit")
    same += [
        architectures.settings.SETTINGS[name].phrase(flat[name])
        for name in names
        if name != experiment.setting
    ]
    return f"The same for all: {', '.join(same)}."


def _axis(found: Figures) -> tuple[float, float, float]:
    """Return both ends of the axis and the step of its ticks, as shares."""
    ends = [part.accuracy for part in found.parts if part.accuracy is not None]
    for mean in found.means:
        if mean is not None and mean.low is not None and mean.high is not None:
            ends += [mean.low, mean.high]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    steps = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
    step = next((each for each in steps if high - low <= 5 * each), steps[-1])
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if high - low < step:
        high = low + step
    return low, high, step


def _dot(part: Part, bottom: str, mine: bool) -> str:
    """Return a dot beside the middle, so that runs that are alike do not hide each other."""
    left = 50 + (-1) ** part.seed * (12 + 7 * ((part.seed // 2) % 4))
    kind = ' class="mine"' if mine else ""
    return f'<i{kind} style="left:{left}%;bottom:{bottom}"></i>'


def _figures(mean: Mean | None) -> str:
    if mean is None:
        return "<small>no run</small>"
    between = ""
    if mean.low is not None and mean.high is not None:
        between = f"<small>{100 * mean.low:.1f} to {100 * mean.high:.1f}</small>"
    return f"<small>{percent(mean.value, 1)}</small>{between}<small>n = {mean.count}</small>"


def _told(found: Figures) -> str:
    """Return what the chart shows, for those who hear it."""
    parts = []
    for words, mean in zip(found.experiment.words, found.means, strict=True):
        if mean is None:
            parts.append(f"{words}: no run")
            continue
        interval = ""
        if mean.low is not None and mean.high is not None:
            interval = f", 95 % interval {100 * mean.low:.1f} to {100 * mean.high:.1f}"
        runs = count(mean.count, "run")
        parts.append(f"{words}: {percent(mean.value, 1)} over {runs}{interval}")
    return escape(f"Validation accuracy by {found.experiment.title.lower()}. {'; '.join(parts)}.")


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
