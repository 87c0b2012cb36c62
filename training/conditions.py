"""The class or caption that each image is conditioned on, from where the spec says."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Literal

from training.errors import UserError
from training.manifest import ManifestEntry
from training.reading import EntryReader, Tick
from training.spec import RunSpec

Condition = int | str
"""A class index or a caption."""

Kind = Literal["class", "caption"]

MOST_CLASSES = 100_000
"""Of a model from scratch: folders named by dates or numbers of persons are no classes 0, 1, 2 …"""
SLICE = 4096
"""Sidecar files that are read between two calls of `tick`."""
READERS = 16
"""Sidecar files that are read at once."""


def resolve(
    spec: RunSpec,
    entries: Sequence[ManifestEntry],
    kind: Kind,
    *,
    reader: EntryReader | None = None,
    tick: Tick = lambda done, total: None,
) -> list[Condition]:
    """The condition of each entry: an int where `kind` is "class", else a str.

    Sidecars of a file lie beside it and end in ``.txt``; in tar shards they are the members of the same key that end in
    ``.cls`` (classes), ``.txt``, or ``.json`` with the key "class" or "caption". An image that has gone together with
    its sidecar gets class 0 or an empty caption: it will not be trained on.

    Parameters
    ----------
    reader
        For sidecars: a reader of `entries`, where there is one already.
    tick
        Called now and then with the entries done and their number.

    Raises
    ------
    UserError
        The spec names no source, or an image has no condition there, or a class name has no index.
    """
    texts = _texts(spec, entries, kind, reader, tick)
    if kind == "caption":
        _require_none(
            [entry for entry, text in zip(entries, texts, strict=True) if text == ""],
            "has an empty caption",
            "have an empty caption",
            "write one for each",
        )
        return [text or "" for text in texts]
    indices = _indices(spec, {text for text in texts if text is not None})
    return [0 if text is None else indices[text] for text in texts]


def class_names(spec: RunSpec, entries: Sequence[ManifestEntry]) -> dict[str, int]:
    """Index of each class name that occurs, or that ``conditioning.classes`` has, by increasing index.

    Names that are numbers are their own index. For a model from scratch whose classes are folders or tags, with no
    index given and some name that is no number, the indices follow the sorted names.

    Raises
    ------
    UserError
        As for `resolve`.
    """
    found = {text for text in _texts(spec, entries, "class", None, lambda done, total: None) if text is not None}
    indices = spec.conditioning.classes | _indices(spec, found)
    return dict(sorted(indices.items(), key=lambda item: (item[1], item[0])))


def class_count(spec: RunSpec, entries: Sequence[ManifestEntry]) -> int:
    """How many classes a model needs for these images; 0 where they have none.

    Raises
    ------
    UserError
        As for `resolve`, or an index is far too large.
    """
    if spec.conditioning.source == "none":
        return 0
    name, last = max(class_names(spec, entries).items(), key=lambda item: item[1], default=("", -1))
    if last >= MOST_CLASSES:
        raise UserError(
            f"The class {name} has the index {last}, and a model from scratch has {MOST_CLASSES} classes at most; give "
            "conditioning.classes an index from 0 up for each name."
        )
    return last + 1


def check_classes(values: Iterable[Condition], count: int) -> None:
    """Refuse what is not one of a model's `count` classes.

    Raises
    ------
    UserError
        Names the first of them.
    """
    for value in values:
        if not isinstance(value, int) or not 0 <= value < count:
            raise UserError(
                f"The model has the classes 0 to {count - 1}, and an image is of class {value}; correct "
                "conditioning.classes."
            )


def _indices(spec: RunSpec, names: set[str]) -> dict[str, int]:
    known = spec.conditioning.classes
    unknown = sorted(name for name in names if name not in known and not _is_index(name))
    fresh = spec.model.source == "scratch" and spec.conditioning.source in ("folder", "tag")
    if unknown and fresh and not known:
        return {name: index for index, name in enumerate(sorted(names))}
    if unknown:
        others = f" (nor have {len(unknown) - 1} others)" if len(unknown) > 1 else ""
        raise UserError(
            f"The class {unknown[0]!r} has no index{others}; give conditioning.classes one for each name, as the model "
            "counts its classes."
        )
    return {name: known[name] if name in known else int(name) for name in names}


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdecimal()


def _texts(
    spec: RunSpec,
    entries: Sequence[ManifestEntry],
    kind: Kind,
    reader: EntryReader | None,
    tick: Tick,
) -> list[str | None]:
    """What the source says of each entry, without surrounding space; ``None`` of images that have gone."""
    match spec.conditioning.source:
        case "none":
            raise UserError(
                f"The model is conditioned on a {kind} for each image; set conditioning.source to where that comes "
                "from (folder, tag, sidecar, csv or label)."
            )
        case "folder":
            return [_folder(entry, spec.data.roots) for entry in entries]
        case "tag":
            _require_none(
                [entry for entry in entries if not entry.tags], "has no tag", "have no tag", "tag each with its class"
            )
            return [entry.tags[0].strip() for entry in entries]
        case "sidecar":
            return _sidecars(reader or EntryReader(spec.data.roots, entries), kind, tick)
        case "csv":
            return _cells(spec, entries)
        case "label":
            return _by_label(spec, entries)


def _folder(entry: ManifestEntry, roots: Mapping[str, str]) -> str:
    member = entry.member
    if member is not None:
        inner = PurePosixPath(member[1]).parent.name
        if inner:
            return inner
    return entry.file(roots).parent.name


def _by_label(spec: RunSpec, entries: Sequence[ManifestEntry]) -> list[str | None]:
    texts = spec.conditioning.by_label
    missing = {entry.label for entry in entries} - {label for label, text in texts.items() if text.strip()}
    if missing:
        raise UserError(f"conditioning.by_label has nothing for {sorted(missing)[0]} images; add it.")
    return [texts[entry.label].strip() for entry in entries]


def _cells(spec: RunSpec, entries: Sequence[ManifestEntry]) -> list[str | None]:
    file, column = Path(spec.conditioning.csv), spec.conditioning.csv_column
    if not spec.conditioning.csv:
        raise UserError("conditioning.source is csv and conditioning.csv names no file; name one.")
    cells: dict[str, str] = {}
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            rows = csv.DictReader(lines)
            for wanted in ("path", column):
                if wanted not in (rows.fieldnames or ()):
                    raise UserError(f"{file} has no column {wanted}; add it, or correct conditioning.csv_column.")
            for row in rows:
                cells[row["path"] or ""] = (row[column] or "").strip()
    except (OSError, csv.Error) as error:
        raise UserError(f"{file} cannot be read ({error}); correct conditioning.csv.") from None

    def cell(entry: ManifestEntry) -> str | None:
        return cells.get(entry.path) or cells.get(str(Path(spec.data.roots.get(entry.root, ""), entry.path)))

    texts = [cell(entry) for entry in entries]
    missing = [entry for entry, text in zip(entries, texts, strict=True) if not text]
    what = f"no {column} in {file.name}"
    _require_none(missing, f"has {what}", f"have {what}", "add a row for each, with the path as in the manifest")
    return texts


def _sidecars(reader: EntryReader, kind: Kind, tick: Tick) -> list[str | None]:
    total = len(reader.entries)
    texts: list[str | None] = []
    # Files on a network answer late, so many are asked for at once; tar members come shard by shard.
    with ThreadPoolExecutor(max_workers=1 if reader.shards else READERS) as pool:
        while len(texts) < total:
            part = range(len(texts), min(len(texts) + SLICE, total))
            texts += pool.map(lambda index: _sidecar(reader, index, kind), part)
            tick(len(texts), total)
    missing = [reader.entries[index] for index, text in enumerate(texts) if text is None and reader.exists(index)]
    _require_none(
        missing, "has no .txt file beside it", "have no .txt file beside them", f"write the {kind} of each into one"
    )
    return texts


def _sidecar(reader: EntryReader, index: int, kind: Kind) -> str | None:
    suffixes = [".txt"]
    if reader.shard[index] >= 0:
        suffixes = [".cls", ".txt", ".json"] if kind == "class" else [".txt", ".json"]
    found = reader.beside(index, suffixes)
    if found is None:
        return None
    text, suffix = found
    if suffix == ".json":
        path = reader.entries[index].path
        try:
            value = json.loads(text)[kind]
        except (ValueError, KeyError, TypeError):
            value = None
        if value is None:
            raise UserError(f"The .json of {path} has no {kind!r}; add it, or a .txt with the {kind}.")
        text = str(value)
    return " ".join(text.split())


def _require_none(found: Sequence[ManifestEntry], one: str, many: str, remedy: str) -> None:
    if not found:
        return
    if len(found) == 1:
        raise UserError(f"The image {found[0].path} {one}; {remedy}.")
    raise UserError(f"{len(found)} images {many}, the first of them {found[0].path}; {remedy}.")
