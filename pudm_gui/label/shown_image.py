"""The one image that the close-up or the full page shows: its facts, its picture, its veil."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QPixmap

from pudm_gui.label.close_up import CloseUp
from pudm_gui.label.grid.model import GridModel
from pudm_gui.label.grid.thumbnail import key_of
from pudm_gui.label.grid.thumbnails import Thumbnails
from pudm_gui.label.look import LookView
from pudm_gui.label.pictures import Picture, Pictures
from pudm_gui.label.settings import LabelSettings
from pudm_gui.project.history import image_history
from pudm_gui.project.model import ImageRow, Label
from pudm_gui.session import Session


class ShownImage(QObject):
    """Keeps the close-up and the full page in line with the image that the keyboard stands on."""

    def __init__(
        self,
        session: Session,
        model: GridModel,
        thumbnails: Thumbnails,
        close_up: CloseUp,
        look: LookView,
        settings: LabelSettings,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._model, self._thumbnails, self._settings = session, model, thumbnails, settings
        self._close_up, self._look = close_up, look
        self._pictures = Pictures(self)
        self._index: int | None = None
        self._drawn: int | None = None
        """Id of the image whose picture is on the screen, so that a new veil keeps the zoom."""
        self._peeking = False
        self._covered = False
        self._pictures.ready.connect(self._arrived)
        for view in (close_up, look):
            view.installEventFilter(self)

    @property
    def index(self) -> int | None:
        return self._index

    @property
    def busy(self) -> bool:
        """Whether a picture is still to come."""
        return self._pictures.busy

    @property
    def bare(self) -> int | None:
        """Id of the image whose picture is to be seen as it is; None where it is covered, or there is none."""
        seen = self._close_up.isVisible() or self._look.isVisible()
        return self._drawn if seen and not self._covered else None

    def close(self) -> None:
        """Wait for the thread; what it has made is no longer shown."""
        self._index = None
        self._pictures.close()

    def show(self, index: int | None) -> None:
        """Show another image, or the same one anew."""
        valid = index is not None and index < len(self._model)
        self._index = index if valid else None
        if self._index is None:
            self._drawn = None
            self._close_up.show_nothing()
            return
        row, label = self._model.row(self._index), self._model.label(self._index)
        problem = self._problem(row)
        if self._close_up.isVisible():
            self._close_up.show_row(row, label, image_history(self._session.project, row.id), problem)
        if self._look.isVisible():
            self._look.show_row(row, label, self._index, len(self._model), problem)
        if problem is None and (self._close_up.isVisible() or self._look.isVisible()):
            self._draw(row, label)

    def refresh(self) -> None:
        self.show(self._index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What comes into sight may have been left before a label was given, or before everything was hidden."""
        if event.type() == QEvent.Type.Show:
            self.refresh()
        return super().eventFilter(watched, event)

    def peek(self, peek: bool) -> None:
        """Lift the veil, or let it fall."""
        if peek != self._peeking:
            self._peeking = peek
            self.refresh()

    def _problem(self, row: ImageRow) -> str | None:
        if row.problem is not None:
            return row.problem
        tile = self._thumbnails.tile(key_of(row))
        return tile.problem if tile is not None else None

    def _draw(self, row: ImageRow, label: Label) -> None:
        views = [view for view in (self._close_up, self._look) if view.isVisible()]
        if self._session.hide_everything:
            self._drawn, self._peeking = None, False
            for view in views:
                view.show_hidden()
            return
        cover = self._settings.cover
        self._covered = cover.over(label, self._model.shown.within) and not self._peeking
        veiled = self._covered and cover.veiled
        picture = self._pictures.get(row, self._settings.veil)
        if picture is not None:
            self._draw_picture(picture, views, veiled)
        else:
            self._draw_thumbnail(row, views, veiled)
        self._prepare_next()

    def _draw_picture(self, picture: Picture, views: list[CloseUp | LookView], veiled: bool) -> None:
        image = picture.veiled if veiled else picture.sharp
        if image is None:
            for view in views:
                view.canvas.show_message("warning", picture.problem or "")
            return
        pixmap = QPixmap.fromImage(image)
        for view in views:
            view.show_picture(
                pixmap,
                picture.size,
                covered=self._covered,
                small=self._covered and self._settings.small,
                keep_place=self._drawn == picture.key[0],
            )
        self._drawn = picture.key[0]

    def _draw_thumbnail(self, row: ImageRow, views: list[CloseUp | LookView], veiled: bool) -> None:
        """Something to look at until the whole picture is there."""
        tile = self._thumbnails.tile(key_of(row))
        pixmap = None if tile is None else tile.veiled if veiled else tile.sharp
        self._drawn = None
        for view in views:
            if pixmap is None or not row.width:
                view.canvas.clear()
            else:
                view.show_picture(
                    pixmap,
                    QSize(row.width, row.height),
                    covered=self._covered,
                    small=self._covered and self._settings.small,
                    keep_place=False,
                )

    def _prepare_next(self) -> None:
        following = (self._index or 0) + 1
        if self._look.isVisible() and following < len(self._model):
            self._pictures.prepare(self._model.row(following), self._settings.veil)

    def _arrived(self, picture: Picture) -> None:
        if self._index is not None and key_of(self._model.row(self._index)) == picture.key:
            self.refresh()
