"""Colours, spacing and type of the window, light and dark, from one file of tokens.

Widgets that paint themselves ask `current_theme()` at every paint, so a change of scheme needs no bookkeeping; all
else is styled by `resources/styles/app.qss`, filled in with the same tokens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

ThemeMode = Literal["system", "light", "dark"]

SPACE_XS, SPACE_S, SPACE_M, SPACE_L, SPACE_XL, SPACE_XXL = 4, 8, 12, 16, 24, 32
RADIUS = 6
FONT_SMALL, FONT_BODY, FONT_HEADING, FONT_TITLE = 11, 13, 15, 20
"""Pixels."""

MODE_PROPERTY = "pudm_theme_mode"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one scheme. Surfaces go from the page (0) to what is pressed (3)."""

    dark: bool
    surface0: QColor
    surface1: QColor
    surface2: QColor
    surface3: QColor
    text: QColor
    text_muted: QColor
    border: QColor
    accent: QColor
    accent_text: QColor
    sensitive: QColor
    normal: QColor
    danger: QColor
    warning: QColor
    success: QColor


def styles_folder() -> Path:
    return Path(str(files("resources"))) / "styles"


@cache
def theme(dark: bool) -> Theme:
    """The theme of one scheme."""
    tokens = json.loads((styles_folder() / "tokens.json").read_text("utf-8"))["dark" if dark else "light"]
    return Theme(dark=dark, **{name: QColor(value) for name, value in tokens.items()})


def current_theme() -> Theme:
    """The theme that goes with the application's palette."""
    return theme(QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128)


def apply_theme(app: QApplication, mode: ThemeMode = "system") -> None:
    """Give `app` the look of `mode`; "system" goes on following the system's scheme."""
    if app.property(MODE_PROPERTY) is None:
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(_font())
        app.styleHints().colorSchemeChanged.connect(lambda: _dress(app))
    app.setProperty(MODE_PROPERTY, mode)
    wanted = {"system": Qt.ColorScheme.Unknown, "light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}[mode]
    app.styleHints().setColorScheme(wanted)  # window frames and native dialogs follow, where the platform can
    _dress(app)


def theme_mode(app: QApplication) -> ThemeMode:
    return app.property(MODE_PROPERTY) or "system"


def _dress(app: QApplication) -> None:
    mode = theme_mode(app)
    dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark if mode == "system" else mode == "dark"
    chosen = theme(dark)
    app.setPalette(_palette(chosen))
    app.setStyleSheet(style_sheet(chosen))


def style_sheet(chosen: Theme) -> str:
    """`app.qss` with its ``$placeholders`` filled in."""
    values = {name: color.name() for name, color in _colors(chosen).items()}
    values |= {
        "scheme": "dark" if chosen.dark else "light",
        "styles": styles_folder().as_posix(),
        "radius": f"{RADIUS}px",
        "small": f"{FONT_SMALL}px",
        "body": f"{FONT_BODY}px",
        "heading": f"{FONT_HEADING}px",
        "title": f"{FONT_TITLE}px",
        "mono": QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family(),
    }
    return Template((styles_folder() / "app.qss").read_text("utf-8")).substitute(values)


def _colors(chosen: Theme) -> dict[str, QColor]:
    names = (name for name in Theme.__dataclass_fields__ if name != "dark")
    colors = {name: getattr(chosen, name) for name in names}
    colors["accent_hover"] = chosen.accent.lighter(112)
    colors["accent_pressed"] = chosen.accent.darker(112)
    for kind in ("accent", "danger", "warning", "success", "sensitive", "normal"):
        colors[f"{kind}_tint"] = mix(colors[kind], chosen.surface0, 0.14 if chosen.dark else 0.10)
        colors[f"{kind}_edge"] = mix(colors[kind], chosen.surface0, 0.45)
    colors["disabled"] = mix(chosen.text_muted, chosen.surface0, 0.55)
    return colors


def mix(front: QColor, back: QColor, share: float) -> QColor:
    """`share` of `front` over `back`, opaque."""
    return QColor.fromRgbF(
        *(
            getattr(front, channel)() * share + getattr(back, channel)() * (1 - share)
            for channel in ("redF", "greenF", "blueF")
        )
    )


def _palette(chosen: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    pairs = {
        role.Window: chosen.surface0,
        role.WindowText: chosen.text,
        role.Base: chosen.surface0,
        role.AlternateBase: chosen.surface1,
        role.Text: chosen.text,
        role.PlaceholderText: chosen.text_muted,
        role.Button: chosen.surface2,
        role.ButtonText: chosen.text,
        role.BrightText: chosen.danger,
        role.ToolTipBase: chosen.surface2,
        role.ToolTipText: chosen.text,
        role.Highlight: chosen.accent,
        role.HighlightedText: chosen.accent_text,
        role.Accent: chosen.accent,
        role.Link: chosen.accent,
        role.LinkVisited: chosen.accent,
        role.Light: chosen.surface3,
        role.Midlight: chosen.surface2,
        role.Mid: chosen.border,
        role.Dark: chosen.border,
        role.Shadow: chosen.border,
    }
    for name, color in pairs.items():
        palette.setColor(name, color)
    disabled = mix(chosen.text_muted, chosen.surface0, 0.55)
    for name in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, disabled)
    return palette


def _font() -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(FONT_BODY)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
