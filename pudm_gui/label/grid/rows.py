"""What is known of the images that were looked at last."""

from __future__ import annotations

from collections import OrderedDict

from pudm_gui.project.images import image_rows
from pudm_gui.project.model import Ids, ImageRow
from pudm_gui.project.project import Project

KEPT = 4000
"""Three pages of the smallest tiles on the largest screens."""


class Rows:
    """Rows by image id, asked from the store where they are not at hand; those used longest ago go first."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._kept: OrderedDict[int, ImageRow] = OrderedDict()

    def of(self, ids: Ids) -> list[ImageRow]:
        """The rows of `ids`, in their order."""
        wanted = ids.tolist()
        missing = [id_ for id_ in wanted if id_ not in self._kept]
        if missing:
            self._kept.update((row.id, row) for row in image_rows(self._project, missing))
        found = []
        for id_ in wanted:
            self._kept.move_to_end(id_)
            found.append(self._kept[id_])
        while len(self._kept) > max(KEPT, len(wanted)):
            self._kept.popitem(last=False)
        return found

    def forget(self, ids: Ids) -> None:
        """Something about these images has changed."""
        if len(ids) > len(self._kept):
            self._kept.clear()
            return
        for id_ in ids.tolist():
            self._kept.pop(id_, None)

    def clear(self) -> None:
        self._kept.clear()
