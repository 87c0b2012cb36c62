"""What an export tells, read from the store some thousand images at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

from pudm_gui.project.columns import integers, listed
from pudm_gui.project.exchange.matching import CancelledError
from pudm_gui.project.exchange.record import Exported
from pudm_gui.project.images import tags_of
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots

CHUNK = 2000
_ALL = """SELECT id FROM images WHERE id IN (SELECT image_id FROM labels UNION SELECT image_id FROM tags)
    ORDER BY root_id, sort_key, id"""
_TAGGED = "SELECT id FROM images WHERE id IN (SELECT image_id FROM tags) ORDER BY root_id, sort_key, id"
_ROWS = """SELECT images.id, root_id, images.path, coalesce(labels.label, 0), images.sha256,
    coalesce(source, ''), coalesce(annotator, ''), at,
    EXISTS (SELECT 1 FROM roots CROSS JOIN images AS other
        ON other.root_id = roots.id AND other.path = images.path WHERE roots.id <> images.root_id)
    FROM json_each(?) CROSS JOIN images ON images.id = value
    LEFT JOIN labels ON image_id = images.id LEFT JOIN actions ON actions.id = labels.action_id
    ORDER BY json_each.key"""


class ExportRows:
    """Iterates over the rows of an export; `done` counts them."""

    def __init__(
        self,
        project: Project,
        ids: Ids | None,
        *,
        tagged_only: bool,
        progress: Callable[[int, int], object],
        cancelled: Callable[[], bool],
    ) -> None:
        """`ids` None: all images with a label or tags, or with tags if `tagged_only`."""
        self.done = 0
        self._db = project.db
        self._roots = {root.id: root.path for root in roots(project)}
        self._ids = integers(self._db, _TAGGED if tagged_only else _ALL) if ids is None else ids
        self._progress, self._cancelled = progress, cancelled

    def __iter__(self) -> Iterator[Exported]:
        for start in range(0, len(self._ids), CHUNK):
            if self._cancelled():
                raise CancelledError
            for row in self._some(self._ids[start : start + CHUNK]):
                self.done += 1
                yield row
            self._progress(self.done, len(self._ids))

    def _some(self, ids: Ids) -> Iterator[Exported]:
        bound = listed(ids)
        tags = tags_of(self._db, bound)
        for id_, root, path, label, sha256, source, annotator, at, ambiguous in self._db.execute(_ROWS, (bound,)):
            yield Exported(
                id_,
                self._roots[root],
                path,
                bool(ambiguous),
                Label(label),
                tuple(tags[id_]),
                sha256,
                source,
                annotator,
                _moment(at),
            )


@lru_cache(maxsize=1000)
def _moment(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
