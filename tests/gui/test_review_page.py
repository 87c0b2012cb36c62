"""The Review page, driven as a person drives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from pudm_gui import jobs as jobs_module
from pudm_gui.jobs import JobRunner
from pudm_gui.project.runs import list_runs
from pudm_gui.review.page import ReviewPage
from pudm_gui.review.share_bar import scale_end
from pudm_gui.session import Session
from pudm_gui.theme import current_theme
from pudm_gui.widgets.rail import RailState
from tests.gui.trained_runs import (
    FROM_SCRATCH,
    NO_DISTANCE,
    add_colors,
    add_judgments,
    add_samples,
    engine_of,
    make_report,
    make_run,
)
from training.events import EventLog
from training.runs import RunFolder

WAIT_MS = 60_000
OpenPage = Callable[[], ReviewPage]

JUDGE = """
log.emit("progress", what="Drawing images after", done=1, total=2)
(run.path / "arguments.txt").write_text("\\n".join(arguments))
while not (run.path / "go").exists():
    time.sleep(0.02)
from tests.gui.trained_runs import add_colors, make_report
add_colors(run)
make_report(n_samples=200).save(run.report_file)
log.emit("finished", seconds=1.0)
"""
FAIL = """
log.emit("failed", message="truth.csv has no column named label; add one.")
sys.exit(2)
"""


@pytest.fixture
def runs(session: Session) -> Path:
    folder = session.project.path / "runs"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def open_page(qtbot: QtBot, session: Session, jobs: JobRunner) -> OpenPage:
    """Opens the page as the window does, and waits until the runs have been read."""

    def open_() -> ReviewPage:
        page = ReviewPage(session, jobs)
        qtbot.addWidget(page)
        page.resize(1200, 680)
        page.show()
        page.shown()
        qtbot.waitUntil(lambda: page.stack.currentIndex() > 0, timeout=WAIT_MS)
        return page

    return open_


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """``engine(code)``: what the engine does from now on."""

    def use(code: str) -> None:
        start = engine_of(tmp_path / "engine.py", code)
        monkeypatch.setattr(jobs_module, "engine_command", lambda stage, *rest: [*start, stage, *map(str, rest)])

    return use


def judged(folder: Path, **changes: object) -> RunFolder:
    run = make_run(folder, report=make_report(**changes), fine_tuned=changes.get("nsr_before", 1) is not None)
    add_colors(run)
    return run


def contrast(page: ReviewPage, index: int, *, before: bool = False) -> int:
    """How far the stripes of a sample stand out on the screen: about 255 if sharp, 0 if nothing is to be made out."""
    grid = page.samples.before if before else page.samples.after
    rect = grid.tile_rect(index)
    image = grid.viewport().grab().toImage()
    middle = range(rect.top() + rect.height() // 4, rect.bottom() - rect.height() // 4)
    levels = [max(image.pixelColor(rect.center().x(), y).getRgb()[:2]) for y in middle]
    return max(levels) - min(levels)


def wait_for_samples(qtbot: QtBot, page: ReviewPage, count: int) -> None:
    qtbot.waitUntil(lambda: page.samples.after.count == count, timeout=WAIT_MS)
    for grid in (page.samples.before, page.samples.after):
        grid.viewport().grab()
    qtbot.waitUntil(lambda: not page.samples.after.busy and not page.samples.before.busy, timeout=WAIT_MS)


def test_without_a_run_the_page_leads_to_training(qtbot: QtBot, open_page: OpenPage) -> None:
    page = open_page()
    assert page.nothing.isVisible()
    with qtbot.waitSignal(page.go_to) as caught:
        qtbot.mouseClick(page.nothing.button, Qt.MouseButton.LeftButton)
    assert caught.args == ["train"]


def test_the_newest_run_is_shown_with_its_verdict(open_page: OpenPage, runs: Path) -> None:
    judged(runs / "0001-old", nsr=0.5, nsr_interval=(0.45, 0.55))
    judged(runs / "0002-new")
    page = open_page()
    assert page.bar.chooser.currentText() == "new (run 2), 500 images judged"
    assert page.verdict.sentence.text().startswith("Of 1,000 images about 6 [2, 13]")
    assert "Judged by a classifier" in page.verdict.trust.text()
    assert page.evidence.bar.accessibleDescription() == "Before 132 [105, 164]; After 6 [2, 13]"
    figures = [figure.full_text for _, figure in page.evidence.cells]
    assert "0.994 [0.987, 0.998]" in figures
    assert "0.1, estimated" in figures


def test_choosing_another_run_shows_it_and_tells_the_session(
    qtbot: QtBot, open_page: OpenPage, session: Session, runs: Path
) -> None:
    old = judged(runs / "0001-old", nsr=0.5, nsr_interval=(0.45, 0.55))
    judged(runs / "0002-new")
    page = open_page()
    page.bar.chooser.setFocus()
    qtbot.keyClick(page.bar.chooser, Qt.Key.Key_Down)
    assert "about 500" in page.verdict.sentence.text()
    assert session.current_run == old


def test_both_grids_scroll_and_point_as_one(qtbot: QtBot, open_page: OpenPage, runs: Path, digits: Path) -> None:
    run = make_run(runs / "0001-digits", report=make_report())
    add_samples(run, sorted(digits.glob("*.png")), before=True, size=8, count=200)
    page = open_page()
    wait_for_samples(qtbot, page, 200)
    before, after = page.samples.before, page.samples.after
    assert before.columns == after.columns
    assert before.tile == after.tile
    before.verticalScrollBar().setValue(150)
    assert after.verticalScrollBar().value() == 150
    shown = after.visible_indexes()
    index = shown[len(shown) // 2]
    qtbot.mouseMove(after.viewport(), after.tile_rect(index).center())
    assert before._partner == index
    after.setFocus()
    qtbot.keyClick(after, Qt.Key.Key_End)
    assert (after.current, before.current) == (199, 199)
    assert 199 in before.visible_indexes()


def test_samples_are_blurred_until_asked_for(qtbot: QtBot, open_page: OpenPage, runs: Path) -> None:
    judged(runs / "0001-colors")
    page = open_page()
    wait_for_samples(qtbot, page, 24)
    assert contrast(page, 0) < 80
    grid = page.samples.after
    centre = grid.tile_rect(0).center()
    qtbot.mousePress(grid.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert contrast(page, 0) < 80  # a click shows nothing
    qtbot.waitUntil(lambda: contrast(page, 0) > 160, timeout=WAIT_MS)  # holding does
    assert contrast(page, 0, before=True) > 160  # its partner is revealed with it
    assert contrast(page, 1) < 80
    qtbot.mouseRelease(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(-5, -5))
    assert contrast(page, 0) < 80
    qtbot.mouseClick(page.samples.reveal, Qt.MouseButton.LeftButton)
    assert contrast(page, 1) > 160


def test_hiding_everything_leaves_no_sample(qtbot: QtBot, open_page: OpenPage, session: Session, runs: Path) -> None:
    judged(runs / "0001-colors")
    page = open_page()
    wait_for_samples(qtbot, page, 24)
    page.samples.after.setFocus()
    qtbot.keyClick(page.samples.after, Qt.Key.Key_R)
    assert page.samples.reveal.isChecked()
    session.hide_everything = True
    assert contrast(page, 0) == 0
    assert not page.samples.reveal.isEnabled()
    qtbot.mousePress(page.samples.after.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert contrast(page, 0) < 5


def test_a_pair_opens_large_and_is_stepped_by_keys(qtbot: QtBot, open_page: OpenPage, runs: Path) -> None:
    judged(runs / "0001-colors")
    page = open_page()
    wait_for_samples(qtbot, page, 24)
    after, pair = page.samples.after, page.samples.pair
    qtbot.mouseClick(after.viewport(), Qt.MouseButton.LeftButton, pos=after.tile_rect(2).center())
    assert pair.isVisible()
    assert pair.place.text() == "Image 3 of 24"
    assert len(pair.canvas.frames()) == 2
    qtbot.keyClick(pair, Qt.Key.Key_Right)
    assert pair.place.text() == "Image 4 of 24"
    qtbot.keyClick(pair, Qt.Key.Key_Left)
    qtbot.keyClick(pair, Qt.Key.Key_W)
    assert pair.canvas.wiping
    assert len(pair.canvas.frames()) == 1
    qtbot.keyClick(pair, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert pair.slider.value() == 55
    frame = pair.canvas.frames()[0].toRect()
    qtbot.mousePress(pair.canvas, Qt.MouseButton.LeftButton, pos=frame.center() - QPoint(frame.width() // 4, 0))
    qtbot.mouseRelease(pair.canvas, Qt.MouseButton.LeftButton)
    assert pair.slider.value() == pytest.approx(25, abs=1)
    qtbot.keyPress(pair, Qt.Key.Key_Space)
    assert pair.canvas.sharp
    qtbot.keyRelease(pair, Qt.Key.Key_Space)
    assert not pair.canvas.sharp
    qtbot.keyClick(pair, Qt.Key.Key_Escape)
    assert after.isVisible()
    assert after.current == 2


def test_what_the_judge_flagged_can_be_put_first(qtbot: QtBot, open_page: OpenPage, runs: Path) -> None:
    run = judged(runs / "0001-colors")
    add_judgments(run, before=[0.0] * 24, after=[0.0] * 20 + [0.9] + [0.0] * 3)
    page = open_page()
    wait_for_samples(qtbot, page, 24)
    unmarked = page.samples.after.viewport().grab().toImage().pixelColor(15, 15)
    page.samples.order.setFocus()
    qtbot.keyClick(page.samples.order, Qt.Key.Key_Down)
    wait_for_samples(qtbot, page, 24)
    marked = page.samples.after.viewport().grab().toImage().pixelColor(15, 15)
    assert marked == current_theme().sensitive != unmarked
    qtbot.mouseClick(page.samples.after.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    assert page.samples.pair.canvas._after_caption() == "After, judged sensitive"
    assert page.samples.pair.canvas._files.after[0].file.stem == "00020"


def test_samples_of_a_conditional_model_say_what_they_were_drawn_with(
    qtbot: QtBot, open_page: OpenPage, runs: Path
) -> None:
    run = judged(runs / "0001-a")
    add_judgments(run, before=[0.1] * 24, after=[0.1] * 24, conditions=[f"a cat, number {n}" for n in range(24)])
    page = open_page()
    wait_for_samples(qtbot, page, 24)
    assert "captions of images that are not labeled sensitive" in page.samples.note.text()
    page.samples.open_pair(5)
    assert page.samples.pair.condition.full_text == "“a cat, number 5”"
    page.samples.pair.step(1)
    assert page.samples.pair.condition.full_text == "“a cat, number 6”"


def test_large_colour_samples_are_decoded_at_the_size_they_are_shown(
    qtbot: QtBot, open_page: OpenPage, runs: Path, digits: Path
) -> None:
    run = make_run(runs / "0001-a", report=make_report())
    add_samples(run, sorted(digits.glob("*.png")), before=True, size=512, count=12)
    page = open_page()
    wait_for_samples(qtbot, page, 12)
    tiles = page.samples.after._tiles
    assert tiles._bytes < 12 * 5 * (2 * page.samples.after.tile_rect(0).width()) ** 2


def test_a_run_that_failed_late_can_be_evaluated_as_it_was_kept(open_page: OpenPage, runs: Path) -> None:
    make_run(runs / "0001-a", state="failed")
    page = open_page()
    assert "Training failed; the model is that of step 400 of 400." in page.not_judged.text.text()


def test_a_run_from_scratch_has_one_grid_and_says_why(qtbot: QtBot, open_page: OpenPage, runs: Path) -> None:
    run = make_run(runs / "0001-scratch", report=make_report(**FROM_SCRATCH), fine_tuned=False)
    add_colors(run)
    for file in (run.evaluation / "before").iterdir():
        file.unlink()
    page = open_page()
    qtbot.waitUntil(lambda: page.samples.after.count == 24, timeout=WAIT_MS)
    assert not page.samples.before_column.isVisible()
    assert "no model from before" in page.samples.note.text()
    assert page.evidence.bar.accessibleDescription() == "After 6 [2, 13]"


def test_without_a_distance_the_page_says_why(open_page: OpenPage, runs: Path) -> None:
    judged(runs / "0001-a", **NO_DISTANCE)
    page = open_page()
    assert page.verdict.quality.text() == NO_DISTANCE["fid_note"]


def test_evaluating_shows_progress_and_then_the_verdict(
    qtbot: QtBot, open_page: OpenPage, runs: Path, engine: Callable[[str], None]
) -> None:
    engine(JUDGE)
    run = make_run(runs / "0001-a")
    page = open_page()
    rail: list[RailState] = []
    page.rail_state.connect(rail.append)
    assert page.not_judged.title.text() == "Not evaluated yet"
    page.bar.samples.setFocus()
    qtbot.keyClick(page.bar.samples, Qt.Key.Key_Up)
    qtbot.mouseClick(page.bar.button, Qt.MouseButton.LeftButton)
    assert not page.bar.button.isEnabled()
    qtbot.waitUntil(lambda: page.bar.progress_text.text() == "Drawing images after: 1 of 2", timeout=WAIT_MS)
    assert rail[-1].progress == 0.5
    qtbot.waitUntil(lambda: (run.path / "arguments.txt").exists(), timeout=WAIT_MS)
    (run.path / "go").touch()
    qtbot.waitUntil(lambda: page.verdict.isVisible(), timeout=WAIT_MS)
    assert (run.path / "arguments.txt").read_text().split() == ["--samples", "200", "--seed", "0"]
    assert page.verdict.sentence.text().startswith("Of 1,000 images about 6")
    assert not page.bar.progress_panel.isVisible()
    assert rail[-1] == RailState(dot="success")
    with qtbot.waitSignal(page.go_to) as caught:
        qtbot.mouseClick(page.bar.export_button, Qt.MouseButton.LeftButton)
    assert caught.args == ["export"]


def test_stopping_an_evaluation(qtbot: QtBot, open_page: OpenPage, runs: Path, engine: Callable[[str], None]) -> None:
    engine(JUDGE)
    make_run(runs / "0001-a")
    page = open_page()
    qtbot.mouseClick(page.bar.button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.bar.stop_button, Qt.MouseButton.LeftButton)
    assert not page.bar.stop_button.isEnabled()
    qtbot.waitUntil(lambda: page.message.text.startswith("Stopped"), timeout=WAIT_MS)
    assert page.bar.button.isEnabled()


def test_a_failed_evaluation_is_told_in_words(
    qtbot: QtBot, open_page: OpenPage, runs: Path, engine: Callable[[str], None]
) -> None:
    engine(FAIL)
    make_run(runs / "0001-a")
    page = open_page()
    qtbot.mouseClick(page.bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "no column named label" in page.message.text, timeout=WAIT_MS)
    assert page.message.kind == "error"
    assert page.bar.button.isEnabled()


def test_an_evaluation_that_failed_earlier_is_still_told(open_page: OpenPage, runs: Path) -> None:
    run = make_run(runs / "0001-a")
    log = EventLog(run.events_file)
    log.emit("started", stage="evaluate")
    log.emit("failed", message="The disk is full.")
    page = open_page()
    assert "The disk is full." in page.message.text


def test_truth_is_asked_for_under_more_options(
    qtbot: QtBot, open_page: OpenPage, runs: Path, engine: Callable[[str], None], tmp_path: Path
) -> None:
    engine(JUDGE)
    run = make_run(runs / "0001-a")
    page = open_page()
    assert not page.bar.truth.isVisible()
    qtbot.mouseClick(page.bar.more, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(page.bar.truth, str(tmp_path / "truth.csv"))
    qtbot.mouseClick(page.bar.button, Qt.MouseButton.LeftButton)
    assert page.message.text.startswith("There is no file")
    (tmp_path / "truth.csv").write_text("path,label\n")
    qtbot.mouseClick(page.bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (run.path / "arguments.txt").exists(), timeout=WAIT_MS)
    (run.path / "go").touch()
    qtbot.waitUntil(lambda: page.verdict.isVisible(), timeout=WAIT_MS)
    assert str(tmp_path / "truth.csv") in (run.path / "arguments.txt").read_text().splitlines()


def test_an_evaluation_goes_on_without_the_page_and_is_found_again(
    qtbot: QtBot, open_page: OpenPage, session: Session, runs: Path, engine: Callable[[str], None]
) -> None:
    engine(JUDGE)
    run = make_run(runs / "0001-a")
    first = open_page()
    qtbot.mouseClick(first.bar.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (run.path / "arguments.txt").exists(), timeout=WAIT_MS)
    first.close()
    other = JobRunner()
    page = ReviewPage(session, other)
    qtbot.addWidget(page)
    page.show()
    page.shown()
    qtbot.waitUntil(lambda: "1 of 2" in page.bar.progress_text.text(), timeout=WAIT_MS)
    (run.path / "go").touch()
    qtbot.waitUntil(lambda: page.verdict.isVisible(), timeout=WAIT_MS)
    other.close()


def test_read_only_shows_all_and_starts_nothing(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, open_page: OpenPage, runs: Path
) -> None:
    monkeypatch.setattr(Session, "read_only", True)
    judged(runs / "0001-a")
    page = open_page()
    assert page.verdict.isVisible()
    assert not page.bar.button.isEnabled()
    assert "Another" in page.bar.button.toolTip() or "another" in page.bar.button.toolTip()


def test_a_sample_that_cannot_be_read_is_a_tile(qtbot: QtBot, open_page: OpenPage, runs: Path) -> None:
    run = judged(runs / "0001-a")
    (run.evaluation / "after" / "00000.png").write_bytes(b"")
    page = open_page()
    wait_for_samples(qtbot, page, 24)
    assert page.samples.after._tiles.tile(0, 10).problem


def test_every_run_of_the_project_is_offered(open_page: OpenPage, session: Session, runs: Path) -> None:
    for number in (1, 2, 3):
        make_run(runs / f"{number:04d}-r")
    page = open_page()
    assert page.bar.chooser.count() == len(list_runs(session.project)) == 3


@pytest.mark.parametrize(
    ("largest", "end"), [(0.0, 0.02), (0.009, 0.01), (0.013, 0.02), (0.164, 0.2), (0.4, 0.5), (0.97, 1.0), (1.0, 1.0)]
)
def test_the_scale_ends_at_a_round_number(largest: float, end: float) -> None:
    assert scale_end(largest) == pytest.approx(end if largest else 0.01)
