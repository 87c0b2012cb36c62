"""The conditions of a filter one by one, as they stand in chips, and how two filters go together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pudm_gui.label.filter.quantities import write_bytes, write_dates, write_range
from pudm_gui.project.model import ImageFilter

Kind = Literal["listing", "tag", "untagged", "source", "by", "folder", "size", "date", "edge", "changed"]
_EACH: dict[Kind, str] = {"tag": "tags", "source": "sources", "by": "annotators"}
"""Conditions with several values, and their field of `ImageFilter`."""
_WHOLE: dict[Kind, str] = {
    "listing": "within",
    "untagged": "untagged",
    "folder": "folder",
    "size": "size",
    "date": "modified",
    "edge": "edge",
    "changed": "changed",
}
EMPTY = ImageFilter()


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a filter asks for; `value` as it is said in a query, or a listing's title."""

    kind: Kind
    value: str = ""


def conditions(filter_: ImageFilter) -> list[Condition]:
    """What `filter_` asks for beyond a label and a name, in the order of the chips."""
    found = [Condition("listing", filter_.within.title)] if filter_.within is not None else []
    found += [Condition("tag", tag) for tag in filter_.tags]
    found += [Condition("untagged")] if filter_.untagged else []
    found += [Condition("source", source) for source in filter_.sources]
    found += [Condition("by", annotator) for annotator in filter_.annotators]
    found += [Condition("folder", filter_.folder)] if filter_.folder else []
    ranges: dict[Kind, str] = {
        "size": write_range(filter_.size, write_bytes),
        "date": write_dates(filter_.modified),
        "edge": write_range(filter_.edge),
    }
    found += [Condition(kind, value) for kind, value in ranges.items() if value]
    return found + ([Condition("changed")] if filter_.changed else [])


def without(filter_: ImageFilter, condition: Condition) -> ImageFilter:
    """`filter_` with one condition less."""
    if (name := _EACH.get(condition.kind)) is not None:
        kept: Any = tuple(value for value in getattr(filter_, name) if value != condition.value)
        return replace(filter_, **{name: kept})
    name = _WHOLE[condition.kind]
    return replace(filter_, **{name: getattr(EMPTY, name)})


def only(filter_: ImageFilter, condition: Condition) -> ImageFilter:
    """That one condition of `filter_`."""
    if (name := _EACH.get(condition.kind)) is not None:
        alone: Any = (condition.value,)
        return replace(EMPTY, **{name: alone})
    name = _WHOLE[condition.kind]
    return replace(EMPTY, **{name: getattr(filter_, name)})


def merged(base: ImageFilter, more: ImageFilter) -> ImageFilter:
    """`base` with what `more` asks for on top: tags, sources and annotators add up, all else of `more` goes before."""
    changes = {
        name: getattr(more, name)
        for name in ("show", "text", "folder", "size", "modified", "edge", "untagged", "changed", "within")
        if getattr(more, name) != getattr(EMPTY, name)
    }
    for name in _EACH.values():
        changes[name] = tuple(dict.fromkeys((*getattr(base, name), *getattr(more, name))))
    if more.sort is not None or more.descending:
        changes |= {"sort": more.sort, "descending": more.descending}
    return replace(base, **changes)


def empty(filter_: ImageFilter) -> bool:
    """Whether every image passes."""
    return replace(filter_, sort=None, descending=False) == EMPTY
