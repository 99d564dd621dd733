"""Names that students choose, where their teacher allows it: what may be one, and what is the same.

The list of rude words is short, and meant for a classroom: it stops the first try, and the teacher
can rename and hide. A word that is part of many honest names is refused only by itself.
"""

import re
import unicodedata

from core.errors import ClassroomRefused

SHORTEST, LONGEST = 2, 20  # characters
_MARKS = 2  # one after the other on a letter, as Thai and Vietnamese need

# Anywhere in a word, but for the honest words that contain them.
_ANYWHERE = """
fuck fvck phuck motherfu bullshit shithead shitty cunt nigger nigga faggot wanker whore
slut bitch bastard arsehole asshole penis vagina pussy dildo blowjob porno pornhub hitler
pedo paedo retard bollock wichser fotze schlampe arschloch scheis hurensohn merde putain
connard salope encule puta mierda cabron pendejo maricon cazzo stronzo vaffanculo puttana
kurwa blyat
"""
_RUDE = re.compile("|".join(_ANYWHERE.split()))
_HONEST = re.compile("scunthorpe|peniston|computa|reputa|torpedo|merdeka")
# Only as a word of its own: many are parts of honest names (Harshit, Cassandra, Hancock).
_ALONE = """
ass arse tit tits cock dick cum anal anus sex sexy nazi nazis rape rapist crap piss poo poop
shit fag wank twat prick porn tranny spastic paki kike chink gook homo gay slag knob boob boobs
ss isis kkk nude nudes naked fick ficken hure nutte bite pute cul joder culo cono cazzi minchia
chuj
"""
_RUDE_ALONE = frozenset(_ALONE.split())
# What would be taken for somebody else.
_RESERVED = frozenset({"teacher", "theteacher", "admin", "administrator", "atelier", "hiddenname"})

_LEET = str.maketrans("013456789", "oieasgtbg")
# Small letters of other scripts, each with the Latin one that it looks like.
_PAIRS = """
аa вb еe зe кk мm нh оo рp сc тt уy хx іi јj ѕs ԁd ԛq ԝw һh
αa βb εe ηn ιi κk νv οo ρp τt υu χx ωw
"""
_ALIKE = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}


def check(text: str) -> str:
    """Return a nickname as it is kept: composed characters, single spaces.

    Raises:
        ClassroomRefused: it cannot be one; the sentence says why.
    """
    if len(text) > 1000:
        raise ClassroomRefused(_LENGTH)
    name = unicodedata.normalize("NFC", text).replace("’", "'").replace("‑", "-")
    name = " ".join(name.split())
    if any(unicodedata.category(letter)[0] == "C" for letter in name):
        raise ClassroomRefused(
            "The nickname has characters that cannot be seen. Type it instead of pasting it."
        )
    if not SHORTEST <= len(name) <= LONGEST:
        raise ClassroomRefused(_LENGTH)
    if not all(_allowed(letter) for letter in name) or not _has_letter(name):
        raise ClassroomRefused(
            "A nickname has letters, and digits, spaces, hyphens and apostrophes between them; no "
            "emoji and no other signs. Choose another."
        )
    if _marked(name):
        raise ClassroomRefused("The nickname has too many marks on one letter. Choose another.")
    if is_rude(name):
        raise ClassroomRefused("This nickname is not for a class. Choose another.")
    if key(name) in _RESERVED:
        raise ClassroomRefused("This nickname would be taken for someone else. Choose another.")
    return name


_LENGTH = f"A nickname has {SHORTEST} to {LONGEST} characters. Choose a shorter or longer one."


def key(name: str) -> str:
    """Return what is the same for names that look the same, at most 80 characters."""
    plain = _plain(name)
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LMN")[:80]


def is_rude(name: str) -> bool:
    """Tell whether a name has a rude word, also if it is spelled with digits or spaces."""
    plain = _plain(name)
    for spelled in (plain, plain.translate(_LEET)):
        words = _words(spelled)
        # Single letters in a row are a word: "f u c k".
        joined = _words(re.sub(r"(?<=\b\w)[^\w]+(?=\w\b)", "", spelled))
        if any(_is_rude_word(word) for word in (*words, *joined)):
            return True
        whole = "".join(words)
        if whole in _RUDE_ALONE or _RUDE.fullmatch(whole):
            return True
    return False


def _words(text: str) -> list[str]:
    return re.split(r"[^\w]+", text)


def _is_rude_word(word: str) -> bool:
    once = re.sub(r"(.)\1+", r"\1", word)  # "fuuuck"
    fewer = re.sub(r"(.)\1{2,}", r"\1", word)  # Tiit is a name
    if {word, fewer} & _RUDE_ALONE:
        return True
    return any(_RUDE.search(_HONEST.sub("", each)) for each in (word, once))


def _plain(name: str) -> str:
    """Return a name in small letters without accents, those of look-alikes in Latin ones."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    # Of Latin, Greek and Cyrillic letters; the marks of Hindi and Thai are vowels.
    bare = "".join(letter for letter in apart if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", bare).translate(_ALIKE)


def _allowed(letter: str) -> bool:
    return letter in " -'" or unicodedata.category(letter)[0] in "LM" or letter.isdecimal()


def _has_letter(name: str) -> bool:
    return any(unicodedata.category(letter)[0] == "L" for letter in name)


def _marked(name: str) -> bool:
    """Tell whether marks are piled up, or stand on nothing."""
    row = _MARKS  # none at the beginning
    for letter in name:
        row = row + 1 if unicodedata.category(letter)[0] == "M" else 0
        if row > _MARKS:
            return True
    return False
