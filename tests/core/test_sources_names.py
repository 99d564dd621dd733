"""Names in archives that do not say how they are written."""

import struct
import unicodedata
import zipfile
import zlib

import pytest

from core.datasets.sources.names import PAGES, code_page, name_in_tar, name_in_zip, read_names

WORDS = {
    "cp850": ["Mütze", "Schürze", "Röcke", "España", "Épée"],
    "cp932": ["シャツ", "靴", "ズボン", "犬", "コート"],
    "gbk": ["猫", "狗", "苹果", "衬衫", "裤子", "飞机"],
    "cp949": ["고양이", "강아지", "사과", "신발"],
    "big5": ["貓", "狗", "蘋果", "鞋子", "襯衫"],
    "cp866": ["Кошка", "собака", "Яблоко"],
    "cp1251": ["Кошка", "собака", "Яблоко"],
    "cp1252": ["Mütze", "Schürze", "España"],
}


def entry(raw: bytes, extra: bytes = b"", flag: int = 0) -> zipfile.ZipInfo:
    """Return an entry as ``zipfile`` makes it from the directory of an archive."""
    info = zipfile.ZipInfo(raw.decode("utf-8" if flag else "cp437"))
    info.flag_bits, info.extra = flag, extra
    return info


@pytest.mark.parametrize(("page", "words"), WORDS.items())
def test_names_in_a_code_page(page, words):
    assert code_page([word.encode(page) for word in words]) == page
    names, said = read_names(
        name_in_zip(entry(f"train/{word}/1.png".encode(page))) for word in words
    )
    assert names == [f"train/{word}/1.png" for word in words] and said == PAGES[page]


@pytest.mark.parametrize("word", [word for words in WORDS.values() for word in words])
def test_utf8_is_utf8_with_the_flag_or_without(word):
    for form in ("NFC", "NFD"):
        raw = unicodedata.normalize(form, word).encode()
        names, said = read_names([name_in_zip(entry(raw)), name_in_zip(entry(raw, flag=0x800))])
        assert names == [word, word] and said is None


def test_a_name_given_twice_is_that_in_utf8():
    raw = "M\x81tze".encode("latin-1")
    field = b"\1" + struct.pack("<I", zlib.crc32(raw)) + "Mütze".encode()
    extra = struct.pack("<HH", 0x7075, len(field)) + field
    assert name_in_zip(entry(raw, extra)) == "Mütze"
    assert name_in_zip(entry(b"\x81" + raw, extra)) == b"\x81" + raw  # of another name


def test_a_backslash_within_a_character_is_no_folder():
    names, _ = read_names([name_in_zip(entry("ソックス/1.png".encode("cp932")))])
    assert names == ["ソックス/1.png"]


def test_bytes_that_no_page_has_are_read_somehow():
    assert read_names([b"\x81\xff\xfe", "a"])[0][1] == "a"


def test_a_tar_says_it_in_bytes():
    assert name_in_tar("Mütze") == "Mütze"
    assert name_in_tar(b"M\x81tze".decode("utf-8", "surrogateescape")) == b"M\x81tze"
