"""The settings of a task in a link of the Train page, in the pages' own words and back."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from core import architectures, datasets
from core.architectures.settings import (
    RECIPE_TITLES,
    Choice,
    Number,
    RecipeName,
    Setting,
    Several,
    Switch,
)
from core.datasets import imported
from core.errors import SettingsError

MOST_CHARACTERS, MOST_VALUES = 10_000, 100  # of a link


def query_of(address: str) -> dict[str, list[str]]:
    """Return the names and values of a link that somebody pasted; an empty value is one too.

    Raises:
        SettingsError: it is no link.
    """
    try:
        query = urlsplit(address.strip()[:MOST_CHARACTERS]).query
        return parse_qs(query, keep_blank_values=True, max_num_fields=MOST_VALUES)
    except ValueError:
        raise SettingsError(
            "This is not the address of a page. Press Copy link on the Train page, and paste it."
        ) from None


def network_words(name: str, value: str) -> str:
    """Return what pages call a data set, an architecture or a recipe."""
    if name == "recipe":
        return RECIPE_TITLES.get(RecipeName(value), value)
    return architectures.find(value).title if name == "architecture" else datasets.find(value).title


def network_link(name: str, value: str) -> str:
    """Return a data set, an architecture or a recipe as a link has it: what is built, whole."""
    built = name == "architecture" and architectures.is_stack(value)
    return value if built else network_words(name, value)


def network_name(name: str, asked: str) -> str:
    """Return the name of what a link names by name or title; what is unknown as it is."""
    titles: dict[str, str] = {}
    if name == "dataset":
        titles = {each: spec.title for each, spec in datasets.DATASETS.items()}
        for own in imported.list_imported():
            titles[own.spec.name] = f"{own.spec.title} · {own.spec.name[-6:]}"  # as pages write it
    elif name == "architecture":
        titles = {each: known.title for each, known in architectures.ARCHITECTURES.items()}
    else:
        titles = {str(each): title for each, title in RECIPE_TITLES.items()}
    return next((each for each, title in titles.items() if title == asked), asked)


def to_link(setting: Setting, value: Any) -> list[str]:
    """Return a value as the form on the Train page writes it into the address."""
    match setting:
        case Switch():
            return ["true" if value else "false"]
        case Several():
            return [setting.titles[each] for each in value] or [""]
        case Choice():
            return [setting.words(value)]
        case Number() if setting.offered:
            return [setting.words(value)]
    return ["0" if value is None else repr(value)]


def from_link(setting: Setting, asked: list[str]) -> Any:
    """Return the value that a link asks for, by title or as the command line writes it.

    Raises:
        SettingsError: it cannot be.
    """
    text = asked[0].strip() if asked else ""
    match setting:
        case Switch():
            return setting.check({"true": True, "false": False}.get(text.lower(), text))
        case Several():
            names = {title: str(each) for each, title in setting.titles.items()}
            return setting.check([names.get(each, each) for each in asked if each])
        case Choice():
            names = {title: str(each) for each, title in setting.titles.items()}
            names |= {title: str(each) for title, each in setting.formerly.items()}
            return setting.check(names.get(text, text))
        case Number():
            return setting.check(_number_of_link(setting, text))
    raise TypeError(f"no value for {setting!r}")


def _number_of_link(setting: Number, text: str) -> Any:
    words = {word: value for value, word in setting.special.items()}
    words |= {setting.words(value): value for value in setting.offered}
    if text in words:
        return words[text]
    bare = text.replace(",", "").removeprefix("×").removesuffix(" images")
    share = bare.endswith("%")
    try:
        value = float(bare.removesuffix("%"))
    except ValueError:
        return text  # which the check refuses
    if setting.empty and not setting.offered and value == 0:
        return None  # as the form shows it
    value = value / 100 if share else value
    return int(value) if setting.whole and value.is_integer() else value
