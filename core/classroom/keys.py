"""Secrets: tokens and how they are stored, and what others may know of a visitor."""

import hashlib
import hmac
import secrets

from core.classroom.database import database

PUBLIC = 12  # hexadecimal characters


def new_token() -> str:
    """Return a new secret for a link or a cookie, which nobody guesses."""
    return secrets.token_urlsafe(32)


def new_visitor() -> str:
    """Return a visitor's id for a new member, as the pages make them for browsers."""
    return secrets.token_hex(16)


def hashed(token: str) -> str:
    """Return what is stored of a token: its SHA-256 as 64 hexadecimal characters."""
    # What comes in a cookie or a link may be anything, also half a character.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def public_id(visitor: str) -> str:
    """Return what others may know of a visitor: always the same, and it does not lead back.

    Raises:
        ClassroomUnavailable: the database, which has the key, cannot be used.
    """
    digest = hmac.new(database().server_key, visitor.encode(), hashlib.sha256)
    return digest.hexdigest()[:PUBLIC]


def group_of(class_id: int) -> str:
    """Return the public id of a class, which its runs are marked with.

    What the class trains and makes together has it for an owner, too.

    Raises:
        ClassroomUnavailable: the database, which has the key, cannot be used.
    """
    return public_id(f"class {class_id}")
