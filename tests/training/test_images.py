from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.bad_corpus import BLUE, HEIGHT, RED, WIDTH, scene, write_huge_png
from training.images import ImageError, ImageTooLargeError, load, load_square, read_info, verify


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    scene().save(path)
    return path


@pytest.mark.parametrize("channels", [1, 3])
def test_load_square_scales_the_shorter_side_and_cuts_the_middle(picture: Path, channels: int) -> None:
    pixels = load_square(picture, 16, channels)
    assert pixels.shape == (channels, 16, 16) and pixels.dtype == np.uint8
    if channels == 3:
        assert np.abs(pixels[:, 0, 0].astype(int) - RED).max() < 8, "the left of the middle square is still red"
        assert np.abs(pixels[:, -1, 0].astype(int) - BLUE).max() < 8


def test_large_jpeg_is_decoded_small_but_never_smaller_than_asked(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    scene().resize((1600, 800)).save(path, quality=95)
    small = load(path, at_least=150)
    assert small.size == (400, 200)
    assert load(path).size == (1600, 800)
    assert load(path, at_least=5000).size == (1600, 800)


def test_greys_stay_greys_also_with_transparency(tmp_path: Path) -> None:
    grey = scene().convert("L")
    grey.save(tmp_path / "grey.png")
    clear = grey.convert("LA")
    clear.putalpha(Image.new("L", clear.size, 0))
    clear.save(tmp_path / "clear.png")
    assert load(tmp_path / "grey.png").mode == load(tmp_path / "clear.png").mode == "L"
    assert np.asarray(load(tmp_path / "clear.png")).min() == 255, "white shows through"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_size_is_told_as_shown_from_the_header_alone(tmp_path: Path, format_: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned"
    scene().save(path, format=format_, exif=exif)
    expected = (WIDTH, HEIGHT) if orientation < 5 else (HEIGHT, WIDTH)
    for info in (read_info(path), verify(path)):
        assert (info.width, info.height, info.format) == (*expected, format_)
    assert load(path).size == expected


def test_orientation_of_real_photos(test_data: Path) -> None:
    """Eight photos of one scene, held in eight ways: all look alike once loaded."""
    folder = test_data / "photos" / "exif" / "orientation-examples"
    seen = [np.asarray(load(folder / f"Landscape_{n}.jpg").resize((30, 30)), dtype=float) for n in range(1, 9)]
    assert max(np.abs(each - seen[0]).mean() for each in seen) < 2


def test_too_large_is_told_by_size_before_anything_is_decoded(tmp_path: Path) -> None:
    write_huge_png(tmp_path / "huge.png")
    for read in (read_info, verify, load):
        with pytest.raises(ImageTooLargeError, match="30,000 × 30,000 pixels"):
            read(tmp_path / "huge.png")


def test_text_named_png_is_told_even_as_the_first_file(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("Not a picture.")
    with pytest.raises(ImageError, match="is not a JPEG"):
        verify(tmp_path / "notes.png")


def test_missing_and_special_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no longer there"):
        verify(tmp_path / "none.png")
    with pytest.raises(ImageError, match="folder"):
        verify(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        with pytest.raises(ImageError, match="pipe"):
            verify(tmp_path / "pipe.png")


def test_many_threads_leave_the_warning_filters_alone(picture: Path) -> None:
    before = list(warnings.filters)
    threads = [threading.Thread(target=lambda: [load(picture) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
