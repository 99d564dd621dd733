"""Who is in a class, and the class itself, as what is passed around: values that nobody changes."""

from dataclasses import dataclass, field
from enum import StrEnum

HIDDEN_NAME = "Hidden name"


class State(StrEnum):
    """Whether a member is in the class still."""

    HERE = "here"
    LEFT = "left"
    REMOVED = "removed"


@dataclass(frozen=True)
class Member:
    """A student in a class.

    Attributes:
        id: of the member in the database.
        class_id: of the class.
        public_id: what others may know: 12 hexadecimal characters that lead to nobody's runs.
        handle: the name in the class, drawn from the list or a nickname.
        visitor: the secret id that owns the member's runs; it never leaves the server.
        joined: when, in seconds of the epoch.
        seen: when a page of theirs asked for something last, within a few seconds.
        page: which page that was; empty before the first.
        state: whether they are in the class still.
        hidden: whether a teacher has hidden the name from the class.
    """

    id: int
    class_id: int
    public_id: str
    handle: str
    visitor: str = field(repr=False)
    joined: float
    seen: float
    page: str
    state: State
    hidden: bool

    @property
    def name(self) -> str:
        """The name that the class sees."""
        return HIDDEN_NAME if self.hidden else self.handle


@dataclass(frozen=True)
class Limits:
    """What a run of a class may take; None where the server's own limit is enough.

    Attributes:
        epochs: a run.
        seconds: a run.
        waiting: runs that one student may have waiting.
    """

    epochs: int | None = None
    seconds: float | None = None
    waiting: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Classroom:
    """A class.

    Attributes:
        id: of the class in the database.
        code: six letters to join by.
        title: that the teacher gave.
        opened: when, in seconds of the epoch.
        closed: since when nobody can join; None while it is open.
        delete_after: when it is deleted with all that belongs to it.
        nicknames: whether students may choose their names.
        most: students at a time.
        message: what the teacher wants everyone to read now; None for nothing.
        message_at: since when.
        limits: for the runs of its students.
    """

    id: int
    code: str
    title: str
    opened: float
    closed: float | None
    delete_after: float
    nicknames: bool
    most: int
    message: str | None
    message_at: float | None
    limits: Limits

    @property
    def is_open(self) -> bool:
        """Whether students can join."""
        return self.closed is None


@dataclass(frozen=True)
class Person:
    """Who asks, as far as anybody knows.

    Attributes:
        visitor: the secret id that owns their runs; in a class it is the member's.
        member: who they are in a class; None for those in none.
        classroom: the class they are in.
        teacher: whether they came by the teacher's link.
    """

    visitor: str = field(repr=False)
    member: Member | None = None
    classroom: Classroom | None = None
    teacher: bool = False


SERVER = Person("", teacher=True)  # the command line, and what the server does by itself


@dataclass(frozen=True)
class Place:
    """A member and the class they are in."""

    member: Member
    classroom: Classroom


@dataclass(frozen=True)
class Joined:
    """What a student gets who has just come in.

    Attributes:
        member: who they are now.
        classroom: where.
        token: proves it, for the browser's cookie; the database has only its hash.
    """

    member: Member
    classroom: Classroom
    token: str = field(repr=False)


@dataclass(frozen=True)
class Redeemed:
    """What a ticket was good for.

    Attributes:
        kind: ``member`` or ``teacher``.
        token: for the browser's cookie.
        expires: when the cookie ends, in seconds of the epoch.
    """

    kind: str
    token: str = field(repr=False)
    expires: float
