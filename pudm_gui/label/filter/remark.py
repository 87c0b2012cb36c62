"""The sentence below the search field, for what is not understood."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout

from pudm_gui import theme
from pudm_gui.label.filter.query import QueryError
from pudm_gui.label.filter.search_field import SearchField
from pudm_gui.widgets.icons import IconMark
from pudm_gui.widgets.parts import note, set_role

WIDTH = 420


class Remark(QFrame):
    """Floats under the field, so that nothing moves when it comes and goes.

    What may still become right is said as a hint; after Return, and otherwise, as a warning.
    """

    def __init__(self, field: SearchField) -> None:
        super().__init__(field)
        self._field = field
        self._problem: QueryError | None = None
        self.mark = IconMark("warning", 16, "warning")
        self.text = note(role="")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_S)
        layout.setSpacing(theme.SPACE_S)
        layout.addWidget(self.mark, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)
        self.hide()

    @property
    def sentence(self) -> str:
        """What it says; "" while there is nothing to say."""
        return str(self._problem) if self._problem is not None else ""

    def show_problem(self, problem: QueryError | None) -> None:
        self._problem = problem
        self._show(problem is not None and not problem.unfinished)

    def insist(self) -> None:
        """The person takes the text to be finished."""
        self._show(warning=True)

    def _show(self, warning: bool) -> None:
        if self._problem is None or (self._field.offering and not warning):
            self.hide()
            return
        self.text.setText(str(self._problem))
        self._field.setAccessibleDescription(str(self._problem))
        self.mark.set_icon("warning" if warning else "info", "warning" if warning else "text_muted")
        set_role(self, "message-warning" if warning else "popover")
        host = self._field.window()
        if self.parent() is not host:
            self.setParent(host)
        self.setFixedWidth(WIDTH)
        self.setFixedHeight(self.heightForWidth(WIDTH))
        corner = self._field.mapTo(host, QPoint(0, self._field.height() + theme.SPACE_XS))
        corner.setX(max(theme.SPACE_S, min(corner.x(), host.width() - WIDTH - theme.SPACE_S)))
        self.move(corner)
        self.show()
        self.raise_()
