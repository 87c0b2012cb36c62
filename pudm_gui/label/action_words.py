"""What was done to labels and tags, in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QObject

from pudm_gui.project.model import Change, ChangeKind, HistoryEntry, Label
from pudm_gui.widgets.plain_text import printable


class ActionWords(QObject):
    """Words for the hint line: what an action did, or is doing."""

    def images(self, count: int) -> str:
        """Such as "1 image" or "2,100 images"."""
        return self.tr("1 image") if count == 1 else self.tr("{n} images").format(n=QLocale().toString(count))

    def marked(self, count: int, label: Label | None) -> str:
        """Such as "3 images marked sensitive"; None stands for different labels."""
        cleared = self.tr("{images} cleared of its label") if count == 1 else self.tr("{images} cleared of their label")
        words = {
            Label.SENSITIVE: self.tr("{images} marked sensitive"),
            Label.NORMAL: self.tr("{images} marked normal"),
            Label.UNLABELED: cleared,
            None: self.tr("{images} labeled"),
        }
        return words[label].format(images=self.images(count))

    def marking(self, count: int, label: Label) -> str:
        """The same while it is being done."""
        words = {
            Label.SENSITIVE: self.tr("Marking {images} sensitive…"),
            Label.NORMAL: self.tr("Marking {images} normal…"),
            Label.UNLABELED: self.tr("Clearing {images}…"),
        }
        return words[label].format(images=self.images(count))

    def tagged(self, count: int, tags: Sequence[str]) -> str:
        """Such as "3 images tagged face". `tags` have a sign each: "+face", "-hands"."""
        added = printable(", ".join(tag[1:] for tag in tags if tag.startswith("+")))
        removed = printable(", ".join(tag[1:] for tag in tags if tag.startswith("-")))
        if added and not removed:
            return self.tr("{images} tagged {tags}").format(images=self.images(count), tags=added)
        if removed and not added:
            return self.tr("{tags} taken off {images}").format(images=self.images(count), tags=removed)
        return self.tr("{images} retagged").format(images=self.images(count))

    def kind_given(self, change: Change, tags: Sequence[str], normal: int) -> str:
        """The same where unlabeled images became sensitive by it, and `normal` ones were left as they are."""
        words = self.tagged(change.count, tags)
        if change.kind == "label":
            words = self.tr("{what}, and marked sensitive").format(what=words)
        if normal:
            left = (
                self.tr("left {images}, marked normal, as they are")
                if normal > 1
                else self.tr("left {images}, marked normal, as it is")
            )
            words = f"{words}; {left.format(images=self.images(normal))}"
        return words

    def done(self, entry: HistoryEntry, count: int) -> str:
        """What an action of the history did to `count` images."""
        if entry.kind == "revert":
            return self.tr("the revert of {what}").format(what=self.aimed_at(entry, entry.target_count))
        if entry.kind == "tag":
            return self.tagged(count, entry.tags)
        if entry.kind == "import" and entry.note:
            return self.tr("{images} labeled from {file}").format(images=self.images(count), file=printable(entry.note))
        return self._of_kind(entry.kind, entry.label, count)

    def aimed_at(self, entry: HistoryEntry, count: int) -> str:
        """What the target of an action did to `count` images."""
        return self._of_kind(entry.target_kind, entry.target_label, count)

    def _of_kind(self, kind: ChangeKind | None, label: Label | None, count: int) -> str:
        if kind == "revert":
            return self.tr("a revert of {images}").format(images=self.images(count))
        if kind == "tag":
            return self.tagged(count, ())
        if kind == "import":
            return self.tr("{images} labeled from a file").format(images=self.images(count))
        return self.marked(count, label)
