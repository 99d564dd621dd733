"""Streamlit's insides that we rely on: where a new version moves one, its name stands here."""

import ast
import dataclasses
import importlib

import pytest
import streamlit as st

from core.settings import ROOT

USED = {
    "streamlit.components.v2.types": "ComponentRenderer",
    "streamlit.delta_generator": "DeltaGenerator",
    "streamlit.runtime.scriptrunner": "get_script_run_ctx",
    "streamlit.runtime.uploaded_file_manager": "UploadedFile",
    "streamlit.runtime.state.query_params": "QueryParams",
}


@pytest.mark.parametrize(("module", "name"), USED.items())
def test_this_version_still_has(module, name):
    found = hasattr(importlib.import_module(module), name)
    assert found, f"Streamlit {st.__version__} has no {module}.{name} any more: see {__file__}"


def test_this_version_still_lets_widgets_start_with_another_link():
    from streamlit.runtime.state.query_params import QueryParams

    name = "set_initial_query_params_from_current"
    assert hasattr(QueryParams, name), f"Streamlit {st.__version__} has no QueryParams.{name}"


def test_this_version_still_tells_sessions_apart():
    from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

    found = "session_id" in {field.name for field in dataclasses.fields(ScriptRunContext)}
    assert found, f"Streamlit {st.__version__} has no ScriptRunContext.session_id"


def test_only_one_module_reaches_into_streamlit():
    found = set()
    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("streamlit."):
                found.add(path.name)
    assert found == {"streamlit_internals.py"}
