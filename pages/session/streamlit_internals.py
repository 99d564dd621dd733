"""What we use of Streamlit that it does not call public, in one place.

Nothing else in ``pages`` imports from inside Streamlit, and a test says which version moved what.
"""

from streamlit.components.v2.types import ComponentRenderer
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitAuthError
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = [
    "ComponentRenderer",
    "DeltaGenerator",
    "StreamlitAuthError",
    "UploadedFile",
    "seed_widgets_anew",
    "session_id",
    "this_run",
]


def seed_widgets_anew() -> None:
    """Let widgets that are drawn from now on start with what the URL says now.

    Streamlit has no public way: it remembers the URL of the first script run.
    """
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as parameters:
            parameters.set_initial_query_params_from_current()


def session_id() -> str:
    """Return what tells this session, one tab of a browser, from the others; "" outside of all."""
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def this_run() -> object | None:
    """Return something that is another one in each run of a script or a fragment, to compare by is.

    None where no script runs. Whoever keeps it keeps nothing large.
    """
    context = get_script_run_ctx()
    return None if context is None else context.parallel_coordinator
