"""How paths and names are kept in the database: as the bytes the disk has, sorted and searched as people expect."""

from __future__ import annotations

import os
import re
import unicodedata

_DIGITS = re.compile("[0-9]+")


def encode(text: str) -> bytes:
    """The bytes of `text`, undecodable ones included. Bind them as ``CAST(? AS TEXT)``."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """Read a TEXT value; the ``text_factory`` of every connection."""
    return data.decode("utf-8", "surrogateescape")


def posix(relative: str) -> str:
    """`relative` with "/" between its parts, on every system."""
    return relative if os.sep == "/" else relative.replace(os.sep, "/")


def fold(text: str) -> str:
    """`text` as compared in a search: without case, and with accents in their composed form (macOS splits them)."""
    return unicodedata.normalize("NFC", text.casefold())


def folded(path: str) -> bytes | None:
    """What a search looks at in `path`; None for plain ASCII, where SQLite's own LIKE ignores case."""
    return None if path.isascii() else encode(fold(path))


def sort_key(path: str) -> bytes:
    """Bytes that order like `path` read by a person: folder by folder, "img2" before "img10", whatever the case.

    Every run of digits is led by its length, so that comparing bytes compares numbers.
    """
    text = path.lower() if path.isascii() else fold(path)
    return encode(_DIGITS.sub(_with_length, text.replace("/", "\x01")))


def like_pattern(text: str) -> bytes:
    """The pattern ``LIKE ? ESCAPE '\\'`` that finds `text` anywhere; bind it as ``CAST(? AS TEXT)``."""
    literal = re.sub(r"([\\%_])", r"\\\1", fold(text).replace("\0", ""))
    return encode(f"%{literal}%")


def _with_length(match: re.Match[str]) -> str:
    digits = match.group().lstrip("0") or "0"
    nines, rest = divmod(len(digits), 9)
    return f"{'9' * nines}{rest}{digits}"
