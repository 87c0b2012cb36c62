"""Sizes, dates and numbers of pixels as people type them, and back. Ranges are read the same way for all three."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

IntRange = tuple[int | None, int | None]
TimeRange = tuple[float | None, float | None]
Number = TypeVar("Number", int, float)

_UNITS = {
    "": 1,
    "b": 1,
    **{f"{letter}{ending}": 1000**power for power, letter in enumerate("kmgt", 1) for ending in ("", "b")},
    **{f"{letter}i{ending}": 1024**power for power, letter in enumerate("kmgt", 1) for ending in ("", "b")},
}
_AMOUNT = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*([a-z]*)", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_MOST = 2**62
_EARLIEST, _LATEST = 1970, 9000


def read_bytes(text: str) -> int:
    """Read "2mb", "1.5 GiB" or "300".

    Raises
    ------
    ValueError
        It is no size.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError(f"{text} is no size")
    try:
        count = int(Decimal(match[1].replace(",", ".")) * _UNITS[match[2].lower()])
    except InvalidOperation as error:
        raise ValueError(f"{text} is no size") from error
    return _in_bounds(count)


def write_bytes(count: int) -> str:
    """The shortest text that `read_bytes` reads as exactly `count`."""
    found = [f"{count // unit}{name}" for name, unit in _UNITS.items() if count % unit == 0 and name.endswith("b")]
    return min((text for text in found if text != "0b"), key=len, default="0") if count else "0"


def read_pixels(text: str) -> int:
    """Read "256" or "256px".

    Raises
    ------
    ValueError
        It is no number of pixels.
    """
    digits = text.strip().lower().removesuffix("px").strip()
    if not digits.isascii() or not digits.isdigit():
        raise ValueError(f"{text} is no number of pixels")
    return _in_bounds(int(digits))


def read_period(text: str) -> tuple[float, float]:
    """Read a year, a month, a day or a moment: "2024", "2024-06", "2024-06-30", "2024-06-30T12:00", local time.

    Returns
    -------
    Where it begins and where it has ended, UNIX seconds; both the same for a moment.

    Raises
    ------
    ValueError
        It is none of these.
    """
    text = text.strip()
    if text.startswith("@"):  # what no calendar says exactly
        moment = float(text[1:])
        if not 0 <= moment < _MOST:
            raise ValueError(f"{text} is no moment")
        return moment, moment
    match = _DAY.fullmatch(text)
    if match is None:
        moment = datetime.fromisoformat(text).timestamp()
        return moment, moment
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    if not _EARLIEST <= year <= _LATEST:
        raise ValueError(f"{text} is too early or too late")
    start = datetime(year, month, day)
    if match[3]:
        end = start + timedelta(days=1)
    elif match[2]:
        end = datetime(year + month // 12, month % 12 + 1, 1)
    else:
        end = datetime(year + 1, 1, 1)
    return start.timestamp(), end.timestamp()


def read_range(text: str, read: Callable[[str], int]) -> IntRange:
    """Read ">2mb", "<=256", "1mb..5mb", "1mb.." or one number alone; least and most, both included.

    Raises
    ------
    ValueError
        It is no range, or an end of it is no number.
    """
    least: int | None
    most: int | None
    sign, rest = _signed(text)
    if sign:
        number = read(rest)
        least = {">": number + 1, ">=": number}.get(sign)
        most = {"<": number - 1, "<=": number}.get(sign)
        if most is not None and most < 0:
            raise ValueError("nothing is smaller than nothing")
    elif ".." in text:
        first, last = text.split("..", 1)
        least, most = (read(part) if part.strip() else None for part in (first, last))
    else:
        least = most = read(text)
    return _ordered(least, most)


def write_range(bounds: IntRange, write: Callable[[int], str] = str) -> str:
    """What `read_range` reads as `bounds`, said with the rounder number."""
    least, most = bounds
    if least is not None and most is not None:
        return write(least) if least == most else f"{write(least)}..{write(most)}"
    if least is not None:
        return f">{write(least - 1)}" if least and _rounder(least - 1, least) else f">={write(least)}"
    if most is not None:
        return f"<{write(most + 1)}" if _rounder(most + 1, most) else f"<={write(most)}"
    return ""


def read_dates(text: str) -> TimeRange:
    """Read "2024-01..2024-06", ">2024", "<=2024-03-15" or one period alone; from and until, the end not included.

    Raises
    ------
    ValueError
        It is no range of dates.
    """
    start: float | None
    end: float | None
    sign, rest = _signed(text)
    if sign:
        first, last = read_period(rest)
        start = {">": last, ">=": first}.get(sign)
        end = {"<": first, "<=": last}.get(sign)
    elif ".." in text:
        left, right = text.split("..", 1)
        start = read_period(left)[0] if left.strip() else None
        end = read_period(right)[1] if right.strip() else None
    else:
        start, end = read_period(text)
    return _ordered(start, end)


def write_dates(bounds: TimeRange) -> str:
    """What `read_dates` reads as exactly `bounds`, in the largest periods that fit."""
    start, end = bounds
    if start is not None and end is not None:
        for length in (4, 7, 10):
            first = _written(start, length)
            last = _written(end, length, ends=True)
            if first is not None and last is not None:
                return first if first == last else f"{first}..{last}"
        return f"{_moment(start)}..{_moment(end)}"
    if start is not None:
        return f">={write_from(start)}"
    return "" if end is None else f"<{write_from(end)}"


def write_from(moment: float) -> str:
    """The year, month, day or moment that begins at `moment`."""
    return next((text for length in (4, 7, 10) if (text := _written(moment, length))), "") or _moment(moment)


def write_until(moment: float) -> str:
    """The year, month, day or moment that has ended at `moment`."""
    lengths = (4, 7, 10)
    return next((text for length in lengths if (text := _written(moment, length, ends=True))), "") or _moment(moment)


def _signed(text: str) -> tuple[str, str]:
    for sign in (">=", "<=", ">", "<"):
        if text.startswith(sign):
            return sign, text[len(sign) :]
    return "", text


def _ordered(least: Number | None, most: Number | None) -> tuple[Number | None, Number | None]:
    if least is None and most is None:
        raise ValueError("neither end is given")
    if least is not None and most is not None and least > most:
        raise ValueError("the first is more than the last")
    return least, most


def _in_bounds(count: int) -> int:
    if count > _MOST:
        raise ValueError(f"{count} is more than there can be")
    return count


def _rounder(one: int, other: int) -> bool:
    return any(one % step == 0 and other % step for step in (10, 16))


def _written(moment: float, length: int, *, ends: bool = False) -> str | None:
    """The year (4 letters), month (7) or day (10) that begins at `moment`, or `ends` there; None where none does."""
    try:
        at = datetime.fromtimestamp(moment)
        text = (at - timedelta(days=1) if ends else at).isoformat()[:length]
        return text if read_period(text)[1 if ends else 0] == moment else None
    except (ValueError, OverflowError, OSError):
        return None


def _moment(moment: float) -> str:
    with suppress(ValueError, OverflowError, OSError):
        text = datetime.fromtimestamp(moment).isoformat()
        if "T" in text and read_period(text)[0] == moment:
            return text
    return f"@{moment!r}"
