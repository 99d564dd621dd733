"""The parts of a report on how a network was made: question, settings, layers, curves, again."""

import shlex
from collections.abc import Iterator
from typing import Any

from core import evaluation, runs
from core.architectures.layers import in_words
from core.architectures.settings import RECIPE_TITLES, SETTINGS, Setting, Switch, count
from core.classroom import given
from core.errors import ClassroomUnavailable, RunDamaged
from core.export import versions
from core.export.report import curves as charts
from core.export.report import network as layers
from core.export.report.document import Block, Code, Drawing, Figure, Own, Paragraph, Section, Table
from core.export.report.material import Material, Missing
from core.files import harmless
from core.runs import TrainingConfig, is_bundled, read_curves, read_note
from core.runs.access import may_read_note, owns
from core.runs.curves import Curves
from core.words import duration


def question(known: Material) -> Section | Missing | None:
    """Return the question of the task that the owner started the run for; None for others."""
    run = known.told.run
    if not _asks_owner(known):
        return None
    try:
        found = given.task_of_run(run.id, run.visitor)
    except ClassroomUnavailable as error:
        return Missing(f"The question of the class's task: {error}")
    if found is not None:
        text = Own(found.task.question)
        return Section("Question", (Paragraph(f"Task: {found.task.title}"), text))
    if read_note(run.folder).strip():
        return None  # which says what the owner wanted to know
    return Missing(
        "A question: this run was not started for a task of a class. Write your question into the "
        "notes below the run, on the Train page."
    )


def notes(known: Material) -> Section | Missing | None:
    """Return what the run's owner wrote about it, for those who may read that."""
    run = known.told.run
    text = read_note(run.folder).strip() if may_read_note(run, known.visitor) else ""
    if text:
        return Section("Notes", (Own(text),))
    if not _asks_owner(known):
        return None
    return Missing("Notes: you have not written any yet. Write them at the run, on the Train page.")


def _asks_owner(known: Material) -> bool:
    return owns(known.told.run, known.visitor) and not is_bundled(known.told.run.id)


def settings(known: Material) -> Section:
    """Return data, recipe and every setting in words; those that were changed are named."""
    told, config = known.told, known.told.config
    values = config.flat()
    changed = _changed(config)
    rows = [
        (setting.title, setting.words(values[name]) + (", changed" if name in changed else ""))
        for name, setting in SETTINGS.items()
        if setting.shapes and setting.acts(values)
    ]
    data = (
        f"{harmless(told.spec.title)}: {len(told.classes)} classes, images of "
        f"{in_words(told.spec.shape)}. The network learned from "
        f"{config.training_count:,} training images; {config.validation_count:,} were held back "
        "for validation."
    )
    assert config.recipe_name is not None, "a config names its recipe"
    said = "Settings that differ from it are marked" if changed else "Nothing in it was changed"
    recipe = f"Recipe: {RECIPE_TITLES[config.recipe_name].lower()}. {said}."
    table = Table(("Setting", "Value"), tuple(rows), numbers=False)
    credit = Paragraph(f"Data: {harmless(told.spec.credit, 300)}.", quiet=True)
    return Section("Settings", (Paragraph(data), Paragraph(recipe), table, credit))


def network(known: Material) -> Section:
    """Return the layers, drawn."""
    told, config = known.told, known.told.config
    rows = config.network.table(told.spec.shape, len(told.classes))
    several = known.told.run.result.networks if known.told.run.result else 1
    caption = (
        "From the image to the answer. Sheets are maps of features, a bar is a row of units; more "
        "of them are drawn larger."
    )
    if several > 1:
        caption += f" {several} such networks answer together."
    return Section(
        "Network",
        (
            Paragraph(f"{config.network.title}: {told.parameters:,} parameters."),
            Figure(tuple(layers.drawn(told.spec.shape, rows)), caption),
            Paragraph(f"Origin: {config.network.origin}", quiet=True),
        ),
    )


def curves(known: Material) -> Section | Missing:
    """Return loss and accuracy over the epochs."""
    run, result = known.told.run, known.told.run.told
    try:
        own = read_curves(run.folder)
        other = read_curves(known.other.run.folder) if known.other else None
    except RunDamaged as error:
        return Missing(f"Curves: {error}")
    done = len(own.epochs["epoch"])
    kept = None if result is None or result.best_epoch == done else result.best_epoch
    drawings = charts.drawn(own, kept, other)
    if not drawings:
        return Missing("Curves: no epoch is complete. Let the run train for an epoch.")
    return Section("Curves", tuple(_curves(known, drawings, own, kept)))


def _curves(
    known: Material, drawings: list[Drawing], own: Curves, kept: int | None
) -> Iterator[Block]:
    told, result = known.told, known.told.run.told
    done = len(own.epochs["epoch"])
    said = [f"{count(done, 'epoch')} of {told.config.recipe.epochs} planned."]
    if result is not None and result.seconds:
        said.append(f"Training took {duration(result.seconds)}.")
    if kept is not None:
        said.append(f"The network is that of epoch {kept}, which had the lowest validation loss.")
    if told.run.brought is not None:
        said.append("The run was brought from elsewhere: curves and times are as its file says.")
    yield Paragraph(" ".join(said))
    lines = "Dashed: training, while the network was learning. Solid: validation, after each epoch."
    if known.other is not None:
        lines += " Dotted: validation of the other run."
    yield Figure(tuple(drawings), lines)
    harder = told.run.id == runs.BUNDLED
    yield Paragraph(evaluation.training_gap(told.config, harder=harder), quiet=True)


def again(known: Material) -> Section:
    """Return how to repeat the training: command, seed, versions."""
    run, config = known.told.run, known.told.config
    if is_bundled(run.id):
        words = "This network comes with Atelier. Its model card says how it was trained."
        return Section("How to repeat it", (Paragraph(words), _computed(known)))
    blocks: list[Block] = [
        Paragraph("In the folder of Atelier, this trains the same network from the same seed:"),
        Code(command(config)),
        _computed(known),
    ]
    if known.told.spec.kin:
        own = "The data set is an own one. Take it home as well, and import it there first."
        blocks.insert(1, Paragraph(own))
    return Section("How to repeat it", tuple(blocks))


def _computed(known: Material) -> Block:
    stretches = dict.fromkeys(
        f"{count(each.threads, 'thread')}, {harmless(each.engine, 80)}"
        for each in known.told.run.stretches
    )
    trained = f"Trained with {'; then '.join(stretches)}. " if stretches else ""
    return Paragraph(
        f"Seed {known.told.config.seed}. {trained}The same settings and seed give the same curves "
        "with the same number of threads and the same versions only; elsewhere the figures differ "
        f"slightly. Versions that wrote this report: {versions.in_words()}.",
        quiet=True,
    )


def command(config: TrainingConfig) -> str:
    """Return what the command line trains the same with."""
    words = ["python", "-m", "core", "train", "--dataset", config.dataset]
    words += ["--architecture", config.architecture, "--recipe", str(config.recipe_name)]
    values, changed = config.flat(), _changed(config)
    for name, setting in SETTINGS.items():
        if name in changed or name == "seed":
            words += _option(setting, values[name])
    return shlex.join(words)


def _option(setting: Setting, value: Any) -> list[str]:
    """Return an option; none for what the command line cannot take back, such as early stopping."""
    if value is None or (isinstance(setting, Switch) and not value):
        return []
    if isinstance(setting, Switch):
        return [setting.option]
    several = value if isinstance(value, tuple | list) else (value,)
    return [setting.option, *map(str, several)]


def _changed(config: TrainingConfig) -> set[str]:
    """Return the names of the settings that are not as in the recipe."""
    rows = evaluation.differences([config.unchanged, config])
    return {row.name for row in rows if row.differs and row.name in SETTINGS}
