"""Board: the class on the wall. Needs no clicks and no scrolling on a projector."""

from pages.session import frame
from pages.session.person import person
from pages.views.board.wall import wall


def main() -> None:
    """Draw the page."""
    wall(person())


frame.draw(main)
