"""Tokens and sheet: both schemes are whole, legible, and change at run time."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from pudm_gui.theme import apply_theme, current_theme, style_sheet, styles_folder, theme
from pudm_gui.widgets.icons import icon

TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0
"""WCAG 2.2, levels AA for text and for parts of the interface."""


def contrast(one: QColor, other: QColor) -> float:
    def luminance(color: QColor) -> float:
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("surface", ["surface0", "surface1", "surface2"])
def test_text_can_be_read_on_every_surface(dark: bool, surface: str) -> None:
    colors = theme(dark)
    ground = getattr(colors, surface)
    assert contrast(colors.text, ground) >= TEXT_CONTRAST
    assert contrast(colors.text_muted, ground) >= TEXT_CONTRAST
    for mark in ("sensitive", "normal", "danger", "warning", "success", "accent"):
        assert contrast(getattr(colors, mark), ground) >= MARK_CONTRAST, mark


@pytest.mark.parametrize("dark", [False, True])
def test_the_primary_button_can_be_read(dark: bool) -> None:
    colors = theme(dark)
    assert contrast(colors.accent_text, colors.accent) >= TEXT_CONTRAST


@pytest.mark.parametrize("dark", [False, True])
def test_the_sheet_names_only_files_that_exist(qapp: QApplication, dark: bool) -> None:
    sheet = style_sheet(theme(dark))
    files = re.findall(r'url\("([^"]+)"\)', sheet)
    assert files
    assert all((styles_folder() / file).is_file() for file in files)
    assert "$" not in sheet


def test_widgets_follow_a_change_of_theme(qtbot: QtBot, qapp: QApplication) -> None:
    label = QLabel("words")
    qtbot.addWidget(label)
    mark = icon("pause")
    seen = {}
    for mode in ("light", "dark"):
        apply_theme(qapp, mode)  # type: ignore[arg-type]
        label.show()
        image = mark.pixmap(16, 16).toImage()
        inked = [image.pixelColor(x, y) for x in range(16) for y in range(16) if image.pixelColor(x, y).alpha() == 255]
        seen[mode] = (current_theme().dark, qapp.palette().color(QPalette.ColorRole.Window), inked[0])
    assert [seen["light"][0], seen["dark"][0]] == [False, True]
    assert seen["light"][1] == theme(False).surface0
    assert seen["dark"][1] == theme(True).surface0
    assert seen["light"][2] == theme(False).text
    assert seen["dark"][2] == theme(True).text


def test_a_wrong_icon_name_is_found_at_once(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")
