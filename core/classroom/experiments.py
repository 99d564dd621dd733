"""One experiment: a class finds out together what a setting does, each student by one run.

The teacher chooses a setting, its values, and all that is the same for everybody. Each student is
dealt a part: one value and one seed, kept in the database. The values are dealt evenly, and the
n-th run of every value has the same seed. A part whose run failed, or whose student left or does
nothing, goes to the next one who needs a part. A result is kept with the part, whatever becomes of
the run's folder.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import architectures, datasets, runs
from core.architectures import RecipeName
from core.architectures.settings import SETTINGS, Choice, Number, Several
from core.classroom import presence, training
from core.classroom.access import Action, check
from core.classroom.activities import check_taking_part, clear_wall, put_on_wall
from core.classroom.database import database
from core.classroom.differences import Mean, Standing, mean_of, standing
from core.classroom.guessing import own_member
from core.classroom.log import record
from core.classroom.people import Member, Person
from core.classroom.rows import class_row, row_of
from core.classroom.schema import ExperimentRow, PartRow
from core.classroom.texts import line
from core.errors import ClassroomRefused, RunNotFound, SettingsError
from core.files import csv_text
from core.runs import State, TrainingConfig

ARCHITECTURE = "architecture"  # can be varied too, though it is no setting of the table
FEWEST, MOST = 2, 8  # values
QUESTION = 120  # characters
PATIENCE = 300.0  # seconds until a part that nobody trains may go to another student
TRIES = 2  # runs of a part that may fail before it counts as failed
DATASET, NETWORK, EPOCHS, IMAGES = "fashion-mnist", "mlp", 2, 6_000  # a run of a few seconds
NO_EXPERIMENT = "There is no such experiment any more. Reload the page."
CLOSED = "The experiment is closed. Look at its results."
# With these, every value would be measured on other images or another seed than its neighbour.
_GIVEN = ("seed", "validation", "validation_from", "tensorboard")
COLUMNS = (
    "experiment",
    "setting",
    "value",
    "seed",
    "student",
    "public_id",
    "run",
    "validation_accuracy",
    "validation_images",
    "failed_runs",
    "architecture",
    "settings",
)


class Stage(StrEnum):
    """How far a part is."""

    DEALT = "dealt"
    TRAINING = "training"  # or its run waits or is paused
    DONE = "done"
    FAILED = "failed"  # as often as it may


@dataclass(frozen=True)
class Experiment:
    """An experiment.

    Attributes:
        id: in the database.
        class_id: of the class.
        question: that the class is to answer.
        setting: the name of what is varied: a setting, or ``architecture``.
        values: that it gets.
        configs: what a run does for each value, but for its seed.
        opened: when, in seconds of the epoch.
        closed: when; None while students train.
        on_wall: whether the board shows it.
    """

    id: int
    class_id: int
    question: str
    setting: str
    values: tuple[Any, ...]
    configs: tuple[Mapping[str, Any], ...]
    opened: float
    closed: float | None
    on_wall: bool

    @property
    def is_open(self) -> bool:
        """Whether students train now."""
        return self.closed is None

    @property
    def title(self) -> str:
        """What the setting is called."""
        return title_of(self.setting)

    @property
    def words(self) -> tuple[str, ...]:
        """The values in words."""
        return tuple(words_of(self.setting, value) for value in self.values)

    @property
    def dataset(self) -> str:
        """The name of the data set."""
        return str(self.configs[0]["dataset"])


@dataclass(frozen=True)
class Part:
    """A run of an experiment.

    Attributes:
        id: in the database.
        place: of its value, from 0.
        seed: of the run.
        member_id: who trains it.
        run_id: the run, once it was started; None after one that failed or was stopped.
        stage: how far it is.
        failures: runs that failed.
        accuracy: on the validation images, 0 to 1, once it is done.
        images: how many those are.
    """

    id: int
    place: int
    seed: int
    member_id: int
    run_id: str | None
    stage: Stage
    failures: int
    accuracy: float | None
    images: int


@dataclass(frozen=True)
class Figures:
    """The results of an experiment.

    Attributes:
        experiment: the experiment.
        parts: all that were dealt.
        means: of each value; None without a result.
        standing: what can be told of the values.
    """

    experiment: Experiment
    parts: tuple[Part, ...]
    means: tuple[Mean | None, ...]
    standing: Standing

    def count(self, stage: Stage) -> int:
        """Return how many parts are that far."""
        return sum(part.stage is stage for part in self.parts)


@dataclass(frozen=True)
class Plan:
    """What an experiment is opened with; arguments as of ``open_experiment``."""

    question: str
    setting: str
    values: tuple[Any, ...]
    dataset: str = DATASET
    architecture: str = NETWORK
    recipe_name: RecipeName | None = None
    epochs: int = EPOCHS
    limit: int | None = IMAGES


# A run takes some seconds, and the values differ by far more than the seeds do.
BUNDLED = (
    Plan("Which learning rate?", "learning_rate", (0.0001, 0.001, 0.01, 0.1)),
    Plan("How many images should one step look at?", "batch_size", (8, 64, 512, 2_048)),
)


def plans(by: Person) -> list[Plan]:
    """Return what an experiment may begin with: the bundled ones, then those of all classes.

    The newest first, each once; one whose data set is gone is left out.

    Raises:
        ClassroomRefused: not a teacher.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.LIST_CLASSES)
    found = list(BUNDLED)
    with database().read() as session:
        rows = session.scalars(select(ExperimentRow).order_by(ExperimentRow.id.desc()).limit(20))
        for row in rows:
            with contextlib.suppress(SettingsError):
                plan = _plan(row)
                if plan not in found:
                    found.append(plan)
    return found


def _plan(row: ExperimentRow) -> Plan:
    config = TrainingConfig.from_dict(row.configs[0])
    network = architectures.find(config.architecture)
    first = config.recipe_name == network.recipe_names[0]
    known = Plan(row.question, row.setting, tuple(row.values), config.dataset)
    same: dict[str, Any] = {
        "architecture": config.architecture,
        "recipe_name": None if first else config.recipe_name,
        "epochs": config.recipe.epochs,
        "limit": config.limit,
    }
    varied = {row.setting, "recipe_name"} if row.setting == ARCHITECTURE else {row.setting}
    return replace(known, **{name: same[name] for name in same if name not in varied})


# -- What can be varied ----------------------------------------------------------------------------


def variables() -> dict[str, str]:
    """Return what can be varied: titles by name."""
    found = {ARCHITECTURE: title_of(ARCHITECTURE)}
    for name, setting in SETTINGS.items():
        fits = isinstance(setting, Number | Choice) and not isinstance(setting, Several)
        if fits and name not in _GIVEN:
            found[name] = setting.title
    return found


def title_of(setting: str) -> str:
    """Return what a setting is called."""
    return "Architecture" if setting == ARCHITECTURE else SETTINGS[setting].title


def words_of(setting: str, value: Any) -> str:
    """Return a value in words."""
    if setting == ARCHITECTURE:
        known = architectures.ARCHITECTURES.get(value)
        return str(value) if known is None else known.title
    return SETTINGS[setting].words(value)


def numbers_in(setting: str, text: str) -> list[Any]:
    """Return the values of a number setting that somebody typed: ``0.001, 0.01 0.1``.

    Raises:
        SettingsError: a word is no number that the setting may have.
    """
    known = SETTINGS[setting]
    found: list[Any] = []
    for word in text.replace(",", " ").replace(";", " ").split()[: 4 * MOST]:
        if word.lower() in ("none", "never", "all") and getattr(known, "empty", False):
            found.append(known.check(None))
            continue
        try:
            number = float(word)
        except ValueError as error:
            raise SettingsError(
                f"“{word[:20]}” is no number. Write numbers with commas between them, such as "
                "0.001, 0.01, 0.1."
            ) from error
        whole = getattr(known, "whole", False) and number.is_integer()
        found.append(known.check(int(number) if whole else number))
    return found


# -- The teacher -----------------------------------------------------------------------------------


def open_experiment(
    by: Person,
    class_id: int,
    question: str,
    setting: str,
    values: Sequence[Any],
    *,
    dataset: str = DATASET,
    architecture: str = NETWORK,
    recipe_name: RecipeName | None = None,
    epochs: int = EPOCHS,
    limit: int | None = IMAGES,
) -> Experiment:
    """Open an experiment: students are dealt its parts from now on.

    Args:
        by: the teacher.
        class_id: of the class.
        question: that it is to answer.
        setting: one of ``variables``.
        values: two to eight different ones.
        dataset: that all train on.
        architecture: that all train, if it is not what is varied.
        recipe_name: of the architecture's recipes; None for its first.
        epochs: of a run.
        limit: training images; None for all.

    Raises:
        ClassroomRefused: not a teacher, an experiment is open, or it cannot be; the sentence says
            why.
        SettingsError: a value or a combination cannot work.
        DataUnavailable: the data set is not on this machine.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_EXPERIMENT, class_id)
    question = line(question, QUESTION, "question")
    if setting not in variables():
        raise ClassroomRefused("This setting cannot be varied. Choose another one.")
    if not FEWEST <= len(values) <= MOST:
        raise ClassroomRefused(
            f"An experiment has {FEWEST} to {MOST} values, not {len(values)}. With fewer values, "
            "each gets more runs."
        )
    if dataset not in datasets.DATASETS:
        raise ClassroomRefused("An experiment uses a data set that comes with the app.")
    datasets.load(dataset, "train")  # says how to get it, if it is not there
    configs = [
        _config(setting, value, dataset, architecture, recipe_name, epochs, limit)
        for value in values
    ]
    if len({str(config.to_dict()) for config in configs}) < len(configs):
        raise ClassroomRefused("Two of the values are the same. Leave one of them out.")
    kept = [
        config.architecture if setting == ARCHITECTURE else config.flat()[setting]
        for config in configs
    ]
    row = ExperimentRow(
        class_id=class_id,
        question=question,
        setting=setting,
        values=kept,
        configs=[config.to_dict() for config in configs],
        opened=time.time(),
        closed=None,
        on_wall=True,
    )
    with database().begin() as session:
        room = class_row(session, class_id, alone=True)
        most = max(config.recipe.epochs for config in configs)
        if room.epochs is not None and most > room.epochs:
            raise ClassroomRefused(
                f"The class allows a run {room.epochs} epochs, not {most}. Choose fewer."
            )
        others = select(ExperimentRow).where(ExperimentRow.class_id == class_id)
        if any(each.closed is None for each in session.scalars(others)):
            raise ClassroomRefused("An experiment is open already. Close it first.")
        clear_wall(session, class_id)
        session.add(row)
        session.flush()
        record(session, class_id, f"Opened the experiment “{question}”.")
        return _experiment(row)


def _config(
    setting: str,
    value: Any,
    dataset: str,
    architecture: str,
    recipe_name: RecipeName | None,
    epochs: int,
    limit: int | None,
) -> TrainingConfig:
    """Return what a run with a value does."""
    of_run: dict[str, Any] = {"limit": limit}
    of_recipe: dict[str, Any] = {"epochs": epochs}
    if setting == ARCHITECTURE:
        architecture, recipe_name = value, None
        if not isinstance(value, str):
            raise ClassroomRefused("There is no such architecture. Choose one of the list.")
    else:
        known = SETTINGS[setting]
        (of_run if known.of_run else of_recipe)[setting] = known.check(value)
    recipe = architectures.find(architecture).recipe_for(dataset, recipe_name).changed(**of_recipe)
    if setting != ARCHITECTURE and (needs := SETTINGS[setting].needs) is not None:
        name, wanted = needs
        if getattr(recipe, name) != wanted:
            other = SETTINGS[name]
            raise ClassroomRefused(
                f"{SETTINGS[setting].title} does nothing in this recipe: it needs the "
                f"{other.title.lower()} {other.words(wanted)}. Choose another architecture, "
                "recipe or setting."
            )
    return TrainingConfig(dataset, architecture, recipe, recipe_name=recipe_name, **of_run)


def close_experiment(by: Person, experiment_id: int) -> Experiment:
    """Close an experiment: no part is dealt or started any more. Runs that train still count.

    Raises:
        ClassroomRefused: not a teacher, or no such experiment.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_EXPERIMENT)
    with database().begin() as session:
        row = _row(session, experiment_id, alone=True)
        if row.closed is None:
            row.closed = time.time()
            after = {"closed": row.closed}
            sentence = f"Closed the experiment “{row.question}”."
            record(session, row.class_id, sentence, row, {"closed": None}, after)
        return _experiment(row)


def show_on_wall(by: Person, experiment_id: int, shown: bool) -> Experiment:
    """Let the board show an experiment, or not; errors as of ``close_experiment``."""
    check(by, Action.RUN_EXPERIMENT)
    with database().begin() as session:
        row = _row(session, experiment_id, alone=True)
        put_on_wall(session, row, shown)
        return _experiment(row)


def remove_experiment(by: Person, experiment_id: int) -> None:
    """Delete an experiment with its results; the runs stay. Errors as of ``close_experiment``."""
    check(by, Action.RUN_EXPERIMENT)
    with database().begin() as session:
        row = _row(session, experiment_id, alone=True)
        session.delete(row)
        record(session, row.class_id, f"Removed the experiment “{row.question}”.")


def spreadsheet(by: Person, experiment_id: int) -> str:
    """Return the parts of an experiment as CSV; errors as of ``close_experiment``."""
    check(by, Action.EXPORT)
    found = figures(by, experiment_id)
    experiment = found.experiment
    members = {each.id: each for each in presence.members(experiment.class_id, everybody=True)}
    rows = []
    for part in sorted(found.parts, key=lambda part: (part.place, part.seed)):
        member = members[part.member_id]
        config = TrainingConfig.from_dict(experiment.configs[part.place])
        rows.append(
            (
                experiment.question,
                experiment.title,
                experiment.words[part.place],
                part.seed,
                member.handle,
                member.public_id,
                part.run_id,
                part.accuracy,
                part.images if part.accuracy is not None else None,
                part.failures,
                config.architecture,
                architectures.settings.in_words(replace(config, seed=part.seed).flat()),
            )
        )
    return csv_text(COLUMNS, rows)


# -- A student -------------------------------------------------------------------------------------


def experiments_of(by: Person, class_id: int) -> list[Experiment]:
    """Return the experiments of a class, the newest first.

    Raises:
        ClassroomRefused: not of the class.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.SEE_EXPERIMENT, class_id)
    query = select(ExperimentRow).where(ExperimentRow.class_id == class_id)
    with database().read() as session:
        return [
            _experiment(row) for row in session.scalars(query.order_by(ExperimentRow.id.desc()))
        ]


def part_of(by: Person, experiment_id: int) -> Part | None:
    """Return the part that a student was dealt; None if there is none (any more).

    Raises:
        ClassroomRefused: not of the class, or no such experiment.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().read() as session:
        row = _row(session, experiment_id)
        check(by, Action.SEE_EXPERIMENT, row.class_id)
        query = select(PartRow).where(PartRow.experiment_id == row.id)
        found = session.scalar(query.where(PartRow.member_id == member.id))
        return None if found is None else _part(found)


def deal(by: Person, experiment_id: int) -> Part:
    """Deal a student a part of the value that has the fewest; one that was dealt stays.

    Raises:
        ClassroomRefused: not of the class, or the experiment or the class is closed.
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    try:
        with database().begin() as session:
            row = _playing(session, by, experiment_id)
            return _part(_dealt(session, row, member))
    except IntegrityError:  # another server was quicker
        found = part_of(by, experiment_id)
        return deal(by, experiment_id) if found is None else found


def _dealt(session: Session, row: ExperimentRow, member: Member) -> PartRow:
    rows = _parts(session, row.id)
    now = time.time()
    _settle(rows, now)
    for each in rows:
        if each.member_id == member.id:
            return each
    here = {each.id for each in presence.members(row.class_id)}
    free = [each for each in rows if _is_free(each, here, now)]
    taken = Counter(each.place for each in rows if each not in free)
    place = min(range(len(row.values)), key=lambda place: taken[place])
    seeds = {each.seed for each in rows if each.place == place}
    found = next((each for each in free if each.place == place), None)
    if found is None:
        found = PartRow(
            experiment_id=row.id, place=place, seed=max(seeds, default=0) + 1, images=0, failures=0
        )
        session.add(found)
    found.member_id, found.dealt, found.run_id = member.id, now, None
    session.flush()
    return found


def train(by: Person, experiment_id: int, part_id: int) -> str:
    """Start the run of one's part, and return its id; one that is on its way is returned.

    Args:
        by: the student.
        experiment_id: of the experiment.
        part_id: of the part that the student saw.

    Raises:
        ClassroomRefused: the part is done or went to another student, or the experiment or the
            class is closed.
        DataUnavailable, SettingsError: the run cannot be started (``training.start``).
        ClassroomUnavailable: the database cannot be used.
    """
    member = own_member(by)
    with database().begin() as session:
        row = _playing(session, by, experiment_id)
        mine = next((each for each in _parts(session, row.id) if each.member_id == member.id), None)
        if mine is None or mine.id != part_id:
            raise ClassroomRefused(
                "This part has gone to another student, as nobody trained it for a while. Reload "
                "the page: you are dealt another one."
            )
        _settle([mine], time.time())
        if mine.ended is not None:
            raise ClassroomRefused("Your part is done already: its result is in the chart.")
        if mine.run_id is None:
            config = TrainingConfig.from_dict(row.configs[mine.place])
            mine.run_id = training.start(replace(config, seed=mine.seed), by)
        return mine.run_id


# -- How it went -----------------------------------------------------------------------------------


def figures(by: Person, experiment_id: int) -> Figures:
    """Return the results of an experiment so far, and keep those that are new.

    Raises:
        ClassroomRefused: not of the class, or no such experiment.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        row = _row(session, experiment_id)
        check(by, Action.SEE_EXPERIMENT, row.class_id)
        experiment = _experiment(row)
        parts = [_part(each) for each in _parts(session, row.id)]
    going = [part.run_id for part in parts if part.stage is Stage.TRAINING and part.run_id]
    if any(not runs.goes_on(run_id) for run_id in going):
        with database().begin() as session:
            _row(session, experiment_id, alone=True)
            rows = _parts(session, experiment_id)
            _settle(rows, time.time())
            parts = [_part(each) for each in rows]
    results: list[list[float]] = [[] for _ in experiment.values]
    for part in parts:
        if part.accuracy is not None:
            results[part.place].append(part.accuracy)
    return Figures(
        experiment,
        tuple(parts),
        tuple(mean_of(each) for each in results),
        standing(results),
    )


# -- Rows ------------------------------------------------------------------------------------------


def _settle(rows: Sequence[PartRow], now: float) -> None:
    """Keep what became of the runs of parts."""
    for row in rows:
        if row.run_id is None or row.ended is not None or runs.goes_on(row.run_id):
            continue
        run = _run(row.run_id)
        result = None if run is None else run.result
        if run is not None and run.config is not None and run.state is State.FINISHED and result:
            row.accuracy, row.ended = result.val_accuracy, now
            row.images = run.config.validation_count
        elif run is not None and run.state is State.FAILED:
            row.failures += 1
            if row.failures >= TRIES:
                row.ended = now
        if row.ended is None:
            row.run_id, row.dealt = None, now


def _run(run_id: str) -> runs.Run | None:
    try:
        return runs.read(run_id)
    except RunNotFound:
        return None


def _is_free(row: PartRow, here: set[int], now: float) -> bool:
    """Tell whether a part may go to another student."""
    if row.ended is not None or (row.run_id is not None and row.member_id in here):
        return False
    if row.run_id is not None:
        run = _run(row.run_id)
        return run is None or not run.state.active  # paused by one who left
    return row.member_id not in here or now > row.dealt + PATIENCE


def _playing(session: Session, by: Person, experiment_id: int) -> ExperimentRow:
    """Return an open experiment for one of its students; all others wait for the end."""
    member = own_member(by)
    row = _row(session, experiment_id, alone=True)
    check(by, Action.TRAIN_PART, row.class_id, member.id)
    check_taking_part(session, row, member.id, CLOSED, alone=False)
    return row


def _parts(session: Session, experiment_id: int) -> list[PartRow]:
    query = select(PartRow).where(PartRow.experiment_id == experiment_id)
    return list(session.scalars(query.order_by(PartRow.seed, PartRow.place)))


def _row(session: Session, experiment_id: int, *, alone: bool = False) -> ExperimentRow:
    return row_of(session, ExperimentRow, experiment_id, NO_EXPERIMENT, alone=alone)


def _experiment(row: ExperimentRow) -> Experiment:
    return Experiment(
        id=row.id,
        class_id=row.class_id,
        question=row.question,
        setting=row.setting,
        values=tuple(row.values),
        configs=tuple(row.configs),
        opened=row.opened,
        closed=row.closed,
        on_wall=row.on_wall,
    )


def _part(row: PartRow) -> Part:
    stage = Stage.DEALT if row.run_id is None else Stage.TRAINING
    if row.ended is not None:
        stage = Stage.FAILED if row.accuracy is None else Stage.DONE
    return Part(
        id=row.id,
        place=row.place,
        seed=row.seed,
        member_id=row.member_id,
        run_id=row.run_id,
        stage=stage,
        failures=row.failures,
        accuracy=row.accuracy,
        images=row.images,
    )
