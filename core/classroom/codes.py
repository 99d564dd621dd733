"""Codes that people read from a wall and type: capital letters that are not taken for others.

There are no vowels, so that no words come about, and none of what looks like something else from
the back row: no I, O, Q, G, U, Y.
"""

import secrets
import unicodedata

ALPHABET = "BCDFHJKLMNPRSTVWXZ"
CLASS = 6  # letters; 34 million codes
DEVICE = 8  # 11 billion

# What letters without vowels are still read as.
_RUDE = ("FCK", "CNT", "SHT", "DCK", "TTS", "BTCH", "PRN", "KKK", "WTF", "STFV", "SS", "XXX")


def class_code() -> str:
    """Return six letters by chance."""
    return _draw(CLASS)


def device_code() -> str:
    """Return eight letters by chance, as they are typed: two times four."""
    code = _draw(DEVICE)
    return f"{code[:4]}-{code[4:]}"


def tidy(text: str) -> str:
    """Return what somebody typed as a code would be: capitals, without spaces and hyphens."""
    kept = unicodedata.normalize("NFKC", text[:100]).upper()
    return "".join(letter for letter in kept if letter.isalnum())


def _draw(length: int) -> str:
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(length))
        if not any(rude in code for rude in _RUDE):
            return code
