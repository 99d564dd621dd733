"""How fast the app feels, measured in a real browser: ``python -m core benchmark ui``.

Starts servers of its own with an empty ``ATELIER_HOME``, drives them with Debian's chromium, and
prints a Markdown table. Needs ``requirements-dev.txt``; run it on a machine that does nothing else.
"""

import argparse
import io
import re
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from benchmarks._browser import desk_page
from benchmarks._machine import describe, spread
from benchmarks._results import publish
from benchmarks._server import server

DONE = '[data-test-script-state="notRunning"]'
ANSWER = re.compile("^(It is: |Best guess: |Probably none of the ten)")


def first_page(page: Page, home: Path, times: int) -> list[float]:
    """Return seconds from ``streamlit run`` to a readable Home page, sample picture included."""
    seconds = []
    for _ in range(times):
        with server(home) as app:
            page.goto(f"{app.address}/?try=test")
            page.get_by_role("heading", name="Atelier").wait_for()
            page.locator("img[alt^='Test image']").wait_for()
            seconds.append(time.monotonic() - app.started)
            page.goto("about:blank")
    return seconds


def first_answer(page: Page, home: Path, times: int) -> list[float]:
    """Return seconds from the opening of Classify on a fresh server to the answer to a sample."""
    seconds = []
    for _ in range(times):
        with server(home) as app:
            started = time.monotonic()
            page.goto(f"{app.address}/classify?from=samples&sample=Coat")
            page.get_by_role("heading", name=ANSWER).wait_for(timeout=120_000)
            seconds.append(time.monotonic() - started)
            page.goto("about:blank")
    return seconds


def next_answer(page: Page, address: str, times: int) -> list[float]:
    """Return seconds from the click on another sample to the answer to it, networks loaded."""
    page.goto(f"{address}/classify?from=samples&sample=Coat")
    answer = page.get_by_role("heading", name=ANSWER)
    answer.wait_for(timeout=120_000)
    seconds = []
    for place in range(times):
        page.wait_for_selector(DONE)
        time.sleep(0.5)
        name = ("Bag", "Coat")[place % 2]
        started = time.monotonic()
        page.get_by_role("button", name=name).first.click()
        answer.filter(has_text=name).wait_for()
        seconds.append(time.monotonic() - started)
    return seconds


def first_point(page: Page, address: str, times: int, *, spare: bool = True) -> list[float]:
    """Return seconds from the click on Train to the first point in the chart.

    With ``spare`` each waits until the server has a warm one; else the server keeps none.
    """
    seconds = []
    for _ in range(times):
        if spare:
            page.goto(address)
            page.get_by_text("About this server").click()
            page.get_by_text("The next run starts at once").wait_for(timeout=120_000)
        page.goto(f"{address}/train?epochs=2")
        page.wait_for_selector(DONE)
        time.sleep(1)
        button = page.get_by_role("button", name="Train", exact=True)
        started = time.monotonic()
        button.click()
        page.locator(".js-plotly-plot .scatterlayer .trace path.js-line").first.wait_for(
            state="attached", timeout=60_000
        )
        seconds.append(time.monotonic() - started)
        page.get_by_text("Evaluate it").wait_for(timeout=300_000)
    return seconds


def classification(times: int) -> list[float]:
    """Return seconds for one picture, warm: gate, preparation and network, as the server does."""
    from core import classify, datasets, networks, runs
    from core.imaging.gate import open_picture

    networks.live_apart()
    model = networks.find(runs.BUNDLED)
    images = datasets.load("fashion-mnist", "test").images
    seconds = []
    for index in range(times + 1):
        # As a visitor would upload it: 1,200 pixels high, dark on white.
        photo = Image.fromarray(255 - images[index, :, :, 0]).resize((1200, 1200))
        file = io.BytesIO()
        photo.save(file, "JPEG")
        started = time.monotonic()
        classify.classify_picture(open_picture(file.getvalue(), "photo.jpg"), model)
        seconds.append(time.monotonic() - started)
    return seconds[1:]  # the first one loads TensorFlow


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="runs of what takes long")
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    times = options.times
    with tempfile.TemporaryDirectory() as folder, desk_page() as page:
        home = Path(folder)
        first_page(page, home, 1)  # warms the disk
        rows = {"`streamlit run` to a readable first page": first_page(page, home, times)}
        rows["Classify: first answer of a fresh server"] = first_answer(page, home, times)
        with server(home) as app:
            rows["Classify: click to the next answer"] = next_answer(page, app.address, 4 * times)
            rows["Train: click to first point, spare warm"] = first_point(page, app.address, times)
        with server(home, ATELIER_WARM_SPARE="0") as app:
            found = first_point(page, app.address, times, spare=False)
            rows["Train: click to first point, no spare"] = found
    seconds = classification(20 * times)
    rows["Classify: one picture of 1,200 x 1,200, warm"] = seconds
    lines = [
        describe(),
        "",
        "| what | median s | range s | runs |",
        "| --- | --- | --- | --- |",
        *(f"| {what} | {spread(values)} |" for what, values in rows.items()),
        "",
        f"95th percentile of one classification: {1000 * np.quantile(seconds, 0.95):.0f} ms",
    ]
    publish("ui", "\n".join(lines), write=options.write)


if __name__ == "__main__":
    main()
