"""From one version of the tables to the next.

A step changes the tables of its version to those of the next, with the rows in them; it runs in
one transaction with all others that are due. New tables need none: they are made where they are
missing.
"""

from collections.abc import Callable

from sqlalchemy import Connection, text

Step = Callable[[Connection], None]


def _from_1(connection: Connection) -> None:
    """Leaving a class finds the tokens that came of one by an index; nothing to undo is NULL."""
    connection.execute(text("CREATE INDEX tokens_from ON tokens (parent)"))
    for column in ("before", "after"):
        nothing = f"CAST(\"{column}\" AS VARCHAR) = 'null'"
        connection.execute(text(f'UPDATE actions SET "{column}" = NULL WHERE {nothing}'))


STEPS: dict[int, Step] = {1: _from_1}  # by the version that a step starts from
