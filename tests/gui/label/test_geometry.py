"""Where tiles lie."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect

from pudm_gui.label.grid.geometry import Geometry

GEOMETRIES = st.builds(
    Geometry,
    count=st.integers(0, 300),
    width=st.integers(1, 2000),
    tile=st.integers(48, 320),
)


@given(GEOMETRIES)
def test_every_pixel_of_a_tile_belongs_to_it(geometry: Geometry) -> None:
    for index in range(geometry.count):
        rect = geometry.rect(index)
        assert {geometry.index_at(rect.topLeft()), geometry.index_at(rect.bottomRight())} == {index}
        assert rect.bottom() < geometry.height


@given(GEOMETRIES, st.integers(-50, 3000), st.integers(1, 900))
def test_a_strip_covers_exactly_the_rows_it_touches(geometry: Geometry, top: int, height: int) -> None:
    first, end = geometry.span(top, top + height)
    strip = QRect(-10_000, top, 20_000, height)
    touched = {i for i in range(geometry.count) if geometry.rect(i).intersects(strip)}
    assert touched <= set(range(first, end))
    assert all(geometry.rect(i).top() <= top + height for i in range(first, end))


@given(GEOMETRIES, st.integers(-50, 900), st.integers(-50, 900), st.integers(1, 900), st.integers(1, 900))
def test_a_rubber_band_takes_the_tiles_it_touches(geometry: Geometry, x: int, y: int, width: int, height: int) -> None:
    band = QRect(x, y, width, height)
    expected = [i for i in range(geometry.count) if geometry.rect(i).intersects(band)]
    assert geometry.touched(band).positions().tolist() == expected


def test_ten_million_tiles_fit_the_scroll_bar() -> None:
    geometry = Geometry(count=10_000_000, width=1000, tile=160)
    assert geometry.height < 2**31
    assert geometry.rect(9_999_999).bottom() < geometry.height
