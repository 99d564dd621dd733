"""Classify: ask a network about an uploaded picture, the camera, or a drawing."""

import io

import streamlit as st
from PIL import Image

from core import inference, runs
from core.errors import ModelUnavailable
from core.imaging.gate import Picture, open_picture
from core.inference import Answer, Model
from pages.components import frame
from pages.components.guard import sentences
from pages.components.pixels import pixel_image
from pages.components.probability_bars import probability_bars
from pages.components.run_picker import run_picker
from pages.components.wording import percent

UPLOAD, DRAW, CAMERA = "Upload", "Draw", "Camera"
CANVAS = 300  # pixels; the canvas is cut off on a phone above 340
PEN = 16  # pixels; a line is then one or two pixels thick at 28 x 28
UNSURE = 0.5  # below this probability the answer is called a guess


def main() -> None:
    """Draw the page."""
    st.title("Classify", anchor=False)
    st.markdown("One piece of clothing on a plain background, photographed or drawn: what is it?")
    inference.warm()
    model = inference.of_run(run_picker("Network"))
    source = st.segmented_control(
        "Picture from",
        [UPLOAD, DRAW, CAMERA],
        default=UPLOAD,
        required=True,
        key="from",
        bind="query-params",
        label_visibility="collapsed",
    )
    ready = inference.state().phase in ("ready", "failed")
    st.fragment(_try, run_every=None if ready else 0.5)(source, model, ready)


def _try(source: str, model: Model, was_ready: bool) -> None:
    picture, answer = None, None  # where a sentence takes their place
    left, right = st.columns([1, 1], gap="medium")
    with left, st.container(border=True), sentences():
        picture = _SOURCES[source]()
    with right, st.container(border=True), sentences():
        answer = _answer(picture, model, was_ready)
    if picture is not None and answer is not None:
        _steps(picture, answer)


def _upload() -> Picture | None:
    file = st.file_uploader(
        "A photo or picture of one piece of clothing",
        type="image",
        key="upload",
        max_upload_size=10,
        help="JPEG, PNG, WebP, GIF or BMP, at most 10 MB. It is not stored.",
    )
    if file is None:
        return None
    picture = open_picture(file.getvalue(), file.name)
    st.image(picture.rgb, caption=file.name[:60], width=280)
    return picture


def _camera() -> Picture | None:
    st.caption("The picture goes to this server and nowhere else. It is not stored.")
    shot = st.camera_input("Hold one piece of clothing before a plain wall", key="camera")
    return None if shot is None else open_picture(shot.getvalue(), "The camera's picture")


def _draw() -> Picture | None:
    from streamlit_drawable_canvas import st_canvas

    st.caption(
        "Draw the outline of a shirt, a shoe or a bag; its inside is filled for the network."
    )
    sheet = st.session_state.setdefault("sheet", 0)
    canvas = st_canvas(
        stroke_width=PEN,
        stroke_color="#ffffff",
        background_color="#000000",
        width=CANVAS,
        height=CANVAS,
        drawing_mode="freedraw",
        return_image_data=True,
        update_streamlit=True,
        key=f"canvas_{sheet}",
    )
    st.button("Clear", icon=":material/ink_eraser:", on_click=_clear)
    if canvas.image_data is None or not canvas.image_data[..., :3].any():
        return None
    # What the browser sent goes through the same gate as any upload.
    file = io.BytesIO()
    Image.fromarray(canvas.image_data.astype("uint8")).save(file, "PNG")
    return open_picture(file.getvalue(), "The drawing")


def _clear() -> None:
    """Start a new sheet: a new key is the only way to empty the canvas."""
    st.session_state["sheet"] += 1


_SOURCES = {UPLOAD: _upload, DRAW: _draw, CAMERA: _camera}


def _answer(picture: Picture | None, model: Model, was_ready: bool) -> Answer | None:
    """Show what the network says, or why it says nothing yet."""
    state = inference.state()
    if state.phase == "failed" and model.run == runs.BUNDLED:
        raise ModelUnavailable(state.problem or "")
    if state.phase in ("cold", "loading"):
        st.markdown("**Loading the network …**")
        st.progress(
            min(0.95, state.seconds_now() / 8),
            text="TensorFlow takes a few seconds, once. You can choose or draw meanwhile.",
        )
        return None
    if not was_ready:
        st.rerun()  # ends the fragment's ticking
    if picture is None:
        st.markdown("**The answer appears here**")
        st.caption(
            f"The network knows {', '.join(model.dataset.classes)}. Whatever you show it, it "
            "answers with one of these."
        )
        return None
    with st.spinner("Loading the network …", show_time=True):
        answer = inference.classify_picture(picture.rgb, model)
    sure = float(answer.probabilities[answer.label])
    word = "It is:" if sure >= UNSURE else "Perhaps, but it is a guess:"
    st.markdown(f"{word} **{answer.name}** ({percent(sure, 0)})")
    see, bars = st.columns([1, 2], vertical_alignment="center")
    with see:
        pixel_image(answer.prepared.pixels, "What the network sees", width=140)
        st.caption("What the network sees")
    with bars:
        probability_bars(model.dataset.classes, answer.probabilities.tolist(), key="answer")
    return answer


def _steps(picture: Picture, answer: Answer) -> None:
    with st.expander("How the picture became that, step by step", icon=":material/stairs:"):
        for note in picture.notes:
            st.caption(note)
        with st.grid(4, min_column_width=150):
            for step in answer.prepared.steps:
                with st.container():
                    pixel_image(step.image, step.title, width=140)
                    st.markdown(f"**{step.title}**")
                    st.caption(step.sentence)


frame.draw(main)
