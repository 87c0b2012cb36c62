"""The right half of the Export page: what the model card will tell, and then what it does tell."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel, QTextBrowser, QVBoxLayout, QWidget

from pudm_gui.export.card import card_preview, lay_out, written_card
from pudm_gui.run_summary import RunSummary
from pudm_gui.theme import SPACE_L, SPACE_M
from pudm_gui.widgets.off_thread import OffThread


class CardPanel(QWidget):
    """A preview until an export is there; its own card from then on, until something else is to be exported."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._previewed: tuple[RunSummary, str] | None = None
        self._reader = OffThread(self)
        self.heading = QLabel()
        self.heading.setProperty("role", "strong")
        self.card = QTextBrowser()
        self.card.setAccessibleName(self.tr("Model card"))
        self.card.setOpenLinks(False)
        self.card.document().setDocumentMargin(SPACE_L)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self.heading)
        layout.addWidget(self.card, 1)

    def preview(self, summary: RunSummary, weights: str) -> None:
        """Show what an export of `summary` with `weights` would tell."""
        if self._previewed == (summary, weights):
            return
        self._previewed = (summary, weights)
        self.heading.setText(self.tr("What the model card (README.md) will tell"))
        self._write(card_preview(summary, weights))

    def show_written(self, folder: Path) -> None:
        """Show the card that lies in `folder`."""
        previewed = self._previewed
        self._reader.submit(lambda: written_card(folder), lambda text: self._show_written(previewed, text))

    def _show_written(self, previewed: tuple[RunSummary, str] | None, text: str | None) -> None:
        if text is not None and previewed == self._previewed:
            self.heading.setText(self.tr("The model card (README.md), as written"))
            self._write(text)

    def _write(self, markdown: str) -> None:
        self.card.setMarkdown(markdown)
        lay_out(self.card.document())
