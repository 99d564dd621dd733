"""What we use of Streamlit that it does not call public, in one place.

Nothing else in ``pages`` imports from inside Streamlit, and a test says which version moved what.
"""

from streamlit.components.v2.types import ComponentRenderer
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["ComponentRenderer", "DeltaGenerator", "UploadedFile", "seed_widgets_anew"]


def seed_widgets_anew() -> None:
    """Let widgets that are drawn from now on start with what the URL says now.

    Streamlit has no public way: it remembers the URL of the first script run.
    """
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as parameters:
            parameters.set_initial_query_params_from_current()
