from reading import *
import pytest, time
from core.runs import State
@pytest.mark.usefixtures("bundled")
def test_x(open_page, every_state, monkeypatch):
    app = open_page("evaluate")
    (picker,) = [b for b in app.selectbox if b.label=="Network"]
    print(picker.options)
    picker.select(picker.options[1])
    from google.protobuf.json_format import MessageToDict
    states = app._tree.get_widget_states()
    now=time.time
    monkeypatch.setattr(time,"time",lambda: now()+300)
    app._run(states)
    print(app.query_params, [e.value for e in app.error], [e.value for e in app.warning], len(app.exception))
    assert 0
