"""The web page: what goes into its file. How it answers is tested in Node and in a browser."""

import base64
import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import page_golden
import pytest

from core import architectures, runs
from core.errors import ModelUnavailable, SettingsError
from core.export import making
from core.export.formats import find
from core.export.page import form
from core.export.told import told
from core.networks.browser import ENGINE, layer_plans
from core.networks.weights import weights_of
from core.runs import BUNDLED, BUNDLED_ACCURATE

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e$title"


def parts(text):
    """Return the plan and the weights in a page."""
    plan = re.search(r'id="plan">(.*?)</script>', text, re.DOTALL)[1]
    weights = re.search(r'id="weights">(.*?)</script>', text, re.DOTALL)[1]
    return json.loads(plan), np.frombuffer(base64.b64decode(weights), "<f4")


def test_the_file_of_the_engines_tests_is_what_keras_answers():
    kept = json.loads(page_golden.GOLDEN.read_text(encoding="utf-8"))
    made = json.loads(json.dumps(page_golden.cases()))
    assert [each["title"] for each in kept] == list(page_golden.LAYERS)
    for before, now in zip(kept, made, strict=True):
        assert np.allclose(before.pop("answer"), now.pop("answer"), atol=1e-5)
        for one, other in zip(before.pop("within"), now.pop("within"), strict=True):
            assert np.allclose(one, other, atol=1e-4)
        assert before == now, "run python tests/core/page_golden.py"


def test_every_kind_of_layer_is_in_that_file():
    kinds = set(re.findall(r"(?m)^  (\w+)(?:\(|:)", ENGINE.read_text("utf-8")))
    tested = set(re.findall(r'"kind": "(\w+)"', page_golden.GOLDEN.read_text(encoding="utf-8")))
    assert tested and tested <= kinds
    used = {
        name
        for each in (*architectures.ARCHITECTURES.values(), *architectures.RETIRED.values())
        for name in re.findall(r"'kind': '(\w+)'", str(list(layer_plans(each.network(10)))))
    }
    assert used <= tested


def test_a_layer_that_the_engine_lacks_is_no_page():
    with pytest.raises(TypeError, match=r"engine\.js has no"):
        list(layer_plans([architectures.Layer()]))


@pytest.mark.parametrize("run_id", [BUNDLED, BUNDLED_ACCURATE])
def test_the_weights_are_the_networks_own(run_id, home):
    run = runs.read(run_id)
    content = making.make(find("page"), run)
    plan, weights = parts(content.decode())
    assert len(content) < form.LARGEST and plan["networks"] == run.result.networks
    assert np.array_equal(weights, np.concatenate([a.ravel() for a in weights_of(run).values()]))


def test_only_its_own_script_and_style_may_run(trained):
    text = making.make(find("page"), trained).decode()
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', text)[1]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(script) == len(style) == 1
    for kind, each in (("script", script[0]), ("style", style[0])):
        digest = base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not re.search(r"https?:|//[a-z]+\.[a-z]+", re.sub(r'id="weights">.*?<', "", text))


def test_names_cannot_end_what_they_stand_in(trained):
    known = told(trained)
    text = form.written(replace(known, title=HOSTILE, classes=(HOSTILE,) * 10))
    assert text.count("</script>") == 3 and "<img" not in text
    assert parts(text)[0]["classes"] == [HOSTILE] * 10
    assert text.count("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;") == 2


def test_a_network_that_is_too_large_or_too_slow_gets_a_sentence(trained, monkeypatch):
    monkeypatch.setattr(form, "LARGEST", form.ROOM + 1_000_000)
    with pytest.raises(SettingsError, match=r"Web page: This network has [\d,]+ parameters.*most"):
        making.make(find("page"), trained)
    monkeypatch.undo()
    monkeypatch.setattr(form, "MOST_WORK", 1000)
    with pytest.raises(SettingsError, match=r"Web page: This network is too slow"):
        making.make(find("page"), trained)


def test_a_file_of_another_network_is_a_sentence(trained):
    other = replace(trained, config=replace(trained.config, width=0.5))
    with pytest.raises(ModelUnavailable, match="where its settings say"):
        making.make(find("page"), other)
