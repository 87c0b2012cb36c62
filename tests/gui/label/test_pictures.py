"""What is seen: right side up, blurred where it should be, and a reason where there is nothing to see."""

from __future__ import annotations

import os
import shutil
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pudm_gui.label.decode import read_image
from pudm_gui.label.grid.thumbnail import Thumbnail, Wanted, encoded, key_of, make_thumbnail
from pudm_gui.label.grid.tiles import changed_rect, eye_rect
from pudm_gui.label.veil import Strength, Veil
from pudm_gui.project.images import image_rows
from pudm_gui.project.thumbnails import ThumbnailCache
from tests.gui.label.driver import CTRL, Driver, detail, pixels
from training.images import ImageError


def corner_image(size: tuple[int, int]) -> Image.Image:
    """Red at the top left, green at the top right, blue at the bottom left, white at the bottom right."""
    quarters = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], dtype=np.uint8)
    return Image.fromarray(quarters).resize(size, Image.Resampling.NEAREST)


def png(width: int, height: int) -> bytes:
    """A one-bit black PNG, which is tiny on the disk however large it is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    deflate = zlib.compressobj(9)
    line = bytes(width // 8 + 2)
    data = b"".join(deflate.compress(line) for _ in range(height)) + deflate.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("longest", [None, 40])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(tmp_path: Path, orientation: int, longest: int | None) -> None:
    turned_back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = corner_image((120, 80))
    if orientation in turned_back:
        image = image.transpose(turned_back[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    shown = pixels(read_image(tmp_path / "turned.jpg", longest=longest))
    height, width = shown.shape[:2]
    assert width > height
    corners = [shown[y, x] for y in (height // 8, -height // 8) for x in (width // 8, -width // 8)]
    expected = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]
    assert np.abs(np.array(corners, dtype=int) - expected).max() < 40


def test_the_orientation_examples_all_look_the_same(test_data: Path) -> None:
    files = sorted((test_data / "photos" / "exif" / "orientation-examples").glob("*.jpg"))
    assert len(files) == 8
    first, *others = [pixels(read_image(file, longest=200)).astype(float) for file in files]
    for picture in others:
        assert picture.shape == first.shape
        assert np.abs(picture - first).mean() < 12  # they differ by the number painted on them


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "P", "RGBA", "L", "1"])
def test_unusual_pixels_are_shown_as_the_engine_sees_them(tmp_path: Path, mode: str) -> None:
    from training.images import load

    image = corner_image((90, 60))
    if mode == "I;16":
        grey = np.asarray(image.convert("L"), dtype=np.uint16) * 257
        file = tmp_path / "deep.png"
        Image.fromarray(grey).save(file)
    elif mode == "P":
        file = tmp_path / "palette.png"
        image.convert("P", palette=Image.Palette.ADAPTIVE).save(file, transparency=1)
    elif mode == "RGBA":
        file = tmp_path / "alpha.png"
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(file)
    else:
        file = tmp_path / ("inks.jpg" if mode == "CMYK" else "plain.png")
        image.convert(mode).save(file)
    expected = np.asarray(load(file).convert("RGB"), dtype=int)
    assert np.abs(pixels(read_image(file)).astype(int) - expected).max() <= 3


def test_a_name_of_undecodable_bytes_is_shown(page_of: Callable[..., Driver], tmp_path: Path, digits: Path) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    some = next(digits.glob("*.png"))
    for name in (b"bad\xff\xfe.png", b"new\nline.png", "emoji 🐱.png".encode()):
        shutil.copy(some, os.fsencode(folder) + b"/" + name)
    page = page_of(folder)
    assert len(page.page.model) == 3
    for place in range(3):
        page.click(place)
        page.settle()
        assert page.problem(place) is None
        assert page.seen(place).std() > 10
        assert page.page.close_up.name.text().isprintable()


def test_unreadable_and_too_large_images_are_tiles_with_a_reason(
    page_of: Callable[..., Driver], tmp_path: Path
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "a-empty.jpg").touch()
    (folder / "b-text.png").write_text("no image")
    (folder / "c-huge.png").write_bytes(png(30_000, 30_000))
    corner_image((40, 40)).save(folder / "d-good.png")
    page = page_of(folder)
    assert page.page.bar.chips["unreadable"].count == 3 and page.page.bar.chips["unreadable"].isVisible()
    reasons = [page.problem(place) or "" for place in range(4)]
    assert "empty" in reasons[0] and "whatever its name says" in reasons[1] and "too large" in reasons[2]
    assert reasons[3] == ""
    page.click(2)
    page.settle()
    assert page.page.close_up.problem.text() == reasons[2]
    page.choose("unreadable")
    assert len(page.page.model) == 3


def test_a_huge_image_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(png(30_000, 30_000))
    with pytest.raises(ImageError, match="too large"):
        read_image(tmp_path / "huge.png", longest=192)


def test_sensitive_images_are_blurred_until_one_holds_r(page_of: Callable[..., Driver], test_data: Path) -> None:
    page = page_of(test_data / "photos" / "vehicles-animals" / "vehicle")
    sharp = page.seen(0)
    page.click(0)
    page.key(Qt.Key.Key_S)
    blurred = page.seen(0)
    assert detail(blurred) < detail(sharp) / 3
    QTest.keyPress(page.view, Qt.Key.Key_R)
    assert np.abs(page.seen(0).astype(int) - sharp).mean() < 25  # the tile is chosen now, so its ground differs
    assert detail(page.seen(0)) > detail(sharp) / 1.5
    QTest.keyRelease(page.view, Qt.Key.Key_R)
    assert np.array_equal(page.seen(0), blurred)


def test_the_eye_on_a_tile_reveals_while_it_is_pressed(page_of: Callable[..., Driver], test_data: Path) -> None:
    page = page_of(test_data / "photos" / "vehicles-animals" / "vehicle", sensitive=1)
    eye = eye_rect(page.tile(0)).center()
    blurred = detail(page.seen(0))
    page.press(eye)
    assert detail(page.seen(0)) > 2 * blurred
    page.release(eye)
    page.view.pointer.hover(None)
    assert detail(page.seen(0)) == pytest.approx(blurred)
    assert page.chosen() == []


def test_blur_can_be_stronger_and_switched_off(page_of: Callable[..., Driver], test_data: Path) -> None:
    page = page_of(test_data / "photos" / "vehicles-animals" / "vehicle", sensitive=1)
    usual = detail(page.seen(0))
    page.page.bar.wellbeing.strengths[Strength.STRONG].click()
    assert detail(page.seen(0)) < usual
    page.page.bar.wellbeing.blur.click()
    assert detail(page.seen(0)) > 2 * usual


def test_tiny_images_are_blurred_as_well(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits)
    sharp = detail(page.seen(0))
    page.click(0)
    page.key(Qt.Key.Key_S)
    page.key(Qt.Key.Key_Escape)
    assert detail(page.seen(0)) < sharp / 2


def test_h_hides_every_picture_at_once(page: Driver) -> None:
    page.click(0)
    page.settle()
    page.key(Qt.Key.Key_H)
    assert page.page.session.hide_everything
    hidden = [page.seen(place) for place in (1, 2)]
    assert np.array_equal(hidden[0], hidden[1])
    page.key(Qt.Key.Key_H)
    shown = [page.seen(place) for place in (1, 2)]
    assert not np.array_equal(shown[0], shown[1])


def test_thumbnails_come_from_the_disk_the_second_time(page: Driver) -> None:
    page.settle()
    project = page.page.session.project
    row = page.page.model.row(0)
    page.page.close()
    cache = ThumbnailCache(project.path)
    assert cache.get(f"{row.sha256}@192") is not None
    cache.close()


def test_the_close_up_shows_the_image_and_what_is_known(page: Driver) -> None:
    page.click(5)
    page.key(Qt.Key.Key_S)
    page.settle()
    panel = page.page.close_up
    assert panel.name.full_text == page.names()[5]
    assert "8 × 8" in panel.facts.text() and "PNG" in panel.facts.text()
    assert "Sensitive" in panel.history.text()
    assert panel.peek.isVisible()
    panel.tags.setFocus()
    QTest.keyClicks(panel.tags, "odd, five,odd")
    QTest.keyClick(panel.tags, Qt.Key.Key_Return)
    assert page.page.model.row(5).tags == ("five", "odd")
    page.click(6)
    page.settle()
    assert panel.name.full_text == page.names()[6] and not panel.history.isVisible()


def test_looking_closely_steps_labels_and_returns(page: Driver) -> None:
    page.click(2)
    page.key(Qt.Key.Key_Space)
    look = page.page.look
    assert page.page.looking and look.place.text() == "3 of 60"
    page.key(Qt.Key.Key_Right)
    page.key(Qt.Key.Key_S)
    page.settle()
    assert look.place.text() == "4 of 60" and look.label.text() == "Sensitive"
    assert page.labels()[2:5] == [0, 1, 0]
    page.key(Qt.Key.Key_Plus)
    assert not look.canvas.fitted
    page.key(Qt.Key.Key_0)
    assert look.canvas.fitted
    page.key(Qt.Key.Key_Z, CTRL)
    assert page.labels()[3] == 0
    page.key(Qt.Key.Key_Escape)
    assert not page.page.looking and page.chosen() == [3] and page.view.hasFocus()


def test_double_click_looks_closely(page: Driver) -> None:
    page.double_click(6)
    assert page.page.looking and page.page.look.place.text() == "7 of 60"


def test_tiles_grow_with_the_slider_and_keep_their_place(page: Driver) -> None:
    page.page.bar.slider.setValue(200)
    page.click(20) if page.tile(20).bottom() < 600 else page.view.go_to(20)
    top = page.tile(20).top()
    page.key(Qt.Key.Key_Plus)
    assert page.view.tile > 200 and page.page.bar.slider.value() == page.view.tile
    assert page.view.viewport().rect().intersects(page.tile(20)) or top < 0


def test_a_long_name_is_cut_and_shown_whole_on_hover(page_of: Callable[..., Driver], tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    name = "a very long name " * 12 + ".png"
    corner_image((30, 20)).save(folder / name)
    page = page_of(folder)
    page.click(0)
    page.settle()
    label = page.page.close_up.name
    assert "…" in label.text() and label.toolTip() == name
    assert page.page.close_up.width() < page.page.width() / 2


def test_hiding_everything_lets_a_lifted_veil_fall(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=5)
    page.click(0)
    page.settle()
    page.page.close_up.peek.held.emit(True)  # held down, and never told that it was let go
    page.page.session.hide_everything = True
    page.page.session.hide_everything = False
    page.settle()
    assert page.page.close_up.peek.isVisible()


def test_tags_that_are_being_typed_are_kept_when_the_page_closes(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=5)
    page.click(0)
    page.settle()
    image = int(page.page.model.ids[0])
    page.page.close_up.tags.setFocus()
    QTest.keyClicks(page.page.close_up.tags, "blurry, odd")
    page.page.close()
    assert image_rows(page.page.session.project, [image])[0].tags == ("blurry", "odd")


def test_return_after_tagging_leads_back_to_the_images(page_of: Callable[..., Driver], digits: Path) -> None:
    page = page_of(digits, sensitive=5)
    page.click(0)
    page.settle()
    page.page.close_up.tags.setFocus()
    QTest.keyClicks(page.page.close_up.tags, "odd")
    QTest.keyClick(page.page.close_up.tags, Qt.Key.Key_Return)
    assert page.view.hasFocus()
    page.settle()
    assert page.page.model.row(0).tags == ("odd",)


def test_a_file_that_changed_since_it_was_labeled_has_a_mark(page: Driver) -> None:
    page.click(0)
    page.key(Qt.Key.Key_S)
    page.page.view.set_hidden(True)  # the mark alone differs
    before = pixels(page.view.viewport().grab(changed_rect(page.tile(0))).toImage())
    with page.page.session.project.writing() as db:
        db.execute("UPDATE images SET changed = 1 WHERE id IN (?, ?)", page.page.model.ids[:2].tolist())
    page.page.model.reload()
    page.settle()
    assert (pixels(page.view.viewport().grab(changed_rect(page.tile(0))).toImage()) != before).any()
    assert page.page.close_up.changed.isVisible()
    page.key(Qt.Key.Key_S)  # the label still holds
    assert (pixels(page.view.viewport().grab(changed_rect(page.tile(0))).toImage()) == before).all()


def test_very_many_veils_are_made_over_several_frames(page: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    page.settle()
    monkeypatch.setattr("pudm_gui.label.grid.view.VEIL_SECONDS", -1.0)
    page.key(Qt.Key.Key_A, CTRL)
    page.key(Qt.Key.Key_S)
    tiles = [page.page.thumbnails.tile(key_of(row)) for row in page.page.model.rows(1, 10)]
    page.view.viewport().repaint()
    assert not any(tile.veil_is_made for tile in tiles)
    monkeypatch.undo()
    page.qtbot.waitUntil(lambda: all(tile.veil_is_made for tile in tiles))


def test_many_threads_decode_at_once_beside_a_window_that_paints(page: Driver, tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path)
    made: list[Thumbnail] = []
    rows = page.page.model.rows(0, 60)

    def work() -> None:
        for row in rows:
            thumbnail = make_thumbnail(Wanted.of(row, 100, Veil()), cache)
            if thumbnail.fresh is not None:
                cache.put(thumbnail.wanted.stored_as, encoded(thumbnail.fresh))
            made.append(thumbnail)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    page.qtbot.waitUntil(lambda: page.view.viewport().repaint() or len(made) == 6 * len(rows), timeout=30_000)
    for thread in threads:
        thread.join()
    assert all(thumbnail.picture is not None for thumbnail in made)
    cache.close()
