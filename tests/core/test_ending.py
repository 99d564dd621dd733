"""A process that is asked to end, by whatever signal, closes what it has begun, once."""

import signal
import subprocess
import sys

import pytest

from core.settings import ROOT

CODE = """
import atexit, threading, time
from core.processes import ending

def close():
    print("closing", flush=True)
    time.sleep(0.5)
    print("closed", flush=True)

asked = threading.Event()
ending.when_asked(asked.set)
atexit.register(close)
print("ready", flush=True)
asked.wait()
ending.undisturbed()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals to one process")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGQUIT"])
def test_whoever_asks_again_disturbs_nothing(name: str):
    number = getattr(signal, name)
    with subprocess.Popen(
        [sys.executable, "-c", CODE], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == "closing\n"
        process.send_signal(number)
        assert process.stdout.readline() == "closed\n"
        assert process.wait(20) == 0
