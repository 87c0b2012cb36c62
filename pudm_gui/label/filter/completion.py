"""What may stand at the place where a query is being typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from pudm_gui.label.filter.query import HELP, LABELS, SORTS, SOURCES, STATES
from pudm_gui.label.filter.words import Word, quoted, split
from pudm_gui.project.facets import Facets

MOST = 12
SHORTEST_KEY = 2
"""Keys are offered after so many letters: one letter is more often the beginning of a name."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One thing to choose: `shown` and `detail` for people, `text` in place of the word that was begun."""

    shown: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Completions:
    """What to choose from in place of the text from `start` to the cursor."""

    start: int = 0
    choices: list[Completion] = field(default_factory=list)


def complete(text: str, cursor: int, known: Facets, *, every_key: bool = False) -> Completions:
    """The ways to go on at `cursor`, the likeliest first.

    Parameters
    ----------
    every_key
        Offer all keys where no word is begun.
    """
    words = split(text[:cursor])
    word = words[-1] if words and words[-1].stop == cursor else None
    if word is None:
        return Completions(cursor, _keys("") if every_key else [])
    if not word.key:
        begun = word.values[0].lower()
        enough = len(begun) >= SHORTEST_KEY or every_key
        return Completions(word.start, _keys(begun) if enough else [])
    return Completions(word.start, [] if word.negated else _values(word, known))


def _keys(begun: str) -> list[Completion]:
    return [Completion(f"{key}:", f"{key}:", words) for key, words in HELP.items() if key.startswith(begun)]


def _values(word: Word, known: Facets) -> list[Completion]:
    begun = word.values[-1].casefold()
    chosen = _fitting(begun, (pair for pair in _offered(word.key, known) if pair[0] not in word.values[:-1]))
    if len(chosen) == 1 and chosen[0][0] == word.values[-1]:
        return []  # it stands there already
    earlier = "".join(f"{quoted(value)}," for value in word.values[:-1])
    return [Completion(value, f"{word.key}:{earlier}{quoted(value)} ", detail) for value, detail in chosen]


def _fitting(begun: str, offered: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that begin so, then those that hold it elsewhere; of very many folders only as many as are shown."""
    first: list[tuple[str, str]] = []
    inside: list[tuple[str, str]] = []
    for pair in offered:
        name = pair[0].casefold()
        if name.startswith(begun):
            first.append(pair)
            if len(first) == MOST:
                break
        elif begun in name and len(inside) < MOST:
            inside.append(pair)
    return (first + inside)[:MOST]


def _offered(key: str, known: Facets) -> Iterable[tuple[str, str]]:
    today = date.today()
    fixed = {
        "label": LABELS,
        "is": STATES,
        "sort": tuple(f"{sign}{name}" for name in SORTS for sign in ("", "-")),
        "size": (">1mb", ">10mb", "<100kb", "<10kb"),
        "edge": ("<256", "<512", ">=512", ">=1024"),
        "date": (f"{today:%Y-%m-%d}", f"{today:%Y-%m}", f"{today:%Y}", f"<{today:%Y}"),
        "folder": known.folders,
    }
    if key in fixed:
        return ((value, "") for value in fixed[key])
    counted = {
        "tag": known.tags,
        "by": known.annotators,
        "source": dict.fromkeys(SOURCES, 0) | known.sources,
    }.get(key, {})
    return ((value, f"{count:,}" if count else "") for value, count in counted.items())
