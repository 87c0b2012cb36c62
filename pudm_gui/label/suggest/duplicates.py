"""Near duplicates of the whole project, found off the GUI thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from pudm_gui.label.suggest.source import FeatureSource
from pudm_gui.project.images import labels_for
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project

if TYPE_CHECKING:
    from pudm_gui.suggest.index import FeatureIndex
    from pudm_gui.suggest.model import Group


class Duplicates(QObject):
    """Looks for them once for every set of features, when somebody wants to see them.

    Signals
    -------
    changed
        Other groups.
    """

    changed = Signal()

    def __init__(self, project: Project, source: FeatureSource, parent: QObject) -> None:
        super().__init__(parent)
        self._project, self._source = project, source
        self.groups: list[Group] | None = None
        """None while they are not known."""
        self.failed = False
        """Whether they could not be found out."""
        self._wanted = False
        source.loaded.connect(self._start_anew)

    def want(self) -> None:
        """Somebody looks at them."""
        if not self._wanted or self.failed:
            self._wanted = True
            self._look()

    def _start_anew(self) -> None:
        self.groups = None
        self.changed.emit()
        self._look()

    def _look(self) -> None:
        if self._wanted:
            self._tell_failed(False)
            work = partial(found_groups, self._project)
            self._source.ask(work, self._found, failed=lambda: self._tell_failed(True), slow=True)

    def _tell_failed(self, failed: bool) -> None:
        if failed != self.failed:
            self.failed = failed
            self.changed.emit()

    def _found(self, groups: list[Group]) -> None:
        self.groups = groups
        self.changed.emit()


def found_groups(project: Project, index: FeatureIndex) -> list[Group]:
    """The groups; first those that are labeled in part, for they are quickest to complete. For threads."""
    from pudm_gui.suggest.duplicates import duplicate_groups

    groups = duplicate_groups(index)
    labels = labels_for(project, index.ids)

    def partly_labeled(group: Group) -> bool:
        unlabeled = labels[index.positions(group.ids)] == Label.UNLABELED
        return bool(unlabeled.any() and not unlabeled.all())

    return sorted(groups, key=partly_labeled, reverse=True)
