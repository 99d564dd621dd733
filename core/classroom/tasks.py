"""A task for a class: a question, the settings that are given, and what counts.

A task is a TOML file that a teacher can write by hand; eight come with the app, in
``assets/tasks``. It is checked as a stranger's: each kind of nonsense has a sentence.

```toml
id = "learning-rate"
title = "The size of a step"
question = "Which learning rate learns most in five epochs?"
see = "Where the curve is flat, and where it jumps."
shows = ["learning_rate"]

[given]
dataset = "fashion-mnist"
architecture = "mlp"
limit = 12000

[limits]
epochs = 5

[guess]
kind = "choice"
question = "Which one will win?"
choices = ["0.001", "0.1"]

[counts]
what = "validation"
```

Everything but ``id``, ``title`` and ``question`` may be left out. ``given`` knows ``dataset``,
``architecture``, ``recipe`` and the settings of ``core.architectures.settings``, and ``shows`` all
of them but the data set. What is not shown stays as it is given, or else as the recipe has it.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Self

from core import architectures, datasets
from core.architectures.settings import SETTINGS, count
from core.classroom import task_files
from core.classroom.questions import (
    CURVES,
    Counts,
    Figure,
    Kind,
    Limits,
    Question,
    What,
    check_text,
)
from core.classroom.task_files import TEXT, TITLE
from core.classroom.task_links import (
    from_link,
    network_link,
    network_name,
    network_words,
    query_of,
    to_link,
)
from core.errors import SettingsError
from core.runs import TrainingConfig
from core.settings import ASSETS

__all__ = [
    "CONTROLS",
    "CURVES",
    "SHOWABLE",
    "Counts",
    "Figure",
    "Kind",
    "Limits",
    "Question",
    "Task",
    "What",
    "bundled",
    "control_title",
    "find",
    "query_of",
    "read_task",
    "task_of_config",
    "task_of_link",
]

NO_LIMITS, ACCURACY = Limits(), Counts()  # what a task has that says nothing
FOLDER = ASSETS / "tasks"
MOST_BYTES = 20_000  # of a task file
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
FIRST_DATA = "fashion-mnist"
NETWORK = ("dataset", "architecture", "recipe")
CONTROLS = (*NETWORK, *SETTINGS)  # what may be given
ASKED = "How accurate can you make this network?"  # where a link asks nothing
SHOWABLE = CONTROLS[1:]  # all work on the same data


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        id: in files and links.
        title: of one line.
        question: what is to be found out; a text.
        see: what there is to see, for afterwards; a text, may be empty.
        given: the settings that are given, by name (``CONTROLS``), as ``Setting.check`` keeps them.
        shows: which controls the student sees, in the order of ``SHOWABLE``.
        limits: what is allowed.
        guess: what is asked before the first run, or None.
        counts: what hand-ins are placed by.

    Raises:
        SettingsError: a value cannot be; the sentence says what could.
    """

    id: str
    title: str
    question: str
    see: str = ""
    given: Mapping[str, Any] = field(default_factory=dict, hash=False)
    shows: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS
    guess: Question | None = None
    counts: Counts = ACCURACY

    def __post_init__(self) -> None:
        """Check the texts, and that the settings make a run."""
        if not isinstance(self.id, str) or not ID.fullmatch(self.id):
            raise SettingsError(
                f"The id {str(self.id)[:40]!r} cannot be used. Write 1 to 40 small letters, digits "
                "and hyphens, such as learning-rate."
            )
        texts = (("title", TITLE, False), ("question", TEXT, True), ("see", TEXT, True))
        for name, longest, lines in texts:
            text = check_text(name, getattr(self, name), longest, lines=lines)
            object.__setattr__(self, name, text)
        if not self.title or not self.question:
            raise SettingsError("A task needs a title and a question. Write both.")
        _check_known("given", self.given, CONTROLS)
        _check_known("shows", self.shows, SHOWABLE)
        shows = tuple(name for name in SHOWABLE if name in self.shows)
        object.__setattr__(self, "shows", shows)
        given = {
            name: SETTINGS[name].check(value) if name in SETTINGS else value
            for name, value in self.given.items()
        }
        object.__setattr__(self, "given", given)
        if problem := self.refusal(self.config()):
            raise SettingsError(f"The settings that are given do not keep to the limits. {problem}")

    @property
    def dataset(self) -> str:
        """The name of the data set that it is given with."""
        return str(self.given.get("dataset", FIRST_DATA))

    def config(self, changes: Mapping[str, Any] | None = None) -> TrainingConfig:
        """Return what a run of the task does.

        Args:
            changes: what the student chose, by name; what is not shown cannot be changed.

        Raises:
            SettingsError: a value cannot be, or may not be changed here.
        """
        changes = changes or {}
        for name in changes:
            if name not in self.shows:
                raise SettingsError(f"“{control_title(name)}” is given in this task.")
        values = {**self.given, **changes}
        if "architecture" in changes and "recipe" not in changes:
            values["recipe"] = self._recipe_of(changes["architecture"])
        return _config(values)

    def refusal(self, config: TrainingConfig) -> str | None:
        """Say why a run with these settings is not one of this task, as a sentence; None if it is.

        What changes no curve, as TensorBoard's files, is free.
        """
        own = self.config()
        found = {
            "dataset": config.dataset,
            "architecture": config.architecture,
            "recipe": config.recipe_name,
        }
        wanted = {
            "dataset": own.dataset,
            "architecture": own.architecture,
            "recipe": self._recipe_of(config.architecture),
        }
        for name in NETWORK:
            if name not in self.shows and found[name] != wanted[name]:
                return self._other(name, wanted[name])
        given = {name: value for name, value in self.given.items() if name not in NETWORK}
        expected, values = _config(found | given).flat(), config.flat()
        for name, setting in SETTINGS.items():
            if name in self.shows or not setting.shapes or values[name] == expected[name]:
                continue
            if setting.acts(values):
                return self._other(name, expected[name])
        most = self.limits.epochs
        if most is not None and config.recipe.epochs > most:
            return f"This task allows a run at most {count(most, 'epoch')}. Choose fewer."
        most = self.limits.images
        if most is not None and config.used > most:
            return f"This task allows a run at most {most:,} training images. Choose fewer."
        return None

    def _recipe_of(self, architecture: str) -> str:
        """Return the recipe that a network has in this task: the one given, if it has that."""
        names = architectures.find(architecture).recipe_names
        given = self.given.get("recipe")
        return str(given if given in names else names[0])

    def _other(self, name: str, value: Any) -> str:
        words = SETTINGS[name].words(value) if name in SETTINGS else network_words(name, value)
        return (
            f"This is not a run of the task “{self.title}”: there, “{control_title(name)}” is "
            f"{words}. Start from the task's settings."
        )

    def link(self) -> dict[str, list[str]]:
        """Return the settings as the query of a link to the Train page, in the pages' own words.

        ``task_of_link`` reads it again. A key may have several values.
        """
        query = {}
        for name in CONTROLS:
            if name in self.given:
                value, setting = self.given[name], SETTINGS.get(name)
                found = to_link(setting, value) if setting else [network_link(name, value)]
                query[name] = found
        return query | {"shows": [",".join(self.shows)]}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for TOML; what is as usual is left out."""
        values: dict[str, Any] = {"id": self.id, "title": self.title, "question": self.question}
        if self.see:
            values["see"] = self.see
        values["shows"] = list(self.shows)
        values["given"] = {
            name: task_files.to_toml(SETTINGS.get(name), self.given[name])
            for name in CONTROLS
            if name in self.given
        }
        for name in ("limits", "guess", "counts"):
            part = getattr(self, name)
            if part is not None and part not in (NO_LIMITS, ACCURACY):
                values[name] = task_files.plain(part)
        return values

    def to_toml(self) -> str:
        """Return the task as a file."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Make a task of what ``to_dict`` gave, or of what a file says.

        Raises:
            SettingsError: a name is unknown or missing, or a value cannot be.
        """
        values = task_files.table("task", values, {each.name for each in fields(cls)})
        for name in ("id", "title", "question"):
            if name not in values:
                raise SettingsError(f'The task lacks “{name}”. Write {name} = "…" at the top.')
        given = task_files.table("given", values.get("given", {}), set(CONTROLS))
        given = {
            name: task_files.from_toml(SETTINGS.get(name), value) for name, value in given.items()
        }
        return cls(
            id=values["id"],
            title=values["title"],
            question=values["question"],
            see=values.get("see", ""),
            given=given,
            shows=task_files.names("shows", values.get("shows", [])),
            limits=task_files.limits(values.get("limits", {})),
            guess=task_files.question("guess", values["guess"]) if "guess" in values else None,
            counts=task_files.counts(values.get("counts", {})),
        )

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Make a task of a file's text.

        Raises:
            SettingsError: it is no TOML, or not a task.
        """
        try:
            values = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            where = f": {error}" if isinstance(error, tomllib.TOMLDecodeError) else ""
            raise SettingsError(
                f"The task is not written as TOML{where}. Compare it with a bundled task."
            ) from None
        return cls.from_dict(values)


def read_task(content: bytes) -> Task:
    """Make a task of a file that somebody brings.

    Raises:
        SettingsError: it is too large, no text, or not a task.
    """
    if len(content) > MOST_BYTES:
        raise SettingsError(
            f"A task file has at most {MOST_BYTES:,} bytes, and this one has {len(content):,}. "
            "Choose the TOML file of a task."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(
            "The task file is not text in UTF-8. Save it as UTF-8, and choose it again."
        ) from None
    return Task.from_toml(text)


@cache
def bundled() -> dict[str, Task]:
    """Return the tasks that come with the app, by id, in the order of a course."""
    tasks = [read_task(path.read_bytes()) for path in sorted(FOLDER.glob("*.toml"))]
    return {task.id: task for task in tasks}


def find(task_id: str) -> Task:
    """Return a bundled task.

    Raises:
        SettingsError: there is none of this id.
    """
    if task_id not in bundled():
        raise SettingsError(
            f"There is no task {str(task_id)[:40]!r}. Choose one of: {', '.join(bundled())}."
        )
    return bundled()[task_id]


def task_of_link(
    query: Mapping[str, str | Sequence[str]],
    *,
    task_id: str = "from-a-link",
    title: str = "",
    question: str = ASKED,
) -> Task:
    """Return the task that a link of the Train page is: its settings are given.

    Args:
        query: of the link, by name; values as titles or as the command line writes them. What is
            no setting is left out. ``shows`` names the controls, with commas between; without it
            all but the data set are shown.
        task_id, title, question: of the task.

    Raises:
        SettingsError: a setting has a value that cannot be.
    """
    asked = {
        name: [value] if isinstance(value, str) else list(value) for name, value in query.items()
    }
    given: dict[str, Any] = {"dataset": FIRST_DATA}
    for name in NETWORK:
        if asked.get(name):
            given[name] = network_name(name, asked[name][0])
    if "architecture" not in given:
        # As the Train page reads such links.
        named = any(name in asked for name in SETTINGS)
        first = architectures.find(architectures.DEFAULT)
        suits = first.suits(datasets.find(given["dataset"]))
        given["architecture"] = architectures.UNNAMED if named or not suits else first.name
    for name, setting in SETTINGS.items():
        if name in asked:
            given[name] = from_link(setting, asked[name])
    shows = list(SHOWABLE)
    if "shows" in asked:
        shows = [
            name.strip() for each in asked["shows"] for name in each.split(",") if name.strip()
        ]
    title = title or _usual_title(given["architecture"], given["dataset"])
    return Task(task_id, title, question, given=given, shows=tuple(shows))


def task_of_config(config: TrainingConfig, shows: Sequence[str] = SHOWABLE) -> Task:
    """Return the task that the settings of a run are: what its recipe has otherwise is given.

    Args:
        config: the settings.
        shows: the controls that students see.
    """
    usual = config.unchanged.flat()
    given: dict[str, Any] = {
        "dataset": config.dataset,
        "architecture": config.architecture,
        "recipe": str(config.recipe_name),
    }
    given |= {
        name: value
        for name, value in config.flat().items()
        if SETTINGS[name].shapes and value != usual[name]
    }
    title = _usual_title(config.architecture, config.dataset)
    return Task("from-a-link", title, ASKED, given=given, shows=tuple(shows))


def _usual_title(architecture: str, dataset: str) -> str:
    return f"{architectures.find(architecture).title} on {datasets.find(dataset).title}"[:TITLE]


def control_title(name: str) -> str:
    """Return what people call a control."""
    return SETTINGS[name].title if name in SETTINGS else _TITLES.get(name, name[:40])


_TITLES = {"dataset": "Data set", "architecture": "Architecture", "recipe": "Recipe"}


def _config(values: Mapping[str, Any]) -> TrainingConfig:
    """Make a config of controls by name; what is not among them is as the recipe has it."""
    dataset = values.get("dataset", FIRST_DATA)
    name = values.get("architecture", architectures.DEFAULT)
    recipe_name = values.get("recipe")
    for what, value in (("data set", dataset), ("architecture", name), ("recipe", recipe_name)):
        if not isinstance(value, str) and not (what == "recipe" and value is None):
            raise SettingsError(f"The {what} is {value!r:.40}. Name it as text.")
    recipe = architectures.find(name).recipe_for(datasets.find(dataset).name, recipe_name)
    chosen = {each: values[each] for each in SETTINGS if each in values}
    size = {each: chosen.pop(each) for each in list(chosen) if SETTINGS[each].of_run}
    return TrainingConfig(dataset, name, recipe.changed(**chosen), recipe_name=recipe_name, **size)


def _check_known(what: str, names: Any, known: Sequence[str]) -> None:
    for name in names:
        if name == "dataset" and name not in known:
            raise SettingsError(
                "The data set cannot be shown: all who work on a task do so on the same images. "
                "Leave it out of “shows”."
            )
        if name not in known:
            raise SettingsError(
                f"The task's {what} has the unknown setting {str(name)[:40]!r}. Known are: "
                f"{', '.join(known)}."
            )
