"""A program in the place of ``core.tasks.worker`` that takes no TensorFlow to start.

Its kinds say what it does; it is no test.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np

from core import runs
from core.runs.analysis import stamp_of, write_analysis


def main() -> None:
    kind, run_id, output = sys.argv[1:]
    path = Path(output)
    threading.Thread(target=end_with_server, daemon=True).start()
    path.with_name(f"{kind}.pid").write_text(str(os.getpid()), encoding="utf-8")
    say(0)
    if kind.startswith("wait"):
        say(0.25)
        while not path.with_name("go").exists():
            time.sleep(0.01)
    elif kind == "fail":
        say("The images are gone. Put them back.")
        sys.exit(1)
    elif kind == "die":
        os.kill(os.getpid(), 9)
    elif kind == "babble":
        os.write(1, b"\xff\xfe\n[[[\nNaN\n1e400\n-1\n" + b"x" * 100_000 + b"\ntrue\n{}\n")
    elif kind == "eat":
        eaten = np.ones(50_000_000)  # 400 MB
        time.sleep(60)
        say(float(eaten[0]))
    elif kind == "nothing":
        os._exit(0)
    say(1)
    write_analysis(path, {"answer": np.arange(3)}, stamp_of(runs.read(run_id)))


def say(value: object) -> None:
    print(json.dumps(value), flush=True)  # noqa: T201 - this is how a program speaks to the server


def end_with_server() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
    os._exit(0)  # as the real one: the thread that waits for the server may not be waited for
