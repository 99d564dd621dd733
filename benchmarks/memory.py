"""What the app takes of a machine's memory: ``python -m core benchmark memory``.

Starts a server with an empty ``ATELIER_HOME``, opens everything in Debian's chromium (all pages,
both data sets, three networks, "Why?" of an answer), and looks at each of the server's processes.
Needs ``requirements-dev.txt``. CIFAR-10 takes part where it is on this machine.

Resident (RSS) is all that a process has in memory, also what others have mapped as well, such as
TensorFlow's code or a data set on disk. Private (USS) is what becomes free when it ends. Together
they take what is private of each, and what they share once.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._browser import desk_page
from benchmarks._machine import describe
from benchmarks._results import publish
from benchmarks._server import Memory, server, together, train_two
from benchmarks.views import Visitor
from core import datasets, runs
from core.settings import PROFILES, ROOT, forget_settings

# Each step says what it added to a fresh process; the first line of each is its name.
PARTS = """
import gc, os, sys
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3"}
os.environ |= {f"TF_NUM_{what}_THREADS": "1" for what in ("INTRAOP", "INTEROP")}
import psutil
last = 0
def step(name):
    global last
    gc.collect()
    found = psutil.Process().memory_full_info()
    own = found.uss
    print(f"{name}|{(own - last) / 1e6:.0f}|{found.rss / 1e6:.0f}", file=out, flush=True)
    last = own
out, sys.stdout = sys.stdout, sys.stderr
"""

SERVER_PARTS = """
import streamlit.web.bootstrap, streamlit.web.server, pandas, pyarrow
step("Python, Streamlit, pandas, pyarrow")
import cv2
from core import datasets, jobs, networks, runs
import pages.views.classify.why, pages.views.evaluate.robustness, pages.views.train.run
step("Atelier's code, OpenCV, Pillow, Plotly")
import sklearn.metrics
step("scikit-learn, SciPy")
for spec in datasets.DATASETS.values():
    if spec.missing() is None:
        for split in ("train", "test"):
            spec.load(split).images.max()
        step(f"{spec.title}, both splits, all looked at")
"""

NETWORK_PARTS = """
from core import datasets, networks, runs
from core.networks import engine
import numpy
step("Python, NumPy, Atelier's code")
import keras, tensorflow
step("TensorFlow and Keras")
images = numpy.zeros((64, 28, 28, 1), numpy.uint8)
network = engine.load(networks.find(runs.BUNDLED))
for size in (1, 8, 64):
    network.probabilities(images[:size])
step("the bundled model, asked about 1, 8 and 64 images")
network = engine.load(networks.find(runs.BUNDLED_ACCURATE))
for size in (1, 8, 64):
    network.probabilities(images[:size])
step("another network, the same")
"""


def parts(code: str) -> list[tuple[str, int, int]]:
    """Return what each step of a script added to a process, in MB, and what it had then."""
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PARTS + code],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    lines = [line.split("|") for line in process.stdout.splitlines()]
    return [(name, int(added), int(resident)) for name, added, resident in lines]


def rows(found: list[Memory]) -> list[str]:
    """Return a row of the table for each process of a server, and one for all."""
    lines = [
        f"| {each.does} | {each.resident / 1e6:,.0f} | {each.private / 1e6:,.0f} |"
        for each in found
    ]
    return [*lines, f"| **all together**, what they share once | {together(found) / 1e6:,.0f} | |"]


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/RESULTS.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, desk_page() as page:
        os.environ["ATELIER_HOME"] = folder
        forget_settings()
        train_two()
        tables = []
        for profile in PROFILES:
            os.environ["ATELIER_PROFILE"] = profile
            with server(Path(folder)) as app:
                visitor = Visitor(page, app.address)
                open_data(visitor)
                all_open(visitor)
                why(visitor)
                tables += [
                    "",
                    f"With {there()}, three networks and “Why?” open, `ATELIER_PROFILE={profile}`:",
                    "",
                    "| process | resident MB | private MB |",
                    "| --- | --- | --- |",
                    *rows(app.memory()),
                ]
        server_parts, network_parts = parts(SERVER_PARTS), parts(NETWORK_PARTS)
    lines = [
        describe(),
        *tables,
        "",
        "| what it is made of, in a fresh process | private MB | resident MB then |",
        "| --- | --- | --- |",
        *(f"| {name} | + {added} | {then} |" for name, added, then in server_parts),
        *(
            f"| Asking networks: {name} | + {added} | {then} |"
            for name, added, then in network_parts
        ),
    ]
    publish("memory", "\n".join(lines), write=options.write)


def there() -> str:
    """Return the data sets that are on this machine, as words."""
    titles = [spec.title for spec in datasets.DATASETS.values() if spec.missing() is None]
    return " and ".join(titles)


def open_data(visitor: Visitor) -> None:
    """Look at every split of every data set."""
    for name, spec in datasets.DATASETS.items():
        if spec.missing() is None:
            for split in datasets.SPLITS:
                visitor.open(f"explore?dataset={name}&split={split}")
                visitor.open(f"explore?dataset={name}&split={split}&view=Classes")


def all_open(visitor: Visitor) -> None:
    """Look at three networks and both data sets."""
    for path in (
        "",
        "classify?from=samples&sample=Coat",
        "evaluate?view=Report",
        "evaluate?part=Test&view=Mistakes",
        "evaluate?view=Confidence",
        "explore?view=Classes",
        "explore?view=Map",
        "explore?view=Doubtful+labels",
    ):
        visitor.open(path)
    for name in trained():
        visitor.open(f"evaluate?run={name}")
        visitor.open(f"classify?run={name}&from=samples&sample=Coat")


def trained() -> list[str]:
    """Return the ids of the runs in the server's home."""
    return [run.id for run in runs.list_runs() if run.state is runs.State.FINISHED]


def why(visitor: Visitor) -> None:
    """Ask why a sample is answered as it is."""
    visitor.open("classify?from=samples&sample=Coat")
    visitor.page.get_by_text("Why?").click()
    visitor.page.get_by_text("What would change the answer").wait_for(timeout=60_000)
    visitor.page.wait_for_timeout(2000)


if __name__ == "__main__":
    main()
