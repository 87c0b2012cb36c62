"""File names, which may hold anything, on the screen."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from pudm_gui.widgets.elided import ElidedLabel
from pudm_gui.widgets.plain_text import printable, tip


def test_a_name_is_one_readable_line() -> None:
    assert printable("a\nb\x07c\udcff") == "a␤b�c�"


def test_an_emoji_of_several_signs_stays_whole() -> None:
    assert printable("👩\u200d👧.png") == "👩\u200d👧.png"


def test_a_name_in_angle_brackets_is_no_markup(qtbot: QtBot) -> None:
    assert tip("<b>cat</b>.png") == "<qt>&lt;b&gt;cat&lt;/b&gt;.png</qt>"
    assert tip("1 < 2.png") == "1 < 2.png"
    label = ElidedLabel("<b>a very long name that does not fit</b>")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.show()
    assert "&lt;b&gt;" in label.toolTip()
