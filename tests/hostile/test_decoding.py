"""What happens to the helper that decodes pictures, and what does not happen to this process.

Each picture here is a bomb, or its helper is killed, stopped or replaced by a liar: the request
gets a picture or a sentence in time, and the next one works.
"""

import contextlib
import io
import os
import struct
import subprocess
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pillow_heif
import psutil
import pytest
from PIL import Image

from core.errors import ImageRejected
from core.imaging import helper
from core.imaging.decoder import MEMORY
from core.imaging.gate import MAX_SIDE, Picture, open_picture
from core.processes.identity import start_time
from core.settings import ROOT

pillow_heif.register_heif_opener()

MEGABYTE = 1024**2
SLACK = 2.0  # seconds beyond ``LATE``: a helper may have to start, on a machine under load

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="macOS and Windows know no such limit")


def encode(image: Image.Image, form: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, depth: int, colour: int, before: bytes = b"") -> bytes:
    """Return a PNG of zeros; of a large one at most 30 MB of them, which is enough to notice."""
    row = 1 + (width * depth * {0: 1, 2: 3, 6: 4}[colour] + 7) // 8
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(bytes(min(row * height, 30 * MEGABYTE)), 1)
    parts = chunk(b"IHDR", header), before, chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def photo() -> bytes:
    noise = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    return encode(Image.fromarray(noise).resize((533, 400)), "JPEG")


def large(form: str, size: tuple[int, int] = (8160, 6120), **options) -> bytes:
    image = Image.new("RGB", size, "white")
    image.paste("red", (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    return encode(image, form, **options)


def gif(frames: int) -> bytes:
    data = encode(Image.effect_noise((16, 16), 90).convert("P"), "GIF")
    colours = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    return data[:colours] + data[colours:-1] * frames + b";"


def with_chunk(kind: bytes, start: bytes, text: bytes) -> bytes:
    return png(64, 64, depth=8, colour=2, before=chunk(kind, start + text))


def compressed() -> bytes:
    return zlib.compress(bytes(100 * MEGABYTE), 1)


def orientation(value: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return encode(Image.new("RGB", (64, 48), "red"), "JPEG", exif=exif)


def lying(form: str, sizes: bytes, claimed: bytes) -> bytes:
    """Return a small picture whose head claims another size.

    Args:
        form: of it.
        sizes: what stands there now, as often as it does.
        claimed: what is to stand there, of the same length.
    """
    data = encode(Image.effect_noise((64, 64), 90).convert("RGB"), form)
    assert sizes in data and len(sizes) == len(claimed)
    return data.replace(sizes, claimed)


def ispe(width: int, height: int) -> bytes:
    return b"ispe\0\0\0\0" + struct.pack(">II", width, height)


def tiff_size(width: int, height: int) -> bytes:
    return struct.pack("<HHIIHHII", 256, 4, 1, width, 257, 4, 1, height)


def blank_frames(form: str, count: int) -> bytes:
    frames = [Image.new("RGB", (16, 16), (255, 255, 250 + each % 2)) for each in range(count)]
    return encode(frames[0], form, save_all=True, append_images=frames[1:])


# How to make a file, and a word of the sentence about it; "" where a picture comes out.
BOMBS = {
    "60000 squared.png": (lambda: png(60_000, 60_000, depth=1, colour=0), "megapixels"),
    "in colour.png": (lambda: png(60_000, 60_000, depth=16, colour=6), "megapixels"),
    "cut at 49 megapixels.png": (lambda: png(7000, 7000, depth=16, colour=6), "damaged"),
    "large.webp": (lambda: large("WEBP", (6000, 5000), method=0, quality=20), "of a WebP"),
    "5000 frames.gif": (lambda: gif(5000), ""),
    "zTXt.png": (lambda: with_chunk(b"zTXt", b"a\0\0", compressed()), "damaged"),
    "iTXt.png": (lambda: with_chunk(b"iTXt", b"a\0\1\0\0\0", compressed()), "damaged"),
    "iCCP.png": (lambda: with_chunk(b"iCCP", b"a\0\0", compressed()), "damaged"),
    "a colour profile of 5 MB.png": (
        lambda: with_chunk(b"iCCP", b"a\0\0", zlib.compress(bytes(5 * MEGABYTE), 1)),
        "",
    ),
    "tEXt.png": (lambda: with_chunk(b"tEXt", b"a\0", bytes(100 * MEGABYTE)), "at most 25 MB"),
    "cut.jpg": (lambda: photo()[:9000], "damaged"),
    "zeros.jpg": (lambda: bytes(5 * MEGABYTE), "not a picture"),
    "drawing.svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "paper.jpg": (lambda: b"%PDF-1.7\n" + bytes(9999), "PDF"),
    "orientation 9.jpg": (lambda: orientation(9), ""),
    "60000 squared.tif": (
        lambda: lying("TIFF", tiff_size(64, 64), tiff_size(60_000, 60_000)),
        "megapixels",
    ),
    "49 megapixels of nothing.tif": (
        lambda: lying("TIFF", tiff_size(64, 64), tiff_size(7000, 7000)),
        "damaged",
    ),
    "49 megapixels.tif": (lambda: large("TIFF", (7000, 7000), compression="tiff_lzw"), ""),
    "200 pages.tif": (lambda: blank_frames("TIFF", 200), ""),
    "60000 squared.avif": (lambda: lying("AVIF", ispe(64, 64), ispe(60_000, 60_000)), "AVIF"),
    "16000 squared.avif": (lambda: lying("AVIF", ispe(64, 64), ispe(16_000, 16_000)), "megapixels"),
    "larger than it says.avif": (lambda: lying("AVIF", ispe(64, 64), ispe(8, 8)), ""),
    "100 frames.avif": (lambda: blank_frames("AVIF", 100), ""),
    "60000 squared.heic": (lambda: lying("HEIF", ispe(64, 64), ispe(60_000, 60_000)), "28 mega"),
    "16000 squared.heic": (lambda: lying("HEIF", ispe(64, 64), ispe(16_000, 16_000)), "megapixels"),
    "5000 squared.heic": (lambda: lying("HEIF", ispe(64, 64), ispe(5000, 5000)), "damaged"),
    "header alone.heic": (lambda: encode(Image.new("RGB", (64, 48)), "HEIF")[:300], "HEIC"),
    "header alone.bmp": (lambda: encode(Image.new("RGB", (64, 48)), "BMP")[:60], "damaged"),
}


@cache
def bomb(name: str) -> bytes:
    """Return a file of ``BOMBS``."""
    return BOMBS[name][0]()


def in_time(data: bytes, name: str = "picture") -> Picture | str:
    """Return the picture or the sentence; there is no third."""
    begin = time.monotonic()
    try:
        result: Picture | str = open_picture(data, name)
    except ImageRejected as error:
        result = str(error)
        assert result.endswith(".") and 40 < len(result) < 320 and result.isprintable()
    assert time.monotonic() - begin < helper.LATE + SLACK
    return result


def helpers() -> list[int]:
    """Return the process ids of our helpers, as the system sees them."""
    found = []
    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # one that is just ending has no name left
            if "core.imaging.decoder" in each.cmdline():
                found.append(each.pid)
    return found


def cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def own_memory() -> int:
    return psutil.Process().memory_info().rss


def wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def pool(monkeypatch):
    """Have helpers of this test's own, to do to them what one likes."""
    mine = helper._Pool(2)
    monkeypatch.setattr(helper, "_POOL", mine)
    yield mine
    mine.close()


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_a_picture_or_a_sentence(name):
    word = BOMBS[name][1]
    result = in_time(bomb(name), name)
    assert isinstance(result, Picture) if not word else word in result, result
    if name.startswith("orientation"):
        assert result.rgb.size == (64, 48) and not result.notes
    assert isinstance(in_time(photo()), Picture)


@pytest.mark.parametrize(
    ("form", "size", "options"),
    [
        ("JPEG", (8160, 6120), {"quality": 60}),
        ("PNG", (8160, 6120), {"compress_level": 1}),
        ("WEBP", (4800, 3700), {"quality": 40, "method": 0}),
        ("WEBP", (4800, 3700), {"lossless": True, "method": 0, "quality": 0}),
    ],
)
def test_the_largest_honest_pictures_fit_into_the_limits(form, size, options):
    result = in_time(large(form, size, **options), f"a.{form.lower()}")
    assert isinstance(result, Picture) and max(result.rgb.size) == MAX_SIDE, result


def ask_in_background(data: bytes) -> tuple[threading.Thread, list[Picture | str]]:
    results: list[Picture | str] = []
    thread = threading.Thread(target=lambda: results.append(in_time(data)))
    thread.start()
    return thread, results


@pytest.fixture(scope="module")
def slow() -> bytes:
    """Return a PNG that keeps a helper busy for about a second."""
    row = np.arange(6000, dtype=np.uint16) * 11
    return encode(Image.fromarray(np.broadcast_to(row, (8000, 6000)).copy()), "PNG",
                  compress_level=1)  # fmt: skip


@pytest.mark.parametrize(
    ("blow", "said"),
    [
        (psutil.Process.kill, "broke off"),
        (psutil.Process.terminate, "broke off"),
        (psutil.Process.suspend, "within 4 seconds"),
    ],
)
def test_a_helper_that_dies_or_hangs_while_it_decodes_costs_one_request(
    pool, slow, blow, said, monkeypatch
):
    monkeypatch.setattr(helper, "LATE", 4.0)
    assert isinstance(in_time(photo()), Picture)
    before = {pid: cpu_seconds(pid) for pid in helpers()}
    thread, results = ask_in_background(slow)

    def busy() -> int | None:
        found = (pid for pid in helpers() if cpu_seconds(pid) > before.get(pid, 0) + 0.1)
        with contextlib.suppress(psutil.NoSuchProcess):
            return next(found, None)
        return None

    wait_until(busy)
    victim = busy()
    blow(psutil.Process(victim))
    thread.join()
    assert said in results[0], results
    assert victim not in helpers()  # nor left as a zombie
    assert not psutil.pid_exists(victim)
    for _ in range(3):
        assert isinstance(in_time(photo()), Picture)


def test_a_helper_that_died_while_idle_costs_nothing(pool):
    assert isinstance(in_time(photo()), Picture)
    psutil.Process(helpers()[-1]).kill()
    time.sleep(0.1)
    assert isinstance(in_time(photo()), Picture)


def test_thirty_at_once_with_bombs_among_them(pool):
    own = os.getpid()
    files = [data for name in BOMBS for data in (bomb(name), photo())]
    assert len(files) >= 30
    with ThreadPoolExecutor(len(files)) as threads:
        results = list(threads.map(in_time, files))
    assert all(isinstance(each, Picture) for each in results[1::2])
    assert len(helpers()) <= 2 * 2  # of this pool, and of the one before it
    assert os.getpid() == own


def test_memory_is_back_where_it_was():
    big = large("JPEG", (4000, 3000), quality=60)

    def round_of_bombs() -> None:
        for data in [big] * 5 + [bomb(name) for name in BOMBS]:
            in_time(data)

    round_of_bombs()
    before = own_memory()
    for _ in range(3):
        round_of_bombs()
    assert own_memory() - before < 8 * MEGABYTE


@LINUX
def test_the_limits_are_those_of_the_operating_system():
    in_time(photo())
    for pid in helpers():
        limit = psutil.Process(pid).rlimit
        assert limit(psutil.RLIMIT_AS)[0] == MEMORY
        assert limit(psutil.RLIMIT_CORE)[0] == 0
        assert limit(psutil.RLIMIT_CPU)[0] < cpu_seconds(pid) + 6


def test_helpers_end_with_a_killed_server():
    code = (
        "import sys; from core.imaging.gate import open_picture; from core.imaging import helper;"
        "open_picture(sys.stdin.buffer.read());"
        "print(helper._POOL._idle[-1].pid, flush=True); import time; time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as server:
        server.stdin.write(photo())
        server.stdin.close()
        pid = int(server.stdout.readline())
        assert start_time(pid) is not None
        server.kill()
    wait_until(lambda: start_time(pid) is None)


def program(code: str) -> list[str]:
    return [sys.executable, "-c", f"import core.imaging.decoder as decoder\n{code}"]


def test_what_a_library_prints_is_not_an_answer(pool, monkeypatch):
    noisy = (
        "import os\nreal = decoder.decode\n"
        "def decode(*arguments):\n"
        "    print('libpng warning'); os.write(1, bytes(1000))\n"
        "    return real(*arguments)\n"
        "decoder.decode = decode\ndecoder.main()"
    )
    monkeypatch.setattr(helper, "_COMMAND", program(noisy))
    for _ in range(3):
        assert isinstance(in_time(photo()), Picture)


def test_a_helper_retires_and_its_successor_goes_on(pool, monkeypatch):
    monkeypatch.setattr(helper, "_COMMAND", program("decoder.PICTURES = 2\ndecoder.main()"))
    seen = set()
    for _ in range(5):
        assert isinstance(in_time(photo()), Picture)
        seen.add(pool._idle[-1].pid)
    assert len(seen) == 3


def test_more_memory_than_allowed_is_a_sentence_and_a_new_helper(pool, monkeypatch):
    hungry = "decoder.decode = lambda data, name: bytes(10**9)\n"
    real = "real = decoder.decode\n"
    wrapped = (
        "def decode(data, name):\n"
        "    import time\n"
        "    from PIL import Image\n"
        # Held for a while: where a thread looks at the memory, it has to see it.
        "    Image.Image.load = lambda self: (b'1' * 10**9, time.sleep(2))\n"
        "    return real(data, name)\n"
        "decoder.decode = decode\ndecoder.main()"
    )
    monkeypatch.setattr(helper, "_COMMAND", program(real + wrapped))
    assert "512 MB" in in_time(photo())
    # A memory error outside of the decoders ends the helper, as any other mistake there would.
    pool.close()
    monkeypatch.setattr(helper, "_COMMAND", program(hungry + "decoder.main()"))
    assert "broke off" in in_time(photo())


def test_more_time_than_allowed_is_a_sentence_and_a_new_helper(pool, monkeypatch):
    endless = "decoder.SECONDS = 1\ndef decode(data, name):\n    while True: pass\n"
    with monkeypatch.context() as patch:
        patch.setattr(helper, "LATE", 60.0)  # however busy this machine is
        patch.setattr(
            helper, "_COMMAND", program(endless + "decoder.decode = decode\ndecoder.main()")
        )
        assert "takes longer than 3 seconds" in in_time(photo())
    pool.close()
    assert isinstance(in_time(photo()), Picture)


LIES = {
    "a picture too large": {"size": [MAX_SIDE + 1, 9], "notes": []},
    "no picture": {"size": [0, 9], "notes": []},
    "a negative one": {"size": [-9, -9], "notes": []},
    "not a size": {"size": "9 x 9", "notes": []},
    "no notes": {"size": [9, 9]},
    "too many notes": {"size": [9, 9], "notes": ["a"] * 99},
    "fewer pixels than announced": {"size": [99, 99], "notes": []},
    "a list": [1, 2],
}


def liar(answer: str) -> list[str]:
    """Return a program that says it is ready, waits for the file, and gives this answer."""
    return program(
        "import sys\nout = sys.stdout.buffer\n"
        "decoder._send(out, {'ready': True})\nsys.stdin.buffer.read(100)\n" + answer
    )


@pytest.mark.parametrize("lie", LIES)
def test_a_helper_that_lies_is_not_believed(pool, monkeypatch, lie):
    monkeypatch.setattr(helper, "_COMMAND", liar(f"decoder._send(out, {LIES[lie]!r}, bytes(60))"))
    assert "broke off" in in_time(photo())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("out.write(b'\\xff' * 5000)", id="an endless header"),
        pytest.param("out.write(decoder.LENGTH.pack(6000) + b'[' * 6000)", id="too deep"),
        pytest.param("out.write(decoder.LENGTH.pack(4) + b'\\xff{}\\0')", id="not JSON"),
        pytest.param("out.write(b'\\0')", id="half a header"),
        pytest.param("sys.exit(3)", id="nothing"),
    ],
)
def test_a_helper_that_talks_nonsense_is_not_believed(pool, monkeypatch, answer):
    monkeypatch.setattr(helper, "_COMMAND", liar(answer))
    assert "broke off" in in_time(photo())


def test_the_sentence_of_a_helper_is_made_harmless(pool, monkeypatch):
    lie = {"rejected": "<script> [x](http://y) \x1b[2J" + "a" * 5000}
    monkeypatch.setattr(helper, "_COMMAND", liar(f"decoder._send(out, {lie!r})"))
    with pytest.raises(ImageRejected) as caught:
        open_picture(photo())
    assert len(str(caught.value)) <= helper.MAX_SENTENCE
    assert not set("<[\x1b") & set(str(caught.value))


@pytest.mark.parametrize(
    ("command", "reason"),
    [(["/nowhere/python"], "No such file"), (program("raise SystemExit"), "no sign of life")],
)
def test_a_helper_that_cannot_start_is_a_sentence(pool, monkeypatch, command, reason):
    with monkeypatch.context() as patch:
        patch.setattr(helper, "_COMMAND", command)
        sentence = in_time(photo())
    assert "does not start" in sentence and reason in sentence
    assert isinstance(in_time(photo()), Picture)


def test_turns_are_fair_and_waiting_ends_with_a_sentence(monkeypatch):
    pool = helper._Pool(1)
    monkeypatch.setattr(helper, "_POOL", pool)
    monkeypatch.setattr(helper, "WAIT", 0.2)
    mine = pool.take(1, "first")
    assert "did not get its turn" in in_time(photo())
    order: list[int] = []

    def wait_for_turn(number: int) -> None:
        turn = pool.take(5, "another")
        order.append(number)
        pool.give_back(turn)

    threads = []
    for number in range(6):
        threads.append(threading.Thread(target=wait_for_turn, args=(number,)))
        threads[-1].start()
        wait_until(lambda: len(pool._waiting) == len(threads))
    pool.give_back(mine)
    for thread in threads:
        thread.join()
    assert order == list(range(6))
