"""One experiment on the wall: the question, the chart that grows, and what it says so far."""

from html import escape

import streamlit as st

from pages.session import data
from pages.widgets import experiment_chart

STYLE = """<style>
.wall-exp { font-size: clamp(0.9rem, 1.25vw, 2rem); }
.wall-exp-head { display: flex; gap: 1.5vw; align-items: baseline; margin-bottom: 0.4em; }
.wall-exp-head b { font-size: 1.4em; flex: 1; }
.wall-exp-head span { opacity: 0.8; }
.wall-exp .verdict { font-size: 1.1em; font-weight: 600; margin: 0.8em 0 0; line-height: 1.35; }
</style>"""


def experiment_on_wall(class_id: int, *, room: bool) -> bool:
    """Draw the experiment that the board is to show, and tell whether there is one.

    Args:
        class_id: of the class.
        room: whether no message takes part of the screen.
    """
    shown = next((each for each in data.class_experiments(class_id) if each.on_wall), None)
    if shown is None:
        return False
    found = data.experiment_figures(shown.id)
    so_far = "So far: " if shown.is_open else ""
    st.html(
        f'{experiment_chart.STYLE}{STYLE}<div class="wall-exp"><div class="wall-exp-head">'
        f"<b>{escape(shown.question)}</b><span>{experiment_chart.progress(found)}</span></div>"
        f"{experiment_chart.chart(found, tall='38vh' if room else '22vh')}"
        f'<p class="verdict">{so_far}{escape(experiment_chart.verdict(found))}</p></div>'
    )
    return True
