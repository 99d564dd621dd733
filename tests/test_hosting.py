"""What people host the app with: container, compose, Space, development container.

A test can start none of them. So this holds together what they say about ports, folders, versions
and users, and runs the container's check against the real app.
"""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tomllib

import pytest
from packaging.specifiers import SpecifierSet
from streamlit import config

from core.settings import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
DEVELOPMENT = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
SPACE = (ROOT / "hosting" / "huggingface" / "README.md").read_text(encoding="utf-8")
DEPLOY = (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")

# Of the repository, what the running app has no use for.
NOT_SHIPPED = {
    "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "Makefile", "README.md", "benchmarks",
    "biome.json", "compose.yaml", "docs", "jsconfig.json", "package-lock.json", "package.json",
    "pyproject.toml", "requirements-analysis.txt", "requirements-cluster.txt",
    "requirements-dev.txt", "requirements-export.txt", "requirements-postgres.txt",
    "requirements.txt", "run.py", "tests",
}  # fmt: skip


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions: word and rest, lines put together."""
    lines = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in whole)]


def of(word: str) -> list[str]:
    return [rest for each, rest in instructions() if each == word]


def variables() -> dict[str, str]:
    """Return what the Dockerfile sets in the environment."""
    pairs = [pair.partition("=") for rest in of("ENV") for pair in shlex.split(rest)]
    return {name: value for name, _, value in pairs}


def sources() -> list[str]:
    """Return what the Dockerfile copies, by its names in the repository."""
    return [name.rstrip("/") for rest in of("COPY") for name in rest.split()[:-1]]


def check() -> list[str]:
    """Return the command of the container's check, with this Python."""
    (found,) = re.findall(r"CMD (\[.*\])", *of("HEALTHCHECK"))
    program, *arguments = json.loads(found)
    assert program == "python"
    return [sys.executable, *arguments]


def test_what_is_copied_exists_and_gets_past_the_ignore_file():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert set(sources()) == let_in
    for name in sources():
        assert (ROOT / name).exists(), name


def test_what_the_repository_has_is_copied_or_known_to_be_of_no_use():
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, check=True, encoding="utf-8"
    ).stdout.splitlines()
    there = {name.partition("/")[0] for name in listed if not name.startswith(".")}
    copied = {name.partition("/")[0] for name in sources()}
    assert there - copied <= NOT_SHIPPED, "does the container need it? Dockerfile and .dockerignore"
    assert not copied & NOT_SHIPPED


def test_one_version_of_python_that_the_app_runs_on():
    (image,) = of("FROM")
    (version,) = re.findall(r"^python:(3\.\d+)-slim", image)
    assert DEVELOPMENT["image"].endswith(f"python:{version}")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert version in SpecifierSet(project["requires-python"])
    assert f"Python {version}" in DEPLOY


def test_one_port():
    port = variables()["STREAMLIT_SERVER_PORT"]
    assert of("EXPOSE") == [port]
    assert re.findall(r":(\d+)\"$", COMPOSE, re.MULTILINE) == [port]
    assert re.findall(r"^app_port: (\d+)$", SPACE, re.MULTILINE) == [port]
    assert f":{port}" in DEPLOY


def test_all_that_is_written_is_in_the_volume():
    (volume,) = json.loads(*of("VOLUME"))
    assert variables()["ATELIER_HOME"] == volume
    assert variables()["KERAS_HOME"].startswith(f"{volume}/")
    assert re.findall(r"- data:(\S+)$", COMPOSE, re.MULTILINE) == [volume]
    assert variables()["HOME"] == "/tmp" and "read_only: true" in COMPOSE
    assert re.search(r"tmpfs:\n\s+- /tmp\n", COMPOSE)


def test_it_does_not_run_as_root():
    words = [word for word, _ in instructions()]
    (user,) = of("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number: Kubernetes asks for one"
    assert f"--uid {user.partition(':')[0]} " in " ".join(of("RUN"))
    assert words.index("USER") > max(at for at, word in enumerate(words) if word == "RUN")
    assert "sudo" not in DOCKERFILE


def test_the_variables_are_ones_that_somebody_reads():
    options = {
        "STREAMLIT_" + re.sub(r"(?=[A-Z])|\.", "_", name).upper()
        for name in config.get_config_options()
    }
    names = {name for name in variables() if name.startswith("STREAMLIT_")}
    assert names and names <= options
    read = (ROOT / "core" / "settings.py").read_text(encoding="utf-8")
    assert all(name in read for name in variables() if name.startswith("ATELIER_"))


def test_the_app_starts_by_the_entry_that_is_there():
    (command,) = of("CMD")
    *_, entry = json.loads(command)
    assert (ROOT / entry).is_file() and entry in sources()
    assert f"run {entry}" in DEVELOPMENT["postAttachCommand"]["server"]
    for file in re.findall(r"-[rc] (\S+)", DEVELOPMENT["updateContentCommand"]):
        assert (ROOT / file).is_file(), file


@pytest.mark.slow
@pytest.mark.parametrize("below", ["", "/atelier/"])
def test_the_containers_check_answers_for_the_real_app(tmp_path, below):
    """With the Dockerfile's own variables, but for the folders; below a sub-path too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        **variables(),
        "ATELIER_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "STREAMLIT_SERVER_PORT": str(port),
        "STREAMLIT_SERVER_BASE_URL_PATH": below,
        "http_proxy": "http://127.0.0.1:9",  # the operator's, which knows nothing of this machine
    }

    def ask() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            check(),
            cwd=ROOT,
            env=environment,
            capture_output=True,
            check=False,
            encoding="utf-8",
        )

    before = ask()
    assert before.returncode == 1
    assert before.stderr.startswith("The app does not answer at http://127.0.0.1:")
    (command,) = of("CMD")
    app = subprocess.Popen(
        [sys.executable, *json.loads(command)[1:]],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        assert app.stdout is not None
        # Streamlit says where it is once it answers.
        said = next(line for line in app.stdout if "URL" in line)
        assert f":{port}" in said
        after = ask()
        assert (after.returncode, after.stderr) == (0, "")
    finally:
        app.terminate()
        app.communicate(timeout=30)
