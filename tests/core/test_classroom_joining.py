import threading
import time

import pytest
from class_support import known, member_of
from sqlalchemy import select

from core.classroom import classes, handles, joining, keys, log, messages, nicknames, presence
from core.classroom import teachers as teaching
from core.classroom.database import database
from core.classroom.guesses import CODES, TEACHERS, Limiter
from core.classroom.people import HIDDEN_NAME, SERVER, Person, State
from core.classroom.schema import Base, TokenRow
from core.errors import ClassroomRefused, SettingsError
from core.settings import Settings, forget_settings

pytestmark = pytest.mark.usefixtures("stored")


@pytest.fixture(autouse=True)
def no_guesses():
    CODES.forget()
    TEACHERS.forget()


@pytest.fixture
def room(stored):
    return classes.open_class(SERVER, "8b", nicknames=True)


def student(joined):
    """Return a student as the pages know them."""
    return Person(joined.member.visitor, joined.member, joined.classroom)


def later(monkeypatch, seconds):
    """Let the time be later, for the code and the database."""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + seconds)


# -- Coming in ---------------------------------------------------------------------------------


def test_who_joins_gets_a_name_a_token_and_a_visitor_of_their_own(room):
    first, second = joining.join(room.code), joining.join(room.code.lower())
    for joined in (first, second):
        who = joined.member
        assert joined.classroom == room
        assert handles.is_handle(who.handle) and who.name == who.handle
        assert who.state is State.HERE and not who.hidden and who.page == ""
        assert len(who.visitor) == 32 and who.public_id == keys.public_id(who.visitor)
        assert joining.place_of(joined.token).member == who
        assert joining.place_of(joined.token).classroom == room
    assert first.member.visitor != second.member.visitor
    assert first.member.handle != second.member.handle
    assert first.token != second.token


def test_secrets_are_not_in_what_is_printed(room):
    joined = joining.join(room.code)
    person = student(joined)
    told = f"{joined} {person} {joining.redeem(joining.ticket(joined.token))}"
    assert joined.member.public_id in told
    assert joined.token not in told and joined.member.visitor not in told


def test_no_token_is_in_the_database(room):
    joined = joining.join(room.code)
    ticket = joining.ticket(joined.token)
    device = joining.device_code(student(joined), joined.member.id)
    link = teaching.teacher_token()
    session_token = teaching.check(link)
    secrets = {joined.token, ticket, device, device.replace("-", ""), link, session_token}
    with database().read() as session:
        for table in Base.metadata.tables.values():
            for row in session.execute(select(table)):
                assert not secrets & {str(value) for value in row}
    assert joined.member.visitor not in joined.token


def test_a_proposed_name_is_kept_if_it_is_free_still(room):
    proposed = joining.propose(room.id)
    assert joining.join(room.code, handle=proposed).member.handle == proposed
    again = joining.join(room.code, handle=proposed).member.handle
    assert again != proposed and handles.is_handle(again)


@pytest.mark.parametrize("forged", ["Stupid otter", "Teal otter<b>", "", "x" * 10_000, "Teacher"])
def test_a_forged_name_is_not_taken(room, forged):
    handle = joining.join(room.code, handle=forged).member.handle
    assert handle != forged and handles.is_handle(handle)


def test_a_nickname_is_taken_where_the_teacher_allows_it(room):
    assert joining.join(room.code, " Zoë ").member.handle == "Zoë"
    classes.change_class(SERVER, room.id, nicknames=False)
    with pytest.raises(ClassroomRefused, match="names are drawn"):
        joining.join(room.code, "Ana")


@pytest.mark.parametrize("double", ["Zoë", "zoe", "ZOE", "z-o-e", "Zо\u0308e", "Zoe\u0301"])
def test_a_double_nickname_gets_a_sentence(room, double):
    joining.join(room.code, "Zoë")
    with pytest.raises(ClassroomRefused, match="Someone in the class has this nickname"):
        joining.join(room.code, double)
    assert len(presence.members(room.id)) == 1
    other = classes.open_class(SERVER, "8c", nicknames=True)
    assert joining.join(other.code, double).member.handle


def test_nobody_takes_over_the_name_of_one_who_left_or_was_removed(room):
    left, removed = joining.join(room.code, "Ana"), joining.join(room.code, "Ben")
    joining.leave(left.token)
    joining.remove(SERVER, removed.member.id)
    for name in ("Ana", "ben"):
        with pytest.raises(ClassroomRefused, match="Someone"):
            joining.join(room.code, name)


@pytest.mark.parametrize("nickname", ["x" * 10_000, "<b>", "\u202eana", "😀", "fuck"])
def test_a_nickname_that_cannot_be_makes_no_member(room, nickname):
    with pytest.raises(ClassroomRefused):
        joining.join(room.code, nickname)
    assert presence.members(room.id) == []


def test_who_was_removed_does_not_come_back_by_the_code_in_the_same_browser(room):
    joined = joining.join(room.code)
    joining.remove(SERVER, joined.member.id)
    with pytest.raises(ClassroomRefused, match="has removed you from the class"):
        joining.join(room.code, token=joined.token)
    other = classes.open_class(SERVER, "8c")
    assert joining.join(other.code, token=joined.token).classroom == other


def test_one_browser_is_in_one_class_once(room):
    joined = joining.join(room.code, "Ana")
    other = classes.open_class(SERVER, "8c")
    for code in (room.code, other.code):
        with pytest.raises(ClassroomRefused, match="in a class already, as Ana"):
            joining.join(code, token=joined.token)
    joining.leave(joined.token)
    assert joining.join(other.code, token=joined.token).classroom == other
    for nothing in (None, "", "x", "\ud800", teaching.start_session()):
        assert joining.join(room.code, token=nothing)


@pytest.mark.parametrize("code", ["", "BCDFHJ", "x" * 10_000, "' OR 1=1 --", "\0", "\ud800", "😀"])
def test_a_wrong_code_gets_a_sentence(room, code):
    with pytest.raises(ClassroomRefused, match="No class has this code"):
        joining.join(code)


def test_a_full_class_gets_a_sentence_until_somebody_leaves(room):
    classes.change_class(SERVER, room.id, most=2)
    first, second = joining.join(room.code), joining.join(room.code)
    with pytest.raises(ClassroomRefused, match="full: it has room for 2 students"):
        joining.join(room.code)
    joining.leave(first.token)
    third = joining.join(room.code)
    joining.remove(SERVER, second.member.id)
    fourth = joining.join(room.code)
    assert [each.id for each in presence.members(room.id)] == [third.member.id, fourth.member.id]


def test_thirty_join_at_once_and_the_last_places_are_taken_once(room):
    classes.change_class(SERVER, room.id, most=25)
    joined, refused = [], []

    def work():
        try:
            joined.append(joining.join(room.code))
        except ClassroomRefused as error:
            refused.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(joined), len(refused)) == (25, 5)
    assert all("full" in reason for reason in refused)
    assert len({nicknames.key(each.member.handle) for each in joined}) == 25
    assert len(presence.members(room.id)) == 25


def test_one_nickname_is_given_once_when_several_want_it_at_the_same_moment(room):
    joined, refused = [], []

    def work():
        try:
            joined.append(joining.join(room.code, "Zoë"))
        except ClassroomRefused as error:
            refused.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(joined), set(refused)) == (1, {joining.TAKEN})


# -- Guesses -----------------------------------------------------------------------------------


def test_guessing_codes_is_limited_for_the_one_who_guesses(room):
    for _ in range(10):
        with pytest.raises(ClassroomRefused, match="No class"):
            classes.find("BCDFHJ", asker="guesser")
    with pytest.raises(ClassroomRefused, match="Too many wrong tries"):
        joining.join(room.code, asker="guesser")
    with pytest.raises(ClassroomRefused, match="Too many wrong tries"):
        joining.by_device_code("BCDF-HJKL", asker="guesser")
    assert joining.join(room.code, asker="someone else")
    assert joining.join(room.code)


def test_right_codes_are_no_guesses(room):
    for _ in range(30):
        assert classes.find(room.code, asker="one") == room


def test_a_limiter_forgets_after_its_time_and_says_how_long_to_wait():
    now = [1000.0]
    limiter = Limiter(each=2, everyone=4, seconds=60, clock=lambda: now[0])
    limiter.wrong("a")
    now[0] += 20
    limiter.wrong("a")
    with pytest.raises(ClassroomRefused, match="Wait 40 seconds"):
        limiter.check("a")
    limiter.check("b")
    now[0] += 39.9
    with pytest.raises(ClassroomRefused, match="Wait 1 second,"):
        limiter.check("a")
    now[0] += 0.2
    limiter.check("a")


def test_a_limiter_holds_for_all_together_too():
    now = [1000.0]
    limiter = Limiter(each=2, everyone=4, seconds=60, clock=lambda: now[0])
    for asker in "abcd":
        limiter.check(asker)
        limiter.wrong(asker)
        now[0] += 1
    with pytest.raises(ClassroomRefused, match="Wait 56 seconds"):
        limiter.check("e")
    now[0] += 56
    limiter.check("e")


def test_a_limiter_keeps_nothing_that_leads_to_the_asker():
    limiter = Limiter(each=2, everyone=4)
    limiter.wrong("203.0.113.7")
    assert "203.0.113.7" not in str(vars(limiter))


def test_askers_of_whom_nothing_is_known_do_not_share_one_limit():
    limiter = Limiter(each=2, everyone=100)
    for _ in range(50):
        limiter.check()
        limiter.wrong()
    limiter.check()


# -- Tickets and tokens ------------------------------------------------------------------------


def test_a_ticket_gives_a_cookie_once(room):
    joined = joining.join(room.code)
    ticket = joining.ticket(joined.token)
    redeemed = joining.redeem(ticket)
    assert redeemed.kind == "member" and redeemed.expires == room.delete_after
    assert redeemed.token not in (joined.token, ticket)
    assert member_of(redeemed.token) == joined.member
    with pytest.raises(ClassroomRefused, match="used already, or is too old"):
        joining.redeem(ticket)


def test_a_ticket_is_used_once_by_many_at_the_same_moment(room):
    ticket = joining.ticket(joining.join(room.code).token)
    redeemed, refused = [], []

    def work():
        try:
            redeemed.append(joining.redeem(ticket))
        except ClassroomRefused as error:
            refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(redeemed), len(refused)) == (1, 7)


def test_an_old_ticket_is_refused(room, monkeypatch):
    joined = joining.join(room.code)
    ticket = joining.ticket(joined.token)
    later(monkeypatch, 61)
    with pytest.raises(ClassroomRefused, match="too old"):
        joining.redeem(ticket)
    assert joining.redeem(joining.ticket(joined.token))


@pytest.mark.parametrize("token", ["", "x", "x" * 100_000, "\0", "\ud800", "😀", "' OR 1=1 --"])
def test_what_is_no_token_opens_nothing(room, token):
    assert joining.place_of(token) is None
    assert joining.why_not(token) is None
    assert not teaching.is_teacher(token)
    joining.leave(token)
    teaching.end_session(token)
    for ask in (joining.ticket, joining.redeem):
        with pytest.raises(ClassroomRefused):
            ask(token)


def test_each_kind_of_token_opens_its_own_door_only(room):
    joined = joining.join(room.code)
    link = teaching.teacher_token()
    teacher = teaching.check(link)
    ticket = joining.ticket(joined.token)
    for token in (link, teacher, ticket):
        assert joining.place_of(token) is None
    for token in (link, joined.token, ticket):
        assert not teaching.is_teacher(token)
    for token in (joined.token, teacher, ticket):
        with pytest.raises(ClassroomRefused):
            teaching.check(token)
    for token in (link, joined.token, teacher):
        with pytest.raises(ClassroomRefused):
            joining.redeem(token)
        with pytest.raises(ClassroomRefused):
            joining.by_device_code(token)
    assert joining.redeem(ticket)


# -- Leaving, and other devices ----------------------------------------------------------------


def test_who_leaves_has_left_and_their_cookie_is_good_for_nothing(room):
    joined = joining.join(room.code)
    cookie = joining.redeem(joining.ticket(joined.token)).token
    ticket = joining.ticket(cookie)
    joining.leave(cookie)
    assert joining.place_of(cookie) is None and joining.place_of(joined.token) is None
    with pytest.raises(ClassroomRefused):
        joining.redeem(ticket)
    assert known(room, joined.member.id).state is State.LEFT
    assert presence.members(room.id) == []
    assert [each.id for each in presence.members(room.id, everybody=True)] == [joined.member.id]
    joining.leave(cookie)


def test_the_next_pupil_at_a_machine_inherits_nothing(room):
    first = joining.join(room.code)
    joining.leave(first.token)
    second = joining.join(room.code)
    assert second.member.visitor != first.member.visitor
    assert second.member.public_id != first.member.public_id


def test_a_device_code_brings_the_same_member_to_another_device_once(room):
    joined = joining.join(room.code)
    code = joining.device_code(student(joined), joined.member.id)
    other = joining.by_device_code(f" {code.lower()} ")
    assert other.member == joined.member and other.token != joined.token
    assert member_of(other.token) == member_of(joined.token) == joined.member
    with pytest.raises(ClassroomRefused, match="This code is wrong, was used already"):
        joining.by_device_code(code)
    joining.leave(joined.token)
    assert member_of(other.token) == joined.member
    assert member_of(joined.token) is None
    joining.leave(other.token)
    assert known(room, joined.member.id).state is State.LEFT


def test_a_newer_device_code_ends_the_older_and_both_end_after_ten_minutes(room, monkeypatch):
    joined = joining.join(room.code)
    old, new = (joining.device_code(student(joined), joined.member.id) for _ in range(2))
    with pytest.raises(ClassroomRefused):
        joining.by_device_code(old)
    later(monkeypatch, 601)
    with pytest.raises(ClassroomRefused, match="older than ten minutes"):
        joining.by_device_code(new)


def test_the_teacher_brings_back_who_lost_their_cookie(room):
    joined = joining.join(room.code)
    joining.leave(joined.token)
    code = joining.device_code(SERVER, joined.member.id)
    classes.change_class(SERVER, room.id, most=1)
    there = joining.join(room.code)
    with pytest.raises(ClassroomRefused, match="full"):
        joining.by_device_code(code)
    joining.leave(there.token)
    back = joining.by_device_code(code)
    assert back.member.id == joined.member.id and back.member.state is State.HERE


def test_nobody_gets_a_code_for_someone_else(room):
    first, second = joining.join(room.code), joining.join(room.code)
    with pytest.raises(ClassroomRefused, match="of your own only"):
        joining.device_code(student(first), second.member.id)


# -- What the teacher does to names ------------------------------------------------------------


def test_a_removed_member_is_out_until_it_is_undone(room):
    joined = joining.join(room.code)
    code = joining.device_code(SERVER, joined.member.id)
    removed = joining.remove(SERVER, joined.member.id)
    assert removed.state is State.REMOVED
    assert joining.place_of(joined.token) is None
    assert "has removed you" in joining.why_not(joined.token)
    with pytest.raises(ClassroomRefused):
        joining.by_device_code(code)
    with pytest.raises(ClassroomRefused, match="was removed"):
        joining.device_code(SERVER, joined.member.id)
    joining.leave(joined.token)  # removed is not left
    assert known(room, joined.member.id).state is State.REMOVED
    (last, *_) = log.actions(SERVER, room.id)
    assert last.sentence == f"Removed {joined.member.handle}." and last.can_undo
    assert log.undo(SERVER, last.id).undone is not None
    assert known(room, joined.member.id).state is State.HERE


def test_undoing_a_removal_lets_the_same_browser_in_again(room):
    joined = joining.join(room.code)
    joining.remove(SERVER, joined.member.id)
    log.undo(SERVER, log.actions(SERVER, room.id)[0].id)
    assert member_of(joined.token) == joined.member


def test_a_teacher_renames_by_the_list_or_by_hand(room):
    joined = joining.join(room.code, "Grumpy")
    drawn = joining.rename(SERVER, joined.member.id)
    assert handles.is_handle(drawn.handle)
    assert joining.rename(SERVER, joined.member.id, "Ana").handle == "Ana"
    assert member_of(joined.token).handle == "Ana"
    joining.join(room.code, "Ben")
    for bad in ("ben", "<b>", ""):
        with pytest.raises(ClassroomRefused):
            joining.rename(SERVER, joined.member.id, bad)
    assert joining.rename(SERVER, joined.member.id, "ANA").handle == "ANA"


def test_a_rename_is_undone_unless_it_was_changed_since(room):
    joined = joining.join(room.code, "Ana")
    joining.rename(SERVER, joined.member.id, "Ben")
    first = log.actions(SERVER, room.id)[0]
    joining.rename(SERVER, joined.member.id, "Cleo")
    with pytest.raises(ClassroomRefused, match="changed again since"):
        log.undo(SERVER, first.id)
    second = log.actions(SERVER, room.id)[0]
    log.undo(SERVER, second.id)
    with pytest.raises(ClassroomRefused, match="undone already"):
        log.undo(SERVER, second.id)
    log.undo(SERVER, first.id)
    assert member_of(joined.token).handle == "Ana"


def test_a_rename_is_not_undone_where_someone_has_the_old_name_by_now(room):
    joined = joining.join(room.code, "Ana")
    joining.rename(SERVER, joined.member.id, "Ben")
    joining.join(room.code, "Ana")
    with pytest.raises(ClassroomRefused, match="taken by now"):
        log.undo(SERVER, log.actions(SERVER, room.id)[0].id)
    assert member_of(joined.token).handle == "Ben"
    assert log.actions(SERVER, room.id)[0].undone is None


def test_a_hidden_name_is_seen_by_nobody_but_the_teacher(room):
    joined = joining.join(room.code, "Ana")
    joining.hide(SERVER, joined.member.id)
    (found,) = presence.members(room.id)
    assert (found.name, found.handle) == (HIDDEN_NAME, "Ana")
    joining.show(SERVER, joined.member.id)
    assert presence.members(room.id)[0].name == "Ana"
    sentences = [each.sentence for each in log.actions(SERVER, room.id)]
    assert sentences == ["Showed the name Ana again.", "Hid the name Ana.", "Opened the class 8b."]


def test_what_changes_nothing_is_not_in_the_log(room):
    joined = joining.join(room.code)
    for _ in range(2):
        joining.hide(SERVER, joined.member.id)
        joining.remove(SERVER, joined.member.id)
        messages.say(SERVER, room.id, "Look here")
    assert len(log.actions(SERVER, room.id)) == 4


# -- Messages ----------------------------------------------------------------------------------


def test_a_message_reaches_everyone_in_the_class_and_is_taken_back(room):
    joined = joining.join(room.code)
    other = joining.join(classes.open_class(SERVER, "8c").code)
    said = messages.say(SERVER, room.id, " Eyes on\tme \n\n\u202e <b>now</b>\0 ")
    assert said.message == "Eyes on me\n<b>now</b>" and said.message_at is not None
    assert joining.place_of(joined.token).classroom == said
    assert joining.place_of(other.token).classroom.message is None
    cleared = messages.clear(SERVER, room.id)
    assert (cleared.message, cleared.message_at) == (None, None)
    log.undo(SERVER, log.actions(SERVER, room.id)[0].id)
    assert joining.place_of(joined.token).classroom == said


@pytest.mark.parametrize("text", ["", " \n ", "x" * 501, "\0"])
def test_a_message_that_cannot_be_gets_a_sentence(room, text):
    with pytest.raises(ClassroomRefused, match="The message"):
        messages.say(SERVER, room.id, text)
    assert classes.of_id(room.id).message is None


def test_the_longest_message_fits_the_log_too(room):
    assert messages.say(SERVER, room.id, "ß" * 500).message == "ß" * 500
    assert log.actions(SERVER, room.id)[0].sentence.endswith("ß")


# -- Presence ----------------------------------------------------------------------------------


def test_a_sign_of_a_member_is_seen_at_once_and_written_at_most_once_in_ten_seconds(
    room, monkeypatch
):
    who = joining.join(room.code).member
    writes, begin = [], database().begin

    def counted():
        writes.append(1)
        return begin()

    monkeypatch.setattr(database(), "begin", counted)
    start = who.seen + 20
    for n in range(21):
        presence.seen(who, f"page-{n}", now=start + n)
        (found,) = presence.members(room.id)
        assert (found.seen, found.page) == (start + n, f"page-{n}")
    assert len(writes) == 3
    presence._signs = None  # as another server sees it
    (found,) = presence.members(room.id)
    assert (found.seen, found.page) == (start + 20, "page-20")


def test_a_full_class_is_written_together(room, monkeypatch):
    joined = [joining.join(room.code).member for _ in range(30)]
    writes, begin = [], database().begin
    monkeypatch.setattr(database(), "begin", lambda: writes.append(1) or begin())
    start = time.time() + 20
    for n in range(20):
        for k, who in enumerate(joined):
            presence.seen(who, "train", now=start + n + k / 30)
    assert len(writes) <= 21
    presence._signs = None
    assert all(who.page == "train" and who.seen > start for who in presence.members(room.id))


@pytest.mark.parametrize("page", ["x" * 1000, "<b>", "\0", "\ud800", "../x", "Train"])
def test_a_page_that_is_none_is_not_noted(room, page):
    who = joining.join(room.code).member
    presence.seen(who, page, now=time.time() + 20)
    assert presence.members(room.id)[0].page == ""


def test_who_gave_no_sign_for_long_is_away(room):
    who = joining.join(room.code).member
    assert presence.is_here(who)
    assert not presence.is_here(who, now=time.time() + 46)
    assert not presence.is_here(joining.remove(SERVER, who.id))


def test_a_public_id_does_not_lead_back_and_differs_from_server_to_server(room, monkeypatch):
    visitor = "0123456789abcdef" * 2
    found = keys.public_id(visitor)
    assert len(found) == 12 and found == keys.public_id(visitor) and found not in visitor
    assert found != keys.public_id(visitor[::-1])
    monkeypatch.setattr(database(), "server_key", b"another")
    assert found != keys.public_id(visitor)


# -- Teachers ----------------------------------------------------------------------------------


def test_the_teachers_link_makes_a_teacher():
    link = teaching.teacher_token()
    assert len(link) >= 40
    session_token = teaching.check(link)
    assert teaching.is_teacher(session_token) and not teaching.is_teacher(link)
    assert teaching.check(link) != session_token
    other = teaching.teacher_token()
    assert other != link
    assert teaching.check(link) and teaching.check(other)
    teaching.end_session(session_token)
    assert not teaching.is_teacher(session_token)


def test_a_teacher_gets_a_cookie_by_a_ticket(room):
    session_token = teaching.start_session()
    redeemed = joining.redeem(joining.ticket(session_token))
    assert redeemed.kind == "teacher" and teaching.is_teacher(redeemed.token)
    assert 0 < redeemed.expires - time.time() <= teaching.SESSION_SECONDS
    teaching.end_session(redeemed.token)
    assert not teaching.is_teacher(redeemed.token) and not teaching.is_teacher(session_token)


def test_links_and_sessions_end(monkeypatch):
    link = teaching.teacher_token()
    session_token = teaching.check(link)
    later(monkeypatch, teaching.SESSION_SECONDS + 1)
    assert not teaching.is_teacher(session_token)
    assert teaching.is_teacher(teaching.check(link))
    later(monkeypatch, teaching.LINK_SECONDS + 1)
    with pytest.raises(ClassroomRefused, match="not the teacher's link"):
        teaching.check(link)
    teaching.teacher_token()  # clears up
    with database().read() as session:
        assert len(session.scalars(select(TokenRow)).all()) == 1


def test_all_links_can_be_ended():
    link = teaching.teacher_token()
    session_token = teaching.check(link)
    teaching.forget_links()
    assert not teaching.is_teacher(session_token)
    with pytest.raises(ClassroomRefused):
        teaching.check(link)


def test_a_token_of_the_settings_is_the_only_one_made(monkeypatch):
    chosen = "a-secret-of-our-school"
    monkeypatch.setenv("ATELIER_TEACHER_TOKEN", chosen)
    forget_settings()
    assert teaching.teacher_token() == chosen
    assert teaching.is_teacher(teaching.check(chosen))
    with pytest.raises(ClassroomRefused):
        teaching.check(chosen[:-1])
    with database().read() as session:
        assert {row.kind for row in session.scalars(select(TokenRow))} == {"teacher"}


@pytest.mark.parametrize("guess", ["", "x", "x" * 100_000, "\0", "\ud800"])
def test_a_wrong_teachers_token_gets_a_sentence(guess):
    teaching.teacher_token()
    with pytest.raises(ClassroomRefused, match="not the teacher's link of this server"):
        teaching.check(guess)


def test_guessing_the_teachers_token_is_limited():
    link = teaching.teacher_token()
    for _ in range(10):
        with pytest.raises(ClassroomRefused, match="not the teacher's link"):
            teaching.check("guess", asker="guesser")
    with pytest.raises(ClassroomRefused, match="Too many wrong tries"):
        teaching.check(link, asker="guesser")
    assert teaching.check(link, asker="teacher")


@pytest.mark.parametrize(
    "token", ["short", "x" * 15, "x" * 201, "with a space in it", "ümläute-" * 3]
)
def test_a_teachers_token_that_is_no_good_gets_a_sentence(token):
    with pytest.raises(SettingsError, match="ATELIER_TEACHER_TOKEN must have 16 to 200"):
        Settings.from_environment({"ATELIER_TEACHER_TOKEN": token})


@pytest.mark.parametrize(
    ("address", "verified", "listed"),
    [
        ("Ana@School.org", True, True),
        (" ben@school.org ", True, True),
        ("ana@school.org", False, False),
        ("ana@school.org", None, False),
        ("ana@school.org", "true", False),
        ("ana@school.org.evil.org", True, False),
        ("cleo@school.org", True, False),
        ("", True, False),
        (None, True, False),
        (["ana@school.org"], True, False),
    ],
)
def test_who_logs_in_is_a_teacher_if_listed_and_verified(monkeypatch, address, verified, listed):
    monkeypatch.setenv("ATELIER_TEACHERS", "ana@school.org, BEN@school.org")
    forget_settings()
    assert teaching.is_listed(address, verified=verified) is listed
    monkeypatch.delenv("ATELIER_TEACHERS")
    forget_settings()
    assert not teaching.is_listed(address, verified=verified)


@pytest.mark.parametrize("value", ["ana", "ana@", "@school.org", "ana@school.org ben", "a@b@c.org"])
def test_a_list_of_teachers_that_is_none_gets_a_sentence(value):
    with pytest.raises(SettingsError, match="ATELIER_TEACHERS holds"):
        Settings.from_environment({"ATELIER_TEACHERS": value})
