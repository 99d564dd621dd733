"""The program that asks networks for a server: ``python -m core.networks.worker``.

``core.networks.apart`` starts it and speaks with it (``core.networks.wire``). It knows networks by
the ids of runs only, so it loads no file but those that this app wrote. It ends when its standard
input does: the server has ended, or nobody has asked for long.
"""

import os
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from core.errors import AtelierError
from core.networks import engine, find, wire
from core.networks.network import Network
from core.processes.loading import lean
from core.processes.thrift import thrifty

ASKING = 4  # questions at a time; one network answers one, but another may be loading
METHODS = ("probabilities", "features", "ask", "look")


def answer(header: dict[str, Any], body: bytes) -> bytes:
    """Return the answer to a message; whatever happens, there is one."""
    try:
        network = engine.load(find(str(header["run"])))
        (images,) = wire.arrays([header["shape"]], body, "u1")
        word, found = _asked(network, header, images)
        shapes = [list(each.shape) for each in found]
        told = [np.ascontiguousarray(each, "<f4") for each in found]
        return wire.pack({"id": header["id"], "shapes": shapes, "word": word}, *told)
    except (AtelierError, ValueError) as error:
        name, sentence = type(error).__name__, str(error)
    except Exception as error:  # noqa: BLE001 - a person waits for an answer or a sentence
        traceback.print_exc()
        name = "ModelUnavailable"
        sentence = (
            f"The network of {header.get('run')} could not answer ({type(error).__name__}). Try "
            "again, or choose another network."
        )
    return wire.pack({"id": header["id"], "error": name, "sentence": sentence[:2000]})


def _asked(
    network: Network, header: dict[str, Any], images: np.ndarray
) -> tuple[str, list[np.ndarray]]:
    do = header["do"]
    if do not in METHODS:
        raise ValueError(f"{do!r} is nothing to do")
    if do == "look":
        heat, method = network.look(images, int(header["label"]))
        return method, [heat]
    found = getattr(network, do)(images)
    return "", list(found) if do == "ask" else [found]


def main() -> None:
    """Load, say so, and answer until standard input ends."""
    # What libraries print goes to standard error from now on, which is the log.
    to_server, writing = os.fdopen(os.dup(1), "wb"), threading.Lock()
    os.dup2(2, 1)

    def say(message: bytes) -> None:
        try:
            with writing:
                to_server.write(message)
                to_server.flush()
        except OSError:  # nobody hears it any more
            os._exit(1)

    def reply(header: dict[str, Any], body: bytes) -> None:
        say(answer(header, body))

    thrifty()
    lean()
    engine.warm_now()
    say(wire.pack({"ready": True, "problem": engine.state().problem}))
    with ThreadPoolExecutor(ASKING) as pool:
        while (message := wire.read(sys.stdin.buffer)) is not None:
            pool.submit(reply, *message)
        # TensorFlow's threads and Python's clean-up have nothing left to do that matters.
        os._exit(0)


if __name__ == "__main__":
    main()
