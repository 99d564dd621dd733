"""Whose runs these are: the browser's, or those of the member of a class who sits at it."""

from pages.session.person import person


def visitor_id() -> str:
    """Return the id that owns what is done here: a member's in a class, else the browser's.

    It is a secret of the server and of whom it belongs to: no page shows it to anybody.

    Raises:
        ClassroomUnavailable: the browser has a class's cookie, and the database does not answer.
    """
    return person().visitor
