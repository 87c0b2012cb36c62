"""Importing labels and tags: a preview of what would change, and applying just that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pudm_gui.project.actions import next_action
from pudm_gui.project.exchange.formats import Format, format_of
from pudm_gui.project.exchange.matching import CancelledError, Matched, match
from pudm_gui.project.exchange.planning import ImportPlan, plan
from pudm_gui.project.exchange.report import ImportReport, problem_sentence, report_of
from pudm_gui.project.labels import apply_labels
from pudm_gui.project.model import Change, Label
from pudm_gui.project.project import Project
from pudm_gui.project.tags import Retagged
from training.errors import UserError

CHECKED_EVERY = 200_000
"""Steps of SQLite's machine between two looks at whether the import is still wanted: a few milliseconds."""


class OutdatedPlanError(UserError):
    """Labels have changed since the plan was made."""


def read_labels(
    project: Project,
    path: Path,
    format_: Format | None = None,
    *,
    progress: Callable[[int, int], object] = lambda rows, read: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Matched:
    """Read a file or folder and find its images, the part of a preview that takes long.

    Parameters
    ----------
    progress
        Called now and then with the rows so far, and the bytes (for a folder: files) that were read.

    Raises
    ------
    UserError
        `path` cannot be read.
    CancelledError
        `cancelled` became true.
    """
    path = Path(path)
    with _snapshot(project, cancelled):
        return match(project, path, format_ or format_of(path), progress, cancelled)


def make_plan(
    project: Project,
    path: Path,
    format_: Format | None,
    matched: Matched,
    *,
    keep_existing: bool = False,
    annotator: str | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportPlan:
    """Say what importing `matched` would do now. Nothing is changed."""
    path = Path(path)
    with _snapshot(project, cancelled):
        by = annotator or project.annotator
        return plan(project, path, format_ or format_of(path), matched, keep_existing=keep_existing, annotator=by)


def preview_import(
    project: Project,
    path: Path,
    format_: Format | None = None,
    *,
    keep_existing: bool = False,
    annotator: str | None = None,
    progress: Callable[[int, int], object] = lambda rows, read: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportPlan:
    """Say what importing a file or folder would do. Nothing is changed.

    Parameters
    ----------
    format_
        Guessed from the name where None.
    keep_existing
        Change no label that is there and take off no tag.
    annotator
        Who gives the labels of rows that do not tell; the project's own where None.

    Raises
    ------
    UserError
        `path` cannot be read. What is wrong in it is told by the plan.
    CancelledError
        `cancelled` became true.
    """
    matched = read_labels(project, path, format_, progress=progress, cancelled=cancelled)
    return make_plan(
        project, path, format_, matched, keep_existing=keep_existing, annotator=annotator, cancelled=cancelled
    )


def apply(project: Project, plan: ImportPlan, cancelled: Callable[[], bool] = lambda: False) -> list[Change]:
    """Do what `plan` says, in one transaction: all of it or nothing, also where the process is killed.

    Each annotator is an action of its own, which can be undone.

    Returns
    -------
    What changed, action by action.

    Raises
    ------
    UserError
        The plan has problems, or the project cannot be written.
    OutdatedPlanError
        Labels have changed since it was made; make another.
    CancelledError
        `cancelled` became true; nothing was changed.
    """
    if plan.problems.count:
        raise UserError(problem_sentence(plan))
    with _interruptible(project.db, cancelled), project.writing() as db:
        if next_action(db) != plan.action:
            raise OutdatedPlanError(
                "Labels have changed since this preview was made, so nothing was imported; look at the new one."
            )
        return [change for number in range(len(plan.names)) if (change := _apply(project, db, plan, number))]


def import_labels(
    project: Project,
    path: Path,
    format_: Format | None = None,
    *,
    keep_existing: bool = False,
    annotator: str | None = None,
) -> ImportReport:
    """Give images the labels and tags of a file or folder, which can be undone.

    Files that the project does not have are counted and passed over.

    Raises
    ------
    UserError
        `path` cannot be read, or something in it is wrong. Nothing is changed then.
    """
    plan = preview_import(project, path, format_, keep_existing=keep_existing, annotator=annotator)
    apply(project, plan)
    return report_of(plan)


def _apply(project: Project, db: sqlite3.Connection, plan: ImportPlan, number: int) -> Change | None:
    """Do what one annotator says."""
    mine = plan.statements.where(plan.statements.annotators == number)
    wanted = {label: ids for label in Label if (ids := mine.ids[mine.labels == label]).size}
    tags = plan.tags.for_images(plan.taggers[number])
    return apply_labels(
        project,
        db,
        wanted,
        kind="import",
        source="import",
        annotator=plan.names[number],
        tags=Retagged(put_on=tags.added, taken_off=tags.removed),
        note=plan.source.name,
    )


@contextmanager
def _snapshot(project: Project, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Read the project as it is now, whatever is written meanwhile."""
    db = project.db
    with _interruptible(db, cancelled):
        db.execute("BEGIN")
        try:
            yield
        finally:
            if db.in_transaction:  # an interrupted statement has ended it
                db.execute("ROLLBACK")


@contextmanager
def _interruptible(db: sqlite3.Connection, cancelled: Callable[[], bool]) -> Iterator[None]:
    """End a long statement of `db` once `cancelled` is true."""
    db.set_progress_handler(cancelled, CHECKED_EVERY)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise CancelledError from error
        raise
    finally:
        db.set_progress_handler(None, 0)
