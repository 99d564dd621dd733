"""A folder for each class: names that every system takes, and the classes that they stand for."""

import re
import unicodedata
from collections.abc import Collection, Sequence

from core.files import harmless

# What no folder may be called on some system, and the names that Windows keeps for itself.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{n}{i}" for n in ("com", "lpt") for i in range(10)}


def folder_names(classes: Sequence[str]) -> list[str]:
    """Return the name of a folder for each class: one of its own on every system.

    A class may be called like a path, a device, a formula, an option of a command, or like another
    one but for its case.
    """
    found: list[str] = []
    for name in classes:
        plain = _NOT_IN_NAMES.sub("-", harmless(name)).strip(" .") or "class"
        if plain.split(".")[0].lower() in _DEVICES or plain[0] in "=+@-":
            plain = f"_{plain}"
        base, number = plain, 2
        while plain.lower() in {each.lower() for each in found}:
            plain, number = f"{base} ({number})", number + 1
        found.append(plain)
    return found


def labels_of(folders: Collection[str], classes: Sequence[str]) -> dict[str, int] | None:
    """Return the label of each folder by a list of the classes, or None if one is not of a class.

    Args:
        folders: names, composed (Unicode's form C).
        classes: names in label order; not all need a folder.
    """
    named = (unicodedata.normalize("NFC", each) for each in folder_names(classes))
    label = {name: number for number, name in enumerate(named)}
    return {name: label[name] for name in folders} if {*folders} <= label.keys() else None
