"""The browser of benchmarks: Debian's chromium. Needs ``requirements-dev.txt``."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, sync_playwright


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser, which ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def desk_page() -> Iterator[Page]:
    """Open a page as wide as on a desk, in a browser that ends with the block."""
    with chromium() as browser:
        yield browser.new_page(viewport={"width": 1280, "height": 900})
