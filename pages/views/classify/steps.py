"""Classify, one picture: the steps of its preparation as a strip; each can be switched off."""

import base64
import html
import io

import numpy as np
import streamlit as st
from PIL import Image

from core.imaging.gate import Picture
from core.imaging.prepare import SWITCHES, Prepared, Stage, Step
from pages.views.classify import adjust
from pages.widgets.pixel_viewer import png

PIXELS = 64  # px; pictures up to this side are shown pixel by pixel


def draw(picture: Picture, prepared: Prepared) -> None:
    """Draw the strip."""
    switches = SWITCHES[prepared.kind] if prepared.kind else ()
    with st.grid(len(prepared.steps), min_column_width=112):
        for number, step in enumerate(prepared.steps, 1):
            with st.container(gap="xsmall"):
                if step.stage in switches:
                    _toggle(step.stage, step.title, prepared)
                else:
                    st.markdown(f"**{step.title}**")
                step_picture(step.image, f"Step {number}: {step.title}", faint=not step.on)
                st.caption(_sentence(step, picture))
        # A step that had nothing to do is not among the steps; it can still be switched on again.
        shown = {step.stage for step in prepared.steps}
        for stage in switches:
            if stage in adjust.switched_off() and stage not in shown:
                with st.container(gap="xsmall"):
                    _toggle(stage, stage.capitalize(), prepared)


def step_picture(image: np.ndarray, description: str, *, faint: bool = False) -> None:
    """Show a picture of any size in a square, small ones pixel by pixel.

    Args:
        image: uint8 array (height, width) or (height, width, 3).
        description: for those who cannot see it.
        faint: whether to draw it pale, as a step that was left out.
    """
    if max(image.shape[:2]) <= PIXELS:
        url, rendering = f"data:image/png;base64,{_base64(png(image))}", "pixelated"
    else:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "WEBP", quality=80, method=0)
        url, rendering = f"data:image/webp;base64,{_base64(file.getvalue())}", "auto"
    st.html(
        '<div style="aspect-ratio:1;border-radius:8px;overflow:hidden;'
        'background:rgb(128 128 128 / 12%)">'
        f'<img src="{url}" alt="{html.escape(description, quote=True)}" style="display:block;'
        f"width:100%;height:100%;object-fit:contain;image-rendering:{rendering};"
        f'opacity:{0.45 if faint else 1}"></div>'
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _toggle(stage: Stage, title: str, prepared: Prepared) -> None:
    key = f"step_{prepared.kind}_{stage}"
    st.session_state[key] = stage not in adjust.switched_off()  # after a reset, too
    st.toggle(f"**{title}**", key=key, on_change=_switch, args=(stage, key))


def _switch(stage: Stage, key: str) -> None:
    # By its value: Streamlit calls this for a switch that only comes back with a picture, too.
    adjust.switch(stage, on=st.session_state[key])


def _sentence(step: Step, picture: Picture) -> str:
    if step.stage is Stage.ORIGINAL:
        return " ".join((step.sentence, *picture.notes))
    return step.sentence if step.on else "Off: picture unchanged."
