"""Labels as a table for other programs: ``path,label[,tags]``, in UTF-8."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pudm_gui.project.labels import apply_labels
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.paths import encode, posix
from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots
from pudm_gui.project.tags import Retagged
from training.atomic import write_atomic
from training.errors import UserError

EXAMPLES = 10
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a cell begins that a spreadsheet would run, or that was made harmless already."""


@dataclass(slots=True)
class ImportReport:
    """What an import did."""

    rows: int = 0
    labeled: int = 0
    """Images whose label is different now."""
    unchanged: int = 0
    unknown: int = 0
    """Rows whose file is not in the project."""
    unknown_examples: list[str] = field(default_factory=list)
    """The first few of them."""

    def __str__(self) -> str:
        text = f"{self.labeled:,} labels changed and {self.unchanged:,} were so already"
        if not self.unknown:
            return f"{text}."
        named = ", ".join(self.unknown_examples)
        more = ", …" if self.unknown > len(self.unknown_examples) else ""
        missing = "1 file is" if self.unknown == 1 else f"{self.unknown:,} files are"
        return f"{text}; {missing} not in the project: {named}{more}."


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    path: str
    label: Label
    tags: list[str] | None
    """None where the table has no such column."""


def import_labels(project: Project, csv_path: Path) -> ImportReport:
    """Give images the labels of a table, as one action that can be undone. Tags, if there, replace those of the image;
    they have no history, so undo leaves them.

    A path is relative to an image folder of the project, or absolute inside one. Files that the project does not have
    are counted and passed over.

    Raises
    ------
    UserError
        The table cannot be read, names an unknown label, or contradicts itself. Nothing is changed then.
    """
    rows = list(_read(csv_path))
    report = ImportReport(rows=len(rows))
    finder = _Finder(project)
    found: dict[int, _Row] = {}
    for row in rows:
        image_id = finder.find(row, csv_path)
        if image_id is None:
            if not _is_text(row.path):
                raise _not_utf8(csv_path, row.line)
            report.unknown += 1
            if len(report.unknown_examples) < EXAMPLES:
                report.unknown_examples.append(row.path)
            continue
        earlier = found.setdefault(image_id, row)
        if earlier.label != row.label:
            raise UserError(
                f"{csv_path}, line {row.line} labels {row.path} {row.label.word}, but line {earlier.line} labels it "
                f"{earlier.label.word}; keep one of the two."
            )
    if found:
        with project.writing() as db:
            change = apply_labels(
                project,
                db,
                {label: _labeled(found, label) for label in Label if _labeled(found, label).size},
                kind="import",
                source="import",
                tags=Retagged(replaced={id_: row.tags for id_, row in found.items() if row.tags is not None}),
                note=Path(csv_path).name,
            )
        report.labeled = change.count if change else 0
        report.unchanged = len(found) - report.labeled
    return report


def export_labels(project: Project, csv_path: Path) -> int:
    """Write every image that has a label or tags, in an order that stays the same.

    A path is relative to its image folder, or absolute where two folders have an image of that name.

    Returns
    -------
    The number of images written.

    Raises
    ------
    UserError
        `csv_path` cannot be written.
    """
    folders = {root.id: root.path for root in roots(project)}
    rows = project.db.execute(
        """SELECT root_id, path, coalesce(label, 0), (SELECT group_concat(tag, ';') FROM tags WHERE image_id = id),
        EXISTS (SELECT 1 FROM images AS other WHERE other.path = images.path AND other.root_id <> images.root_id)
        FROM images LEFT JOIN labels ON image_id = id
        WHERE label IS NOT NULL OR id IN (SELECT image_id FROM tags) ORDER BY root_id, sort_key, id"""
    ).fetchall()
    table = io.StringIO(newline="")
    writer = csv.writer(table)  # lines end in CRLF, as RFC 4180 has it
    writer.writerow(["path", "label", "tags"])
    for root_id, path, label, tags, ambiguous in rows:
        named = str(folders[root_id] / path) if ambiguous else path
        writer.writerow([_harmless(named), Label(label).word, _harmless(tags or "")])
    try:
        write_atomic(Path(csv_path), table.getvalue())
    except OSError as error:
        raise UserError(f"{csv_path} cannot be written ({error.strerror}); choose another place.") from error
    return len(rows)


class _Finder:
    """Looks images up by the paths that people write."""

    def __init__(self, project: Project) -> None:
        self._db = project.db
        self._roots = roots(project)

    def find(self, row: _Row, csv_path: Path) -> int | None:
        if Path(row.path).is_absolute():
            for root in self._roots:
                for folder in {root.path, root.path.resolve()}:
                    path = Path(os.path.normpath(row.path))
                    if path.is_relative_to(folder):
                        return next(iter(self._ids(posix(str(path.relative_to(folder))), root.id)), None)
            return None
        ids = self._ids(posix(os.path.normpath(row.path)))
        if len(ids) > 1:
            raise UserError(
                f"{csv_path}, line {row.line}: {row.path} is in more than one image folder of the project; write its "
                "absolute path."
            )
        return ids[0] if ids else None

    def _ids(self, path: str, root_id: int | None = None) -> list[int]:
        ids = []
        for root in self._roots:
            if root_id in (None, root.id):
                ids += self._db.execute(
                    "SELECT id FROM images WHERE root_id = ? AND path = CAST(? AS TEXT)", (root.id, encode(path))
                ).fetchall()
        return [id_ for (id_,) in ids]


def _read(csv_path: Path) -> Iterator[_Row]:
    try:
        data = Path(csv_path).read_bytes()
    except OSError as error:
        raise UserError(f"{csv_path} cannot be read ({error.strerror}); name a CSV file.") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise UserError(f"{csv_path}, line 1 is not UTF-8 text; save the table as CSV in UTF-8 and try again.")
    # Bytes that are not UTF-8 may be the true name of a file: whether they are is known once it was looked up.
    table = csv.reader(io.StringIO(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape"), newline=""))
    try:
        header = [name.strip().lower() for name in next(table, [])]
        for column in ("path", "label"):
            if column not in header:
                raise UserError(
                    f"{csv_path}, line 1 has no column named {column}; the first line must be path,label or "
                    "path,label,tags."
                )
        first = table.line_num + 1  # a row's first line; a quoted name may hold line breaks
        for cells in table:
            if cells:
                yield _row(csv_path, first, header, cells)
            first = table.line_num + 1
    except csv.Error as error:
        raise UserError(f"{csv_path}, line {table.line_num} is not CSV ({error}); correct it and try again.") from error


def _row(csv_path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> _Row:
    if len(cells) < len(header) or any(cells[len(header) :]):
        raise UserError(
            f"{csv_path}, line {line} has {len(cells)} columns where the first line names {len(header)}; complete it, "
            "or quote a value that has commas."
        )
    named = dict(zip(header, cells, strict=False))
    word = named["label"]
    if not _is_text(word) or not _is_text(named.get("tags", "")):
        raise _not_utf8(csv_path, line)
    try:
        label = Label.from_word(word)
    except UserError as error:
        raise UserError(f"{csv_path}, line {line}: {error}") from None
    path = _original(named["path"])
    if not path:
        raise UserError(f"{csv_path}, line {line} has no path; write one or remove the line.")
    return _Row(line, path, label, _original(named["tags"]).split(";") if "tags" in header else None)


def _labeled(found: Mapping[int, _Row], label: Label) -> Ids:
    return np.array([image_id for image_id, row in found.items() if row.label == label], dtype=np.int64)


def _harmless(cell: str) -> str:
    """`cell` so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _original(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _is_text(cell: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in cell)


def _not_utf8(csv_path: Path, line: int) -> UserError:
    return UserError(f"{csv_path}, line {line} is not UTF-8 text; save the table as CSV in UTF-8 and try again.")
