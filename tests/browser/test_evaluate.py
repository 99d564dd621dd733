"""The sealed test set in a browser: guess, open, and what stays after a reload."""

import json
import re
import shutil
import time

import pytest
from playwright.sync_api import expect

from core.settings import ASSETS
from pages.views.evaluate.seal import GUESSED

pytestmark = pytest.mark.browser

ME = "c" * 32
COOKIE = "atelier_visitor"


@pytest.fixture(params=["desktop", "phone"])
def owner(request, server, new_visitor):
    """Return a visitor, the id of a sealed run of theirs, really trained, and its result."""
    run_id = f"20260101-00000{request.param_index}-atelier-cnn-5ea1ed"
    folder = server.home / "runs" / run_id
    shutil.copytree(ASSETS / "models" / "fashion-mnist", folder)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(
        json.dumps(values | {"visitor": ME, "created": time.time()}), encoding="utf-8"
    )
    visitor = new_visitor(server, request.param)
    cookie = {"name": COOKIE, "value": ME, "url": server.url}
    visitor.page.context.add_cookies([cookie])
    yield visitor, run_id, json.loads((folder / "result.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder)


def test_guess_open_and_see_the_gap(owner):
    visitor, run_id, result = owner
    page = visitor.page
    visitor.open(f"evaluate?run={run_id}")
    accuracy = page.get_by_test_id("stMetric").filter(has_text="Validation accuracy")
    expect(accuracy).to_contain_text(f"{100 * result['val_accuracy']:.2f} %")
    page.get_by_role("radio", name="Test", exact=True).or_(
        page.get_by_role("button", name="Test", exact=True)
    ).click()
    expect(page.get_by_role("heading", name="The test set is sealed")).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]part=Test"))
    test = f"{100 * result['test_accuracy']:.2f} %"
    expect(page.get_by_text(test)).to_have_count(0)
    assert visitor.fits()

    slider = page.get_by_role("slider", name="Test accuracy")
    slider.focus()
    for _ in range(2):
        slider.press("ArrowLeft")
    visitor.settle()  # the answer to it closes a list that is open
    for label, option in (("Most confused class", "Shirt"), ("Confused with", "Coat")):
        box = page.get_by_role("combobox", name=label)
        # A mouse makes the emulated phone scroll to the field, which closes the list again.
        box.tap() if visitor.is_phone else box.click()
        page.get_by_role("option", name=option, exact=True).click()
        visitor.settle()
    visitor.button(GUESSED).click()
    apart = 100 * (result["val_accuracy"] - result["test_accuracy"])
    gap = page.get_by_text(f"Validation − test: +{apart:.2f} percentage points")
    guess = round(100 * result["val_accuracy"], 1) - 0.2  # two steps of the slider
    off = guess - 100 * result["test_accuracy"]
    for _ in range(2):
        expect(gap).to_be_visible()
        expect(
            page.get_by_text(f"{guess:.1f} % was guessed, {off:.1f} points too high")
        ).to_be_visible()
        expect(page.get_by_text("Shirt & Coat as the most confused pair is number")).to_be_visible()
        expect(page.get_by_test_id("stMetric").first).to_contain_text(test)
        expect(visitor.button(GUESSED)).to_have_count(0)
        assert visitor.fits()
        visitor.settle()
        page.reload()


def test_the_second_run_is_in_the_url(owner):
    visitor, run_id, _ = owner
    page = visitor.page
    visitor.open(f"evaluate?run={run_id}")
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name=re.compile("^Bundled model ·")).click()
    expect(page).to_have_url(re.compile("[?&]with=bundled"))
    said = page.get_by_text("validation images that both held back")
    expect(said).to_contain_text("There is no difference to explain.")
    visitor.settle()
    page.reload()
    expect(said).to_be_visible()
    assert visitor.fits()
