"""The program that speaks with a Ray cluster for the server: ``python -m core.jobs.ray_driver``.

It is a process of its own because a Ray driver that loses its cluster ends its process, and because
Ray need not be in the server's memory. One JSON object a line: the server writes ``{"start": run}``
or ``{"cancel": run}``; the program answers ``{"slots": n}`` whenever the number of places changes,
``{"ended": run, "error": text or null}``, and ``{"problem": text}`` before it ends early. When its
standard input closes it ends, and Ray ends its tasks.
"""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, TextIO

from core.jobs.ray_task import train_task
from core.processes.program import line_to_server
from core.settings import settings

LOOK_SECONDS = 0.1
NODES_ROUNDS = 10  # between two looks at the nodes of the cluster


def main() -> int:
    """Run tasks until standard input closes."""
    say = line_to_server()
    commands: queue.Queue[dict[str, str] | None] = queue.Queue()
    connected = threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin, commands, connected), daemon=True).start()
    address, threads = settings().ray_address, settings().threads
    import ray

    try:
        ray.init(address=address, namespace="atelier", log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        say({"problem": (str(error).strip().splitlines() or ["no answer"])[0][:200]})
        return 1
    connected.set()
    # No retries by Ray: the server knows which runs a person has stopped in the meantime.
    options: dict[str, Any] = {"max_calls": 1, "max_retries": 0, "num_cpus": threads}
    task = ray.remote(**options, scheduling_strategy="SPREAD")(train_task)
    environment = {name: os.environ[name] for name in os.environ if name.startswith("ATELIER_")}
    environment["ATELIER_HOME"] = str(settings().home)
    tasks: dict[str, Any] = {}
    slots, rounds = None, 0
    while True:
        if rounds % NODES_ROUNDS == 0 and (found := _slots(ray.nodes(), threads)) != slots:
            slots = found
            say({"slots": slots})
        rounds += 1
        try:
            command = commands.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            pass
        else:
            if command is None:
                return 0
            if run_id := command.get("start"):
                tasks[run_id] = task.remote(run_id, environment, threads)
            elif (run_id := command.get("cancel")) in tasks:
                ray.cancel(tasks[run_id], force=True)
        if tasks:
            ended, _ = ray.wait(list(tasks.values()), num_returns=len(tasks), timeout=0)
            for run_id in [name for name, reference in tasks.items() if reference in ended]:
                problem = _error(lambda: ray.get(tasks[run_id]), ray)  # noqa: B023
                say({"ended": run_id, "error": problem})
                del tasks[run_id]


def _listen(
    lines: TextIO, commands: "queue.Queue[dict[str, str] | None]", connected: threading.Event
) -> None:
    for line in lines:
        commands.put(json.loads(line))
    commands.put(None)
    if not connected.is_set():
        os._exit(1)  # Ray waits long for a cluster, and nobody waits for this any more


def _slots(nodes: Iterable[dict[str, Any]], threads: int) -> int:
    """Return how many runs fit on the nodes that are alive."""
    alive = (node["Resources"] for node in nodes if node["Alive"])
    return sum(int(resources.get("CPU", 0)) // threads for resources in alive)


def _error(get: Callable[[], object], ray: Any) -> str | None:
    """Return the first line of why a task failed, or None."""
    try:
        get()
    except ray.exceptions.RayError as error:
        first = (str(error).strip().splitlines() or [""])[0][:200]
        return f"{type(error).__name__}: {first}"
    return None


if __name__ == "__main__":
    sys.exit(main())
