"""Names of runs that a teacher hides or changes: nobody sees a hidden one; all can be undone."""

import pytest
from class_support import finished, open_class, student

from core import runs
from core.classroom import exports, log, naming, tasks
from core.classroom.people import SERVER
from core.errors import ClassroomRefused, RunNotFound, SettingsError
from core.runs import COMMAND_LINE
from core.runs.access import may_read_note

RUDE = "a {rude} “name” {}"
pytestmark = pytest.mark.usefixtures("stored")


@pytest.fixture
def room(stored):
    return open_class()


@pytest.fixture
def named(room):
    """Return a student and a run of theirs with a rude name."""
    who = student(room, "Ana")
    run_id = finished(tasks.find("luck").config(), who)
    runs.annotate(run_id, name=RUDE, starred=True)
    return who, run_id


def test_a_hidden_name_is_seen_nowhere_and_its_owner_cannot_change_it(room, named):
    _, run_id = named
    naming.hide(SERVER, run_id)
    run = runs.read(run_id)
    assert run.name is None and run.hidden_name == RUDE and run.starred
    assert [each.name for each in runs.list_runs()] == [None]
    assert "rude" not in exports.spreadsheet(SERVER, room.id)
    with pytest.raises(SettingsError, match="Your teacher has hidden"):
        runs.annotate(run_id, name="again")
    runs.annotate(run_id, shared=True)
    assert runs.read(run_id).hidden_name == RUDE, "other notes leave it as it is"
    naming.show(SERVER, run_id)
    assert runs.read(run_id).name == RUDE and runs.read(run_id).hidden_name is None
    runs.annotate(run_id, name="mine")
    assert runs.read(run_id).name == "mine"


def test_a_teacher_changes_a_name_or_takes_it_away(room, named):
    _, run_id = named
    naming.rename(SERVER, run_id, "  Kind \n name ")
    assert runs.read(run_id).name == "Kind name"
    naming.hide(SERVER, run_id)
    naming.rename(SERVER, run_id, "Another")
    assert runs.read(run_id).name == "Another", "a new name is there to be seen"
    naming.rename(SERVER, run_id, " ")
    naming.hide(SERVER, run_id)
    assert runs.read(run_id).name is None and runs.read(run_id).hidden_name is None
    assert len(log.actions(SERVER, room.id)) == 5, "nothing to hide is nothing done"


def test_it_is_in_the_log_and_undone_while_it_still_is_so(room, named):
    _, run_id = named
    naming.hide(SERVER, run_id)
    (hid, *_) = log.actions(SERVER, room.id)
    assert hid.sentence == f"Hid the name “{RUDE}”, of a run of Ana." and hid.can_undo
    naming.rename(SERVER, run_id, "Another")
    assert not log.actions(SERVER, room.id)[1].can_undo, "it was changed since"
    with pytest.raises(ClassroomRefused, match="changed again since"):
        log.undo(SERVER, hid.id)
    log.undo(SERVER, log.actions(SERVER, room.id)[0].id)
    assert runs.read(run_id).hidden_name == RUDE
    assert log.undo(SERVER, hid.id).undone
    assert runs.read(run_id).name == RUDE
    with pytest.raises(ClassroomRefused, match="undone already"):
        log.undo(SERVER, hid.id)


def test_hidden_notes_are_their_owners_alone_until_they_are_shown_again(room, named):
    who, run_id = named
    runs.annotate(run_id, shared=True)
    runs.write_note(run_id, RUDE)
    other = student(room).visitor
    assert may_read_note(runs.read(run_id), other)
    naming.hide_note(SERVER, run_id)
    naming.hide_note(SERVER, run_id)
    (hid, *rest) = log.actions(SERVER, room.id)
    assert hid.sentence == "Hid the notes of a run of Ana." and hid.can_undo and len(rest) == 1
    assert not may_read_note(runs.read(run_id), other)
    assert may_read_note(runs.read(run_id), who.visitor)
    runs.write_note(run_id, "kind by now")
    runs.annotate(run_id, shared=False)
    runs.annotate(run_id, shared=True, name="kind, too")
    assert not may_read_note(runs.read(run_id), other), "it is for the teacher to say"
    naming.show_note(SERVER, run_id)
    assert may_read_note(runs.read(run_id), other)
    assert not log.actions(SERVER, room.id)[1].can_undo, "it was changed since"
    log.undo(SERVER, log.actions(SERVER, room.id)[0].id)
    assert not may_read_note(runs.read(run_id), other)
    log.undo(SERVER, hid.id)
    assert may_read_note(runs.read(run_id), other)


def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(room, named):
    who, run_id = named
    renaming = lambda by, each: naming.rename(by, each, "x")  # noqa: E731
    for action in (naming.hide, naming.show, renaming, naming.hide_note, naming.show_note):
        with pytest.raises(ClassroomRefused, match="Only a teacher"):
            action(who, run_id)
        with pytest.raises(RunNotFound):
            action(SERVER, "../" + run_id)
    foreign = runs.create(tasks.find("luck").config(), COMMAND_LINE)
    runs.annotate(foreign, name="Of nobody")
    with pytest.raises(ClassroomRefused, match="nobody in a class"):
        naming.hide(SERVER, foreign)
    with pytest.raises(ClassroomRefused, match="nobody in a class, so its notes stay"):
        naming.hide_note(SERVER, foreign)
    assert runs.read(foreign).name == "Of nobody" and runs.read(run_id).name == RUDE
    naming.hide(SERVER, run_id)
    runs.delete(run_id)
    assert not log.actions(SERVER, room.id)[0].can_undo
