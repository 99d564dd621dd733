"""QR codes: what a camera reads in them is the link."""

import re

import cv2
import numpy as np
import pytest

from core.classroom import links
from core.classroom.qr import BORDER, qr_svg, qr_text

LINK = "http://192.168.178.123:8501/atelier/join/BCDFHJ"


def read(dark: np.ndarray) -> str:
    """Return what OpenCV, which has no part in making them, reads in a code."""
    picture = np.where(np.kron(dark, np.ones((8, 8), bool)), 0, 255).astype(np.uint8)
    return cv2.QRCodeDetector().detectAndDecode(picture)[0]


def test_the_svg_says_the_link_and_has_the_border():
    svg = qr_svg(LINK)
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    assert "width=" not in svg.partition(">")[0] and "<title>QR code of the link</title>" in svg
    dark = np.zeros((side, side), bool)
    x = y = 0.0
    path = re.findall(r' d="([^"]+)"', svg)[-1]  # the one before it is the white ground
    for letter, numbers in re.findall("([Mmh])([^A-Za-z]*)", path):
        values = [float(each) for each in re.findall(r"-?[\d.]+", numbers)]
        if letter == "h":
            dark[int(y), int(x) : int(x + values[0])] = True
            x += values[0]
        else:
            x, y = values if letter == "M" else (x + values[0], y + values[1])
    assert not dark[:BORDER].any() and not dark[:, -BORDER:].any()
    assert read(dark) == LINK


@pytest.mark.parametrize("colours", [True, False])
def test_the_text_says_the_link(colours):
    lines = re.sub("\x1b\\[[0-9;]*m", "", qr_text(LINK, colours=colours)).splitlines()
    assert len({len(line) for line in lines}) == 1 and len(lines) < 24, "it fits on a terminal"
    upper = np.array([[each not in "█▀" for each in line] for line in lines])
    lower = np.array([[each not in "█▄" for each in line] for line in lines])
    dark = np.empty((2 * len(lines), len(lines[0])), bool)
    dark[::2], dark[1::2] = upper, lower
    assert read(np.pad(dark, 4)) == LINK
    assert ("\x1b[" in qr_text(LINK, colours=colours)) == colours


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("localhost", "http://localhost:8501/a"),
        ("192.168.1.20", "http://192.168.1.20:8501/a"),
        ("fd00::1", "http://[fd00::1]:8501/a"),
    ],
)
def test_the_address_of_a_server(address, url):
    assert links.url_of(address, 8501, "/a/") == url


def test_a_server_for_all_is_reached_by_the_computers_own_address(monkeypatch):
    monkeypatch.setattr(links, "network_address", lambda: "10.1.2.3")
    assert links.url_of("0.0.0.0", 80) == "http://10.1.2.3:80"
    monkeypatch.setattr(links, "network_address", lambda: None)
    assert links.url_of("", 80) == "http://localhost:80"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]", "a.localhost"])
def test_names_that_each_computer_has_for_itself(host):
    assert links.is_here(host)
    assert not links.is_here("192.168.1.20") and not links.is_here("localhost.example.org")
