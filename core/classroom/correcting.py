"""What a label court changes: its verdicts as a data set of the class, and the difference measured.

Where a class says that a label is the suspected one, the data set gets that label; all others keep
theirs. The difference is measured by the same settings and seeds on both data sets. Both networks
of a seed hold back the same images and are judged on these, by the given labels and by the
corrected ones, and never on the test set.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import architectures, datasets, evaluation, jobs, runs
from core.classroom import verdicts
from core.classroom.access import Action, check
from core.classroom.court import Court, court_of_row, court_row
from core.classroom.database import database
from core.classroom.differences import Mean, mean_of, paired
from core.classroom.keys import group_of
from core.classroom.log import record
from core.classroom.people import Person
from core.classroom.rows import class_row
from core.classroom.schema import CourtRow, TrialRow
from core.datasets import imported
from core.errors import AtelierError, ClassroomRefused, SettingsError
from core.runs import State, TrainingConfig

SEEDS = (1, 2, 3)
NETWORK, EPOCHS = "sprint-cnn", 2  # runs of a few seconds
NONE_YET = "There is no data set with corrected labels. Make it first."


@dataclass(frozen=True)
class Difference:
    """What the corrected labels of a court change.

    Attributes:
        network: that was trained, and how, in words.
        going: runs that wait or train.
        failed: runs that ended without a result.
        seeds: for which both runs have one.
        before, after: accuracy by the corrected labels of the validation images, of those seeds;
            learned from the given labels, and from the corrected ones.
        before_given, after_given: the same by the given labels.
        gap: after minus before, seed by seed.
        images: validation images of a run.
        changed: those of them whose label was corrected, the mean over the seeds.
        run_ids: of all runs.
    """

    network: str
    going: int
    failed: int
    seeds: int
    before: Mean | None
    after: Mean | None
    before_given: Mean | None
    after_given: Mean | None
    gap: Mean | None
    images: int
    changed: float
    run_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Outcome:
    """What a run has come to; without figures it has failed."""

    by_given: float | None = None
    by_corrected: float | None = None
    images: int = 0
    changed: int = 0


# -- The data set ----------------------------------------------------------------------------------


def corrected_labels(by: Person, court_id: int) -> dict[int, int]:
    """Return the labels that a closed court has corrected, by index in the training split.

    Raises:
        ClassroomRefused: not a teacher, no such court, or it is open.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_COURT)
    with database().read() as session:
        row = court_row(session, court_id)
        if row.closed is None:
            raise ClassroomRefused("The court is open. Close it first: then its verdicts are told.")
        return verdicts.corrections(row, session)


def make_data_set(by: Person, court_id: int) -> Court:
    """Make a data set of the class with the labels that a court has corrected.

    One that is there already stays.

    Raises:
        ClassroomRefused: as ``corrected_labels``, or no label was corrected.
        SettingsError: there is no room for it.
        DataUnavailable, DataDamaged: the images cannot be read.
        ClassroomUnavailable: the database cannot be used.
    """
    labels = corrected_labels(by, court_id)
    with database().read() as session:
        row = court_row(session, court_id)
        if _is_there(row):
            return court_of_row(row)
        room = class_row(session, row.class_id)
        class_id, class_title, name = row.class_id, room.title, row.dataset
    if not labels:
        raise ClassroomRefused(
            "The class has corrected no label, so the data set would be the same. Judge other "
            "labels in another court."
        )
    spec = datasets.find(name)
    new = spec.load("train").labels.copy()
    new[list(labels)] = list(labels.values())
    words = f"{spec.title}, {len(labels)} labels corrected by {class_title}"
    title = f"{spec.title}, corrected by {class_title}"
    made = imported.relabel(spec, new, title, group_of(class_id), words)
    try:
        with database().begin() as session:
            row = court_row(session, court_id, alone=True)
            if _is_there(row):  # another teacher was quicker
                imported.delete(made)
                return court_of_row(row)
            row.corrected = made
            session.execute(delete(TrialRow).where(TrialRow.court_id == court_id))
            sentence = f"Made the data set “{title}” with {len(labels)} corrected labels."
            record(session, class_id, sentence)
            return court_of_row(row)
    except AtelierError:
        imported.delete(made)  # the court is gone, or the database
        raise


def remove_data_set(by: Person, court_id: int) -> None:
    """Delete the data set that was made of a court, with what was measured and its ended runs.

    Raises:
        ClassroomRefused: not a teacher, no such court, or it has none.
        SettingsError: a run on it goes on, or of a student could; or the folder cannot be written.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_COURT)
    with database().begin() as session:
        row = court_row(session, court_id, alone=True)
        if row.corrected is None:
            raise ClassroomRefused(NONE_YET)
        _delete_images(row, "The data set was not deleted.")
        row.corrected = None
        session.execute(delete(TrialRow).where(TrialRow.court_id == court_id))
        record(session, row.class_id, "Removed the data set with the labels of a court.")


def remove_court(by: Person, court_id: int) -> None:
    """Delete a court with its votes, and the data set that was made of it, as above.

    Without the court nobody could remove the data set any more.

    Raises:
        ClassroomRefused: not a teacher, or no such court.
        SettingsError: as ``remove_data_set``.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_COURT)
    with database().begin() as session:
        row = court_row(session, court_id, alone=True)
        made = _is_there(row)
        _delete_images(row, "The court stays, as its data set was not deleted.")
        session.delete(row)
        what = "with its votes and its data set" if made else "with its votes"
        title = datasets.find(row.dataset).title
        record(session, row.class_id, f"Removed a label court on {title} {what}.")


def _delete_images(row: CourtRow, failure: str) -> None:
    """Delete the data set of a court, if it has one, with the runs of the class on it."""
    if row.corrected is None or not _is_there(row):
        return
    _delete_trials(row.corrected, group_of(row.class_id))
    if problem := runs.why_needed(row.corrected):
        raise SettingsError(f"{failure} {problem}")
    imported.delete(row.corrected)


def _delete_trials(dataset: str, group: str) -> None:
    """Delete the runs of a class on a data set of its own; nobody else can."""
    for run in runs.using(dataset):
        if run.visitor == group and not run.state.active:
            runs.delete(run.id)


def _is_there(row: CourtRow) -> bool:
    found = None if row.corrected is None else imported.find(row.corrected)
    return found is not None and found.spec.missing() is None


# -- The difference --------------------------------------------------------------------------------


def measure(
    by: Person, court_id: int, architecture: str = NETWORK, epochs: int = EPOCHS
) -> list[str]:
    """Train the same on both data sets, with the same seeds, and return the ids of the runs.

    What was measured before is forgotten; its runs stay.

    Args:
        by: the teacher.
        court_id: of a court with a data set.
        architecture: that is trained, by its first recipe.
        epochs: of each run.

    Raises:
        ClassroomRefused: not a teacher, no such court, no data set, or it is being measured.
        SettingsError: the runs cannot be started.
        DataUnavailable: the images are gone.
        ClassroomUnavailable: the database cannot be used.
    """
    check(by, Action.RUN_COURT)
    with database().begin() as session:
        row = court_row(session, court_id, alone=True)
        if row.corrected is None:
            raise ClassroomRefused(NONE_YET)
        old = _trials(session, court_id)
        if any(each.ended is None and runs.goes_on(each.run_id) for each in old):
            raise ClassroomRefused("The difference is being measured. Wait for its runs to end.")
        most = class_row(session, row.class_id).epochs
        if most is not None and epochs > most:
            raise ClassroomRefused(
                f"The class allows a run {most} epochs, not {epochs}. Choose fewer."
            )
        recipe = architectures.find(architecture).recipe_for(row.dataset).changed(epochs=epochs)
        config = TrainingConfig(row.dataset, architecture, recipe)
        planned = [
            (corrected, replace(config, dataset=name, seed=seed))
            for seed in SEEDS
            for corrected, name in ((False, row.dataset), (True, row.corrected))
        ]
        group = group_of(row.class_id)
        ids = jobs.start_all([each for _, each in planned], group, group=group)
        session.execute(delete(TrialRow).where(TrialRow.court_id == court_id))
        for run_id, (corrected, each) in zip(ids, planned, strict=True):
            session.add(
                TrialRow(
                    court_id=court_id,
                    corrected=corrected,
                    seed=each.seed,
                    config=each.to_dict(),
                    run_id=run_id,
                    images=0,
                    changed=0,
                )
            )
        record(session, row.class_id, "Began to measure what the corrected labels change.")
        return ids


def difference(by: Person, court_id: int) -> Difference | None:
    """Return what the corrected labels change so far, and keep what is new; None before a run.

    Raises:
        ClassroomRefused: not of the class, or no such court.
        ClassroomUnavailable: the database cannot be used.
    """
    with database().read() as session:
        row = court_row(session, court_id)
        check(by, Action.SEE_COURT, row.class_id)
        trials, names = _trials(session, court_id), (row.dataset, row.corrected or "")
    new = {
        each.run_id: _outcome(each.run_id, *names)
        for each in trials
        if each.ended is None and not runs.goes_on(each.run_id)
    }
    if new:
        with database().begin() as session:
            court_row(session, court_id, alone=True)
            trials = _trials(session, court_id)
            for each in trials:
                if each.run_id in new and each.ended is None:
                    _keep(each, new[each.run_id])
    return _difference(trials) if trials else None


def _keep(row: TrialRow, outcome: _Outcome) -> None:
    row.by_given, row.by_corrected = outcome.by_given, outcome.by_corrected
    row.images, row.changed, row.ended = outcome.images, outcome.changed, time.time()


def _outcome(run_id: str, original: str, corrected: str) -> _Outcome:
    """Judge a run that has ended by both kinds of labels of its validation images."""
    try:
        run = runs.read(run_id)
        if run.state is not State.FINISHED:
            return _Outcome()
        answers = evaluation.answers_of(run, evaluation.VALIDATION)
        given, new = (
            datasets.load(name, "train").labels[answers.indices] for name in (original, corrected)
        )
    except AtelierError:  # it was deleted, or what it needs
        return _Outcome()
    return _Outcome(
        by_given=float((answers.predicted == given).mean()),
        by_corrected=float((answers.predicted == new).mean()),
        images=len(answers),
        changed=int((given != new).sum()),
    )


def _difference(trials: Sequence[TrialRow]) -> Difference:
    done = {(each.corrected, each.seed): each for each in trials if each.by_corrected is not None}
    both = [seed for seed in SEEDS if (False, seed) in done and (True, seed) in done]

    def figures(corrected: bool, name: str) -> list[float]:
        return [getattr(done[corrected, seed], name) for seed in both]

    before, after = (figures(corrected, "by_corrected") for corrected in (False, True))
    config = TrainingConfig.from_dict(next(each.config for each in trials if not each.corrected))
    title = architectures.find(config.architecture).title
    return Difference(
        network=f"{title}, {architectures.settings.count(config.recipe.epochs, 'epoch')}",
        going=sum(each.ended is None for each in trials),
        failed=sum(each.ended is not None and each.by_corrected is None for each in trials),
        seeds=len(both),
        before=mean_of(before),
        after=mean_of(after),
        before_given=mean_of(figures(False, "by_given")),
        after_given=mean_of(figures(True, "by_given")),
        gap=paired(before, after),
        images=max(each.images for each in trials),
        changed=sum(figures(True, "changed")) / len(both) if both else 0.0,
        run_ids=tuple(each.run_id for each in trials),
    )


def _trials(session: Session, court_id: int) -> Sequence[TrialRow]:
    query = select(TrialRow).where(TrialRow.court_id == court_id)
    return session.scalars(query.order_by(TrialRow.id)).all()
