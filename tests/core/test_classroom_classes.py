import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import func, inspect, select
from support import small, wait_until

from core import runs
from core.classroom import classes, joining, log, messages, presence, upkeep
from core.classroom.classes import DAY
from core.classroom.database import database
from core.classroom.guesses import CODES
from core.classroom.people import SERVER, Limits
from core.classroom.schema import Base, ClassRow, LeftoverRow, MemberRow
from core.errors import ClassroomRefused
from core.settings import forget_settings

pytestmark = pytest.mark.usefixtures("stored")


@pytest.fixture(autouse=True)
def no_guesses():
    CODES.forget()


def counts() -> dict[str, int]:
    """Return how many rows each table has, but for what is known of the database itself."""
    with database().read() as session:
        kinds = [mapper.class_ for mapper in Base.registry.mappers]
        found = {
            kind.__tablename__: session.scalar(select(func.count()).select_from(kind))
            for kind in kinds
        }
    return {name: number for name, number in found.items() if number and name != "about"}


def test_a_class_is_opened_with_what_was_asked():
    limits = Limits(epochs=3, seconds=180.0, waiting=2)
    before = time.time()
    room = classes.open_class(SERVER, " 8b,  Tuesday ", nicknames=True, most=25, limits=limits)
    assert (room.title, room.nicknames, room.most, room.limits) == ("8b, Tuesday", True, 25, limits)
    assert room.is_open and before <= room.opened <= time.time()
    assert room.delete_after == room.opened + 30 * DAY
    assert classes.of_id(room.id) == classes.find(room.code) == room
    assert classes.find(f" {room.code[:3].lower()}-{room.code[3:].lower()} ") == room
    assert classes.all_classes(SERVER) == [room]


def test_classes_have_codes_of_their_own_and_the_newest_stands_first():
    rooms = [classes.open_class(SERVER, f"Class {n}") for n in range(5)]
    assert len({room.code for room in rooms}) == 5
    assert classes.all_classes(SERVER) == rooms[::-1]


def test_a_code_that_a_class_has_is_not_given_again(monkeypatch):
    room = classes.open_class(SERVER, "One")
    classes.close_class(SERVER, room.id)
    drawn = iter([room.code, room.code, "BBBBBB"])
    monkeypatch.setattr(classes.codes, "class_code", lambda: next(drawn))
    assert classes.open_class(SERVER, "Two").code == "BBBBBB"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"title": ""}, "The title is empty"),
        ({"title": " \u200b\x00 "}, "The title is empty"),
        ({"title": "x" * 61}, "61 characters, and 60 fit"),
        ({"title": "x" * 100_000}, "characters, and 60 fit"),
        ({"most": 0}, "number of students is 0, but can be 1 to 500"),
        ({"most": 501}, "number of students is 501"),
        ({"days": 0}, "number of days is 0"),
        ({"days": 10**30}, "number of days is"),
        ({"limits": Limits(epochs=0)}, "number of epochs is 0"),
        ({"limits": Limits(seconds=0.0)}, "A run may take"),
        ({"limits": Limits(seconds=float("nan"))}, "A run may take"),
        ({"limits": Limits(waiting=-1)}, "number of waiting runs"),
    ],
)
def test_values_that_cannot_be_get_a_sentence(values, reason):
    with pytest.raises(ClassroomRefused, match=reason):
        classes.open_class(SERVER, **{"title": "8b", **values})
    assert counts() == {}


def test_a_title_is_one_line_without_what_cannot_be_seen():
    room = classes.open_class(SERVER, "8b\n\u202enetworks\u0000\ud800 😀 <b>")
    assert room.title == "8b networks 😀 <b>"


def test_a_class_is_changed_and_the_change_undone():
    room = classes.open_class(SERVER, "8b")
    changed = classes.change_class(SERVER, room.id, title="8c", most=10, nicknames=True)
    assert changed == replace(room, title="8c", most=10, nicknames=True)
    assert classes.of_id(room.id) == changed
    (last, *_) = log.actions(SERVER, room.id)
    assert last.sentence == "Changed the class: title, nicknames, how many students."
    log.undo(SERVER, last.id)
    assert classes.of_id(room.id) == room
    assert classes.change_class(SERVER, room.id) == room
    assert classes.change_class(SERVER, room.id, title="8b") == room
    assert len(log.actions(SERVER, room.id)) == 2


def test_limits_and_days_are_changed():
    room = classes.open_class(SERVER, "8b", limits=Limits(epochs=3))
    changed = classes.change_class(SERVER, room.id, days=2, limits=Limits(seconds=60.0))
    assert changed.limits == Limits(seconds=60.0)
    assert 1.9 * DAY < changed.delete_after - time.time() <= 2 * DAY


def test_a_closed_class_lets_nobody_in_until_it_is_open_again():
    room = classes.open_class(SERVER, "8b")
    joined = joining.join(room.code)
    closed = classes.close_class(SERVER, room.id)
    assert not closed.is_open
    assert classes.close_class(SERVER, room.id) == closed  # as two teachers do at once
    with pytest.raises(ClassroomRefused, match="The class is closed"):
        joining.join(room.code)
    place = joining.place_of(joined.token)
    assert place.member == joined.member and not place.classroom.is_open
    assert classes.reopen_class(SERVER, room.id).is_open
    assert joining.join(room.code).classroom.is_open


def test_a_copy_has_the_settings_and_nobody_in_it():
    room = classes.open_class(
        SERVER, "8b", nicknames=True, most=12, days=7, limits=Limits(waiting=3)
    )
    joining.join(room.code)
    messages.say(SERVER, room.id, "Look here")
    classes.close_class(SERVER, room.id)
    copy = classes.copy_class(SERVER, room.id)
    assert (copy.title, copy.nicknames, copy.most, copy.limits) == (
        "8b", True, 12, Limits(waiting=3),
    )  # fmt: skip
    assert copy.code != room.code and copy.is_open and copy.message is None
    assert copy.delete_after - copy.opened == pytest.approx(7 * DAY)
    assert presence.members(copy.id) == []
    assert len(presence.members(room.id)) == 1
    assert classes.copy_class(SERVER, room.id, "8c").title == "8c"


def test_a_class_is_deleted_whole():
    room, other = classes.open_class(SERVER, "8b"), classes.open_class(SERVER, "8c")
    joined = [joining.join(room.code) for _ in range(3)]
    stays = joining.join(other.code)
    joining.device_code(SERVER, joined[0].member.id)
    joining.ticket(joined[1].token)
    joining.rename(SERVER, joined[2].member.id)
    messages.say(SERVER, room.id, "Look here")
    classes.delete_class(SERVER, room.id)
    assert joining.place_of(joined[0].token) is None
    assert joining.why_not(joined[0].token) is None
    assert joining.place_of(stays.token).member == stays.member
    with pytest.raises(ClassroomRefused, match="no such class"):
        classes.of_id(room.id)
    with pytest.raises(ClassroomRefused, match="No class has this code"):
        classes.find(room.code)
    found = counts()
    found.pop("leftovers", None)  # where servers share a database
    assert found == {"classes": 1, "members": 1, "tokens": 1, "actions": 1}


def test_deleting_a_class_deletes_its_students_runs_and_nobody_elses():
    room = classes.open_class(SERVER, "8b")
    joined = joining.join(room.code)
    own = runs.create(small(), joined.member.visitor, claimed=True)
    other = runs.create(small(), "0" * 32, claimed=True)
    for run_id in (own, other):
        folder = runs.folder_of(run_id)
        folder.heartbeat.unlink()
        folder.result.write_text('{"state": "failed", "error": "x"}', encoding="utf-8")
        assert not runs.read(run_id).state.active
    classes.delete_class(SERVER, room.id)
    assert [run.id for run in runs.list_runs()] == [other]


def test_a_run_that_trains_while_its_class_is_deleted_is_stopped_and_deleted_later():
    room = classes.open_class(SERVER, "8b")
    joined = joining.join(room.code)
    run_id = runs.create(small(), joined.member.visitor)
    classes.delete_class(SERVER, room.id)
    folder = runs.folder_of(run_id)
    assert folder.stop.exists()
    with database().read() as session:
        # Beside it, where several servers share a database, what belonged to the class itself.
        assert joined.member.visitor in session.scalars(select(LeftoverRow.visitor)).all()
    folder.result.write_text('{"state": "stopped"}', encoding="utf-8")
    classes.expire()
    assert runs.list_runs() == []


def test_classes_end_by_themselves_and_tokens_with_them():
    room = classes.open_class(SERVER, "8b", days=1)
    stays = classes.open_class(SERVER, "8c", days=3)
    joined = joining.join(room.code)
    joining.device_code(SERVER, joined.member.id)
    assert classes.expire() == 0
    assert classes.expire(time.time() + 2 * DAY) == 1
    assert classes.all_classes(SERVER) == [stays]
    assert joining.place_of(joined.token) is None
    found = counts()
    found.pop("leftovers", None)
    assert found == {"classes": 1, "actions": 1}


def test_a_class_past_its_end_is_over_before_anybody_has_deleted_it():
    room = classes.open_class(SERVER, "8b")
    joined = joining.join(room.code)
    with database().begin() as session:
        session.get(ClassRow, room.id).delete_after = time.time() - 1
    assert joining.place_of(joined.token) is None
    assert joining.why_not(joined.token) == "The class is over, and is being deleted."
    with pytest.raises(ClassroomRefused, match="No class has this code"):
        joining.join(room.code)


def test_the_server_deletes_by_itself_what_is_over(monkeypatch):
    room = classes.open_class(SERVER, "8b")
    with database().begin() as session:
        session.get(ClassRow, room.id).delete_after = time.time() - 1
    try:
        upkeep.start()
        upkeep.start()
        wait_until(lambda: not classes.all_classes(SERVER), 20, "an empty list")
    finally:
        upkeep.stop()
        upkeep.stop()
    assert upkeep.look() == 0


def test_a_run_of_a_deleted_class_is_gone_soon_after_it_has_ended(monkeypatch):
    monkeypatch.setattr(upkeep, "SOON_SECONDS", 0.05)
    upkeep.start()
    try:
        room = classes.open_class(SERVER, "8b")
        run_id = runs.create(small(), joining.join(room.code).member.visitor)
        classes.delete_class(SERVER, room.id)
        runs.folder_of(run_id).result.write_text('{"state": "stopped"}', encoding="utf-8")
        wait_until(lambda: not runs.list_runs(), 20, "no run")
    finally:
        upkeep.stop()


def test_the_upkeep_makes_no_database_and_survives_a_damaged_one(home, monkeypatch):
    monkeypatch.delenv("ATELIER_DATABASE_URL", raising=False)
    forget_settings()
    assert upkeep.look() == 0
    assert not (home / "classroom.db").exists()
    home.mkdir()
    (home / "classroom.db").write_bytes(b"x" * 5000)
    assert upkeep.look() == 0


@pytest.mark.parametrize("class_id", [0, -1, 99, 2**31, 10**30, "1", None, 1.5])
def test_an_id_from_a_link_may_be_anything(class_id):
    for ask in (
        classes.of_id,
        lambda each: classes.close_class(SERVER, each),
        lambda each: classes.delete_class(SERVER, each),
        presence.members,
        lambda each: joining.remove(SERVER, each),
        lambda each: log.undo(SERVER, each),
    ):
        with pytest.raises(ClassroomRefused, match="There is no such"):
            ask(class_id)


def test_two_teachers_at_once_both_get_their_way():
    """Each change is whole, and the log has all of them in one order."""
    room = classes.open_class(SERVER, "8b")
    problems = []

    def work(number):
        try:
            for n in range(10):
                classes.change_class(SERVER, room.id, title=f"Title {number}.{n}")
                classes.change_class(SERVER, room.id, most=10 * number + n + 1)
        except Exception as error:  # noqa: BLE001  # told below
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(log.actions(SERVER, room.id)) == 1 + 4 * 20
    assert log.actions(SERVER, room.id)[0].can_undo


def test_nothing_personal_has_a_column():
    """No e-mail, no address of a computer, no browser; new columns are to be thought about."""
    columns = {
        column.name
        for mapper in Base.registry.mappers
        if mapper.class_ in (ClassRow, MemberRow)
        for column in inspect(mapper).columns
    }
    assert columns == {
        "id", "code", "title", "opened", "closed", "delete_after", "nicknames", "most", "message",
        "message_at", "epochs", "seconds", "waiting",
        "class_id", "visitor", "public_id", "handle", "handle_key", "joined", "seen", "page",
        "state", "hidden",
    }  # fmt: skip
    words = {"email", "mail", "ip", "address", "agent", "browser", "user", "password"}
    for table in Base.metadata.tables.values():
        for column in table.columns:
            assert not words & set(column.name.split("_")), column
