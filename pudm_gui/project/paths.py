"""How paths and names are kept in the database: as the bytes the disk has, sorted and searched as people expect."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence

import numpy as np

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


def sort_keys(names: Sequence[str]) -> list[bytes]:
    """`sort_key` of many names at once: for a thousand that are ASCII, six times as fast."""
    if not names:
        return []
    text = "\n".join(names)
    if not text.isascii() or text.count("\n") != len(names) - 1:
        return [sort_key(name) for name in names]
    return _keys_of_ascii(text.lower().replace("/", "\x01")).split(b"\n")


def _keys_of_ascii(text: str) -> bytes:
    """`text` with every run of digits without its leading zeros, and led by its length."""
    letters = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    digit = np.zeros(len(letters) + 2, dtype=np.int8)
    digit[1:-1] = (letters >= ord("0")) & (letters <= ord("9"))
    edges = np.diff(digit)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    telling = np.flatnonzero((digit[1:-1] == 1) & (letters != ord("0")))
    next_telling = np.append(telling, len(letters))[np.searchsorted(telling, starts)]
    first = np.minimum(next_telling, ends - 1)  # of nothing but zeros, one stays
    nines, rest = np.divmod(ends - first, 9)
    width = np.ones(len(letters) + 1, dtype=np.int64)  # letters that each one becomes
    leading = np.repeat(starts - np.cumsum(np.append(0, first - starts))[:-1], first - starts)
    width[leading + np.arange(len(leading))] = 0
    width[first] += nines + 1
    places = np.cumsum(width) - 1
    keys = np.full(int(width[:-1].sum()), ord("9"), dtype=np.uint8)
    kept = width[:-1] > 0
    keys[places[:-1][kept]] = letters[kept]
    keys[places[first] - 1] = rest + ord("0")
    return keys.tobytes()
