"""The process that asks networks: it dies while somebody looks at a page, and nobody notices."""

import re

import psutil
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ANSWER = re.compile("^(It is: |Best guess: |Probably none of the ten)")


def asking(server):
    """Return the process that asks networks for a server; None if there is none."""
    home = str(server.home)
    for process in psutil.Process().children(recursive=True):
        try:
            if (
                "core.networks.worker" in process.cmdline()
                and process.environ().get("ATELIER_HOME") == home
            ):
                return process
        except psutil.Error:  # it ends just now
            continue
    return None


def has_tensorflow(process):
    return any("tensorflow" in each.path for each in process.memory_maps())


def test_it_dies_and_the_next_picture_is_answered(fresh_server, new_visitor):
    with fresh_server() as server:
        visitor = new_visitor(server)
        page, answer = visitor.page, visitor.page.get_by_role("heading", name=ANSWER)
        visitor.open("classify?from=samples&sample=Coat")
        expect(answer).to_be_visible()
        first = asking(server)
        assert first is not None
        assert has_tensorflow(first)
        assert not has_tensorflow(first.parent())  # the server of the pages
        first.kill()  # the server's child, on purpose
        first.wait(30)
        visitor.open("classify?from=samples&sample=Bag")
        expect(answer).to_contain_text("Bag")
        visitor.open("evaluate?view=Robustness")
        expect(page.get_by_text("Press a picture to read how it was changed.")).to_be_visible()
        second = asking(server)
        assert second is not None and second.pid != first.pid
        page.close()  # or it would complain that its server has ended
    second.wait(30)  # with the server
