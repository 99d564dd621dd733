"""Whether ``ATELIER_PROFILE=small`` keeps its word: ``python -m core benchmark small``.

The word is 1 GB for everything but training and 2.7 GB with it. Starts servers of its own with that
profile, walks through them in Debian's chromium, and adds up the memory of the server and of all
that it has started, some times a second. Who takes more than the limit is ended, and the benchmark
fails. As for a container's kernel, what counts is memory that cannot be dropped. Pages of files,
such as TensorFlow's code and the data sets, are read again when they were dropped; what all takes
with them is told beside it. Needs Linux and ``requirements-dev.txt``. Where CIFAR-10 is not on this
machine, random pixels take its place, which take as much memory.
"""

import argparse
import contextlib
import io
import os
import re
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from benchmarks._browser import desk_page
from benchmarks._machine import describe
from benchmarks._results import publish
from benchmarks._server import memory_of, server, together, train_two
from benchmarks.views import Visitor
from core import datasets, runs
from core.datasets import cifar10
from core.settings import ASSETS, forget_settings

LIMIT, LIMIT_TRAINING = 1_000_000_000, 2_700_000_000
EVERY = 0.1  # seconds between two looks
PATIENCE = 180_000  # ms

# What a process does, by what its command line has.
PROGRAMS = {
    "streamlit run": "server",
    "core.networks.worker": "asking networks",
    "core.tasks.worker": "background task",
    "core.training.worker": "training",
    "core.imaging.decoder": "reading pictures",
    "core.datasets.sources": "reading data",
}
PATHS = (
    "",
    "explore?split=Test",
    "explore?view=Classes",
    "explore?view=Map",
    "explore?view=Doubtful+labels",
    "explore?dataset=cifar-10&split=Training",
    "explore?dataset=cifar-10&split=Test",
    "train",
    "runs",
    "evaluate",
    "evaluate?view=Report",
    "evaluate?part=Test&view=Mistakes",
    "evaluate?view=Confidence",
    "evaluate?view=Examples",
    "classify?from=samples",
)
# The form's own, all images in colour, and a large network in large batches; no more of each than
# shows what it takes.
TRAININGS = {
    "the form as it is": "train",
    "50,000 colour images": "train?dataset=cifar-10&architecture=Strided+CNN&epochs=1",
    "a large network, batches of 512": (
        "train?architecture=Residual+CNN&epochs=1&limit=2000&batch_size=512"
    ),
}


class TooMuchError(RuntimeError):
    """A server took more memory than it may."""


@dataclass
class Watch:
    """Looks at the memory of a process and all that it has started, and ends them above a limit.

    Attributes:
        pid: of the process.
        limit: bytes.
        peak: bytes that cannot be dropped, the most since ``begin``.
        with_files: bytes, the most with all files that they have mapped.
        parts: what the peak consisted of, bytes by what the processes do.
        exceeded: whether they were ended.
    """

    pid: int
    limit: int
    peak: int = 0
    with_files: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    exceeded: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def looking(self) -> Iterator["Watch"]:
        """Look while the block runs."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def begin(self) -> None:
        """Forget the peak so far."""
        with self._lock:
            self.peak, self.with_files, self.parts = 0, 0, Counter()

    def check(self, what: str) -> None:
        """Raise where the limit was passed.

        Raises:
            TooMuchError: it was; the message says by what.
        """
        if self.exceeded:
            raise TooMuchError(
                f"{what}: {self.peak / 1e6:,.0f} MB of {self.limit / 1e6:,.0f}: {self.words()}"
            )

    def words(self) -> str:
        """Return what the peak consisted of."""
        return ", ".join(f"{does} {size / 1e6:,.0f}" for does, size in self.parts.most_common())

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            found, parts = [], Counter[str]()
            processes = self._processes()
            for process in processes:
                with contextlib.suppress(psutil.Error):  # it has just ended
                    line = " ".join(process.cmdline())
                    does = next((does for name, does in PROGRAMS.items() if name in line), "other")
                    memory = memory_of(process)
                    found.append(memory)
                    parts[does] += memory.own
            with self._lock:
                self.with_files = max(self.with_files, together(found))
                if parts.total() > self.peak:
                    self.peak, self.parts = parts.total(), parts
            if parts.total() > self.limit:
                self.exceeded = True
                for process in processes:
                    with contextlib.suppress(psutil.Error):
                        process.kill()

    def _processes(self) -> list[psutil.Process]:
        try:
            parent = psutil.Process(self.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@dataclass
class Walk:
    """A visitor of one server under a limit, and the rows of the table so far."""

    visitor: Visitor
    watch: Watch
    rows: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Measure what the block does.

        Raises:
            TooMuchError: the limit was passed.
        """
        self.watch.begin()
        try:
            yield
        finally:
            self.watch.check(what)
        sys.stderr.write(
            f"{what}: {self.watch.peak / 1e6:,.0f} MB: {self.watch.words()}; "
            f"with files {self.watch.with_files / 1e6:,.0f}\n"
        )
        self.rows.append(
            f"| {what} | {self.watch.limit / 1e6:,.0f} | {self.watch.peak / 1e6:,.0f} "
            f"| {self.watch.words()} | {self.watch.with_files / 1e6:,.0f} |"
        )

    def pages(self) -> None:
        """Look at every page, every data set and every network."""
        for path in PATHS:
            self.visitor.open(path)
        for run in finished():
            for page in ("evaluate", "classify"):
                self.visitor.open(f"{page}?run={run}")
        self.visitor.open("runs?runs=" + ",".join(finished()))

    def why(self) -> None:
        """Ask why a sample is answered as it is."""
        self.visitor.open("classify?from=samples&sample=Coat")
        self.visitor.page.get_by_text("Why?").click()
        self.visitor.page.get_by_text("What would change the answer").wait_for(timeout=PATIENCE)
        self.visitor.page.wait_for_timeout(2000)

    def pictures(self) -> None:
        """Bring a photo of 12 megapixels, then twenty smaller ones at once."""
        page = self.visitor.page
        self.visitor.open("classify")
        page.locator("input[type=file]").set_input_files(photo(4000, 3000))
        page.get_by_text(re.compile("^(It is:|Best guess:|Probably none) ")).wait_for(
            timeout=PATIENCE
        )
        self.visitor.open("classify?view=Several")
        page.locator("input[type=file]").first.set_input_files(
            [photo(1600, 1200, number) for number in range(20)]
        )
        expect(page.get_by_text(re.compile("^20 pictures"))).to_be_visible(timeout=PATIENCE)

    def data(self) -> None:
        """Bring 60,000 images as a data set of one's own."""
        page = self.visitor.page
        self.visitor.open("explore?view=Your+data")
        folder = ASSETS / "fashion-mnist"
        page.locator("input[type=file]").set_input_files(sorted(folder.glob("train-*.gz")))
        page.get_by_role("button", name="Check the files").click()
        page.get_by_role("button", name="Import", exact=True).click(timeout=PATIENCE)
        page.get_by_role("button", name="Explore it").wait_for(timeout=PATIENCE)
        page.get_by_role("button", name="Explore it").click()
        self.visitor.page.wait_for_timeout(3000)

    def robustness(self, run: str) -> None:
        """Work out in the background what is left of a network's accuracy on worse pictures."""
        page = self.visitor.page
        self.visitor.open(f"evaluate?run={run}&view=Robustness")
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_text("Accuracy on corrupted images").wait_for(timeout=PATIENCE)

    def train(self, path: str) -> str:
        """Train, look at other pages meanwhile, and return how it ended."""
        page = self.visitor.page
        self.visitor.open(path)
        page.get_by_role("button", name="Train", exact=True).click()
        page.wait_for_url(re.compile("run="))
        (run,) = re.findall("run=([^&]+)", page.url)
        for other in ("classify?from=samples", "evaluate", f"train?run={run}"):
            self.visitor.open(other)
        while runs.read(run).state.active and not self.watch.exceeded:
            page.wait_for_timeout(500)
        ended = runs.read(run)
        return f"{ended.state.value}. {ended.reason or ''}".strip()


def photo(width: int, height: int, seed: int = 0) -> FilePayload:
    """Return a JPEG of something, to upload."""
    chance = np.random.default_rng(seed)
    small = Image.fromarray(chance.integers(0, 255, (12, 16, 3), np.uint8))
    file = io.BytesIO()
    small.resize((width, height)).save(file, "JPEG")
    return {"name": f"{seed}.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def finished() -> list[str]:
    """Return the ids of the runs in the server's home that have finished."""
    return [run.id for run in runs.list_runs() if run.state is runs.State.FINISHED]


def random_pixels(folder: Path) -> None:
    """Write a data set of the form of CIFAR-10's."""
    chance = np.random.default_rng(0)
    for stem in (stem for stems in cifar10.STEMS.values() for stem in stems):
        records = chance.integers(0, 256, (cifar10.PER_FILE, cifar10.RECORD), np.uint8)
        records[:, 0] %= 10
        records.tofile(folder / f"{stem}.bin")


@contextlib.contextmanager
def walk(page: Page, home: Path, limit: int) -> Iterator[Walk]:
    """Start a server with the small profile, watched from its first moment."""
    with server(home) as app, Watch(app.pid, limit).looking() as watch:
        yield Walk(Visitor(page, app.address), watch)


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/RESULTS.md")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as pixels,
        desk_page() as page,
    ):
        os.environ |= {"ATELIER_HOME": folder, "ATELIER_PROFILE": "small"}
        colour = "CIFAR-10"
        if datasets.find("cifar-10").missing():
            random_pixels(Path(pixels))
            os.environ["ATELIER_CIFAR10"] = pixels
            colour = "random pixels for CIFAR-10"
        forget_settings()
        train_two()
        first = finished()[0]
        rows, ends = [], []
        with walk(page, Path(folder), LIMIT) as small:
            with small.step("all pages, both data sets, four networks"):
                small.pages()
            with small.step("“Why?” of an answer"):
                small.why()
            with small.step("a photo of 12 megapixels, then 20 pictures at once"):
                small.pictures()
            with small.step("60,000 images imported as a data set"):
                small.data()
            with small.step("robustness, a background task"):
                small.robustness(first)
            with small.step("all pages once more"):
                small.pages()
            rows += small.rows
        with walk(page, Path(folder), LIMIT_TRAINING) as large:
            large.pages()
            large.why()
            for title, path in TRAININGS.items():
                with large.step(f"training: {title}; pages meanwhile"):
                    ends.append(f"- {title}: {large.train(path)}")
            rows += large.rows
    lines = [
        describe(),
        "",
        f"With {colour}.",
        "",
        "| what people do | limit, MB | most MB at once | of it | with mapped files |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
        "How the trainings ended:",
        "",
        *ends,
    ]
    publish("small", "\n".join(lines), write=options.write)


if __name__ == "__main__":
    main()
