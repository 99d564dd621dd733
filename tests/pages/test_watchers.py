"""The more parts of pages watch, the less often each looks."""

from streamlit.testing.v1 import AppTest

from pages.session import watchers
from pages.session.watchers import LOOKS, STEPS, Watchers


def crowd(count, pace=1.0):
    found = Watchers()
    for number in range(count):
        found.look(number, pace)
    return found


def test_few_look_as_often_as_they_would_alone():
    few = crowd(int(LOOKS))
    assert few.count() == LOOKS
    assert (few.pace(1.0), few.pace(2.0), few.pace(5.0)) == (1.0, 2.0, 5.0)


def test_all_together_look_about_as_often_however_many_there_are():
    for count in (30, 60, 100):
        pace = crowd(count).pace(1.0)
        assert count / pace <= 1.6 * LOOKS, count
    assert crowd(100_000).pace(1.0) == STEPS[-1]  # never so seldom that nobody believes it


def test_who_looks_no_more_is_no_longer_counted(monkeypatch):
    now = 100.0
    monkeypatch.setattr(watchers.time, "monotonic", lambda: now)
    found = crowd(60)
    assert found.pace(1.0) > 1
    now = 110.0
    found.look("late", 1.0)
    assert found.count() == 1 and found.pace(1.0) == 1.0


def test_the_same_one_counts_once():
    found = Watchers()
    for _ in range(100):
        found.look("one", 1.0)
    assert found.count() == 1


def test_a_pace_is_kept_while_it_is_not_far_from_right():
    assert crowd(30).fits(1.0, 1.0)  # a little too fast
    assert not crowd(90).fits(1.0, 1.0)
    assert crowd(1).fits(2.0, 1.0)
    assert not crowd(1).fits(8.0, 1.0)


def page():
    import streamlit as st

    from pages.session.ticking import watching

    st.session_state["pages"] = st.session_state.get("pages", 0) + 1

    def view():
        st.markdown("looked")

    watching(view, 1.0)()
    watching(lambda: st.markdown("once"), None)()


def test_a_view_that_watches_is_counted_and_drawn(monkeypatch):
    own = Watchers()
    monkeypatch.setattr(watchers, "_watchers", own)
    app = AppTest.from_function(page).run()
    assert [each.value for each in app.markdown] == ["looked", "once"]
    assert own.count() == 1 and app.session_state["pages"] == 1
    app.run()
    assert own.count() == 1 and app.session_state["pages"] == 2


def test_a_page_takes_another_pace_when_its_own_is_far_from_right(monkeypatch):
    """The pace is fixed when the page is drawn, so that is drawn anew."""
    own = Watchers()
    monkeypatch.setattr(watchers, "_watchers", own)
    look = own.look

    def arrive(who, pace):
        look(who, pace)
        for number in range(90):
            look(number, 100.0)

    monkeypatch.setattr(own, "look", arrive)
    app = AppTest.from_function(page).run()
    assert app.session_state["pages"] == 2
    assert [each.value for each in app.markdown] == ["looked", "once"]
