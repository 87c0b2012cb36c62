"""The Export page, driven as a person drives it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from pytestqt.qtbot import QtBot

from pudm_gui import jobs as jobs_module
from pudm_gui.export.page import ExportPage
from pudm_gui.export.result_panel import loading_snippet
from pudm_gui.export.target import TargetState, inspect_target, subfolder
from pudm_gui.jobs import JobRunner
from pudm_gui.session import Session
from pudm_gui.widgets.rail import RailState
from tests import model_folders
from tests.gui.trained_runs import FROM_SCRATCH, engine_of, make_report, make_run
from training.runs import RunFolder

WAIT_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
OpenPage = Callable[[], ExportPage]

WRITE = """
out = Path(arguments[0])
out.mkdir(parents=True, exist_ok=True)
(out / "model_index.json").write_text("{}")
(out / "README.md").write_text("---\\nlibrary_name: diffusers\\n---\\n\\n# Animals\\n\\nThe real card.\\n")
(run.path / "arguments.txt").write_text("\\n".join(arguments))
log.emit("progress", what="Comparing samples", done=1, total=4)
while not (run.path / "go").exists():
    time.sleep(0.02)
names = ("loads", "same samples", "no pickles", "no training images", "no paths")
log.emit("result", folder=str(out), checks=[{"name": n, "ok": n != BAD, "detail": "16 of 16"} for n in names])
log.emit("finished", seconds=1.0)
"""
FAIL = """
log.emit("failed", message="The disk is full: free some space and export again.")
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

    def open_() -> ExportPage:
        page = ExportPage(session, jobs)
        qtbot.addWidget(page)
        page.resize(1200, 680)
        page.show()
        page.shown()
        qtbot.waitUntil(lambda: page.stack.currentIndex() > 0, timeout=WAIT_MS)
        return page

    return open_


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """``engine(code)``: what the engine does from now on."""

    def use(code: str, bad: str = "") -> None:
        start = engine_of(tmp_path / "engine.py", f"BAD = {bad!r}\n{code}")
        monkeypatch.setattr(jobs_module, "engine_command", lambda stage, *rest: [*start, stage, *map(str, rest)])

    return use


def judged(folder: Path, **changes: object) -> RunFolder:
    return make_run(folder, report=make_report(**changes), fine_tuned=changes.get("nsr_before", 1) is not None)


def let_go(run: RunFolder) -> None:
    (run.path / "go").touch()


def ticks(page: ExportPage) -> list[bool | None]:
    return [check.ok for check in page.result.checks.checks]


def test_without_a_run_the_page_leads_to_training(qtbot: QtBot, open_page: OpenPage) -> None:
    page = open_page()
    assert page.nothing.isVisible()
    with qtbot.waitSignal(page.go_to) as caught:
        qtbot.mouseClick(page.nothing.button, LEFT)
    assert caught.args == ["train"]


def test_the_folder_and_the_card_are_ready_at_once(open_page: OpenPage, session: Session, runs: Path) -> None:
    judged(runs / "0001-animals")
    page = open_page()
    assert page.form.folder.text() == str(session.project.path / "exports" / "0001-animals")
    card = page.card.card.toPlainText()
    assert "about 6 [2, 13] would be sensitive (before: 132)" in card
    assert "0.994 [0.987, 0.998]" in card
    assert "480 normal images" in card
    assert str(session.project.path) not in card


def test_the_age_of_the_verdict_is_told(open_page: OpenPage, runs: Path) -> None:
    judged(runs / "0001-animals", created=datetime.now(UTC).isoformat())
    assert open_page().form.verdict.text().endswith("Judged today.")


def test_an_old_verdict_has_its_date(open_page: OpenPage, runs: Path) -> None:
    judged(runs / "0001-animals", created="2020-03-15T12:00:00Z")
    assert "2020" in open_page().form.verdict.text()


def test_exporting_ticks_the_checks_and_offers_the_folder(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    open_page: OpenPage,
    session: Session,
    runs: Path,
    engine: Callable[..., None],
) -> None:
    engine(WRITE)
    run = judged(runs / "0001-animals")
    page = open_page()
    rail: list[RailState] = []
    page.rail_state.connect(rail.append)
    page.form.weights.setFocus()
    qtbot.keyClick(page.form.weights, Qt.Key.Key_Down)
    assert "other weights" in page.form.weights_note.text()
    qtbot.mouseClick(page.form.button, LEFT)
    qtbot.waitUntil(lambda: page.form.progress_text.text() == "Comparing samples: 1 of 4", timeout=WAIT_MS)
    assert rail[-1].progress == 0.25
    assert ticks(page) == [None] * 5
    assert not page.form.button.isEnabled()
    let_go(run)
    qtbot.waitUntil(lambda: page.message.text == "Exported, and every check holds.", timeout=WAIT_MS)
    assert ticks(page) == [True] * 5
    qtbot.waitUntil(lambda: "as written" in page.card.heading.text(), timeout=WAIT_MS)
    assert page.card.card.toPlainText().split("\n") == ["Animals", "The real card."]
    folder = session.project.path / "exports" / "0001-animals"
    assert (run.path / "arguments.txt").read_text().splitlines() == [str(folder), "--weights", "raw"]
    assert rail[-1] == RailState(dot="success")
    qtbot.mouseClick(page.result.copy_path, LEFT)
    assert QGuiApplication.clipboard().text() == str(folder)
    qtbot.mouseClick(page.result.copy_lines, LEFT)
    assert QGuiApplication.clipboard().text() == loading_snippet(folder)
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    qtbot.mouseClick(page.result.open_button, LEFT)
    assert opened == [str(folder)]


def test_a_check_that_does_not_hold_is_an_error(
    qtbot: QtBot, open_page: OpenPage, runs: Path, engine: Callable[..., None]
) -> None:
    engine(WRITE, bad="no paths")
    let_go(judged(runs / "0001-animals"))
    page = open_page()
    qtbot.mouseClick(page.form.button, LEFT)
    qtbot.waitUntil(lambda: "a check did not hold" in page.message.text, timeout=WAIT_MS)
    assert page.message.kind == "error"
    assert ticks(page) == [True, True, True, True, False]


def test_a_failed_export_is_told_in_words(
    qtbot: QtBot, open_page: OpenPage, runs: Path, engine: Callable[..., None]
) -> None:
    engine(FAIL)
    judged(runs / "0001-animals")
    page = open_page()
    qtbot.mouseClick(page.form.button, LEFT)
    qtbot.waitUntil(lambda: "The disk is full" in page.message.text, timeout=WAIT_MS)
    assert not page.result.isVisible()
    assert page.form.button.isEnabled()


def test_a_run_that_was_not_evaluated_needs_a_second_click(
    qtbot: QtBot, open_page: OpenPage, runs: Path, engine: Callable[..., None]
) -> None:
    engine(WRITE)
    run = make_run(runs / "0001-animals")
    let_go(run)
    page = open_page()
    assert "has not been evaluated" in page.message.text
    qtbot.mouseClick(page.form.button, LEFT)
    assert page.form.button.text() == "Export anyway"
    assert not (run.path / "arguments.txt").exists()
    with qtbot.waitSignal(page.go_to) as caught:
        qtbot.mouseClick(page.message.button, LEFT)
    assert caught.args == ["review"]
    qtbot.mouseClick(page.form.button, LEFT)
    qtbot.waitUntil(lambda: ticks(page) == [True] * 5, timeout=WAIT_MS)


def test_an_earlier_export_is_replaced_only_after_asking(
    qtbot: QtBot, open_page: OpenPage, session: Session, runs: Path, engine: Callable[..., None]
) -> None:
    engine(WRITE)
    run = judged(runs / "0001-animals")
    let_go(run)
    folder = session.project.path / "exports" / "0001-animals"
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    (folder / "unet").mkdir()
    page = open_page()
    qtbot.mouseClick(page.form.button, LEFT)
    qtbot.waitUntil(lambda: "would be replaced" in page.message.text, timeout=WAIT_MS)
    assert not (run.path / "arguments.txt").exists()
    qtbot.mouseClick(page.message.button, LEFT)
    qtbot.waitUntil(lambda: ticks(page) == [True] * 5, timeout=WAIT_MS)
    assert (run.path / "arguments.txt").read_text().splitlines() == [str(folder), "--weights", "ema", "--replace"]


def test_other_peoples_files_are_never_replaced(
    qtbot: QtBot, open_page: OpenPage, runs: Path, engine: Callable[..., None], tmp_path: Path
) -> None:
    engine(WRITE)
    run = judged(runs / "0001-animals")
    let_go(run)
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    page = open_page()
    page.form.folder.clear()
    qtbot.keyClicks(page.form.folder, str(folder))
    qtbot.mouseClick(page.form.button, LEFT)
    qtbot.waitUntil(lambda: "holds other files" in page.message.text, timeout=WAIT_MS)
    qtbot.mouseClick(page.message.button, LEFT)
    qtbot.waitUntil(lambda: page.form.folder.text() == str(folder / "0001-animals"), timeout=WAIT_MS)
    assert not (run.path / "arguments.txt").exists()
    qtbot.mouseClick(page.form.button, LEFT)
    qtbot.waitUntil(lambda: ticks(page) == [True] * 5, timeout=WAIT_MS)
    assert (folder / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("name", ["relative/folder", "FILE/inside", "FILE"])
def test_a_folder_that_cannot_be_is_refused(
    qtbot: QtBot, open_page: OpenPage, runs: Path, tmp_path: Path, name: str
) -> None:
    judged(runs / "0001-animals")
    (tmp_path / "a-file").write_text("")
    page = open_page()
    page.form.folder.setText(name.replace("FILE", str(tmp_path / "a-file")))
    qtbot.mouseClick(page.form.button, LEFT)
    qtbot.waitUntil(lambda: "choose another folder" in page.message.text, timeout=WAIT_MS)


def test_a_folder_that_was_typed_stays_when_the_run_changes(qtbot: QtBot, open_page: OpenPage, runs: Path) -> None:
    judged(runs / "0001-old")
    judged(runs / "0002-new")
    page = open_page()
    page.form.chooser.setFocus()
    qtbot.keyClick(page.form.chooser, Qt.Key.Key_Down)
    assert page.form.folder.text().endswith("0001-old")
    page.form.folder.clear()
    qtbot.keyClicks(page.form.folder, "/somewhere/else")
    qtbot.keyClick(page.form.chooser, Qt.Key.Key_Up)
    assert page.form.folder.text() == "/somewhere/else"


def test_the_card_of_a_run_from_scratch_has_no_before(open_page: OpenPage, runs: Path) -> None:
    judged(runs / "0001-scratch", **FROM_SCRATCH)
    card = open_page().card.card.toPlainText()
    assert "Trained from scratch" in card
    assert "–" in card


def test_read_only_shows_the_card_and_exports_nothing(
    monkeypatch: pytest.MonkeyPatch, open_page: OpenPage, runs: Path
) -> None:
    monkeypatch.setattr(Session, "read_only", True)
    judged(runs / "0001-a")
    page = open_page()
    assert not page.form.button.isEnabled()
    assert "another" in page.form.button.toolTip()
    assert "animals" in page.card.card.toPlainText() or "a" in page.card.card.toPlainText()


def test_looking_at_a_target_tells_what_is_there(tmp_path: Path) -> None:
    assert inspect_target(tmp_path / "new").state is TargetState.FREE
    assert inspect_target(tmp_path).state is TargetState.FREE
    (tmp_path / "README.md").write_text("mine")
    assert inspect_target(tmp_path).state is TargetState.FOREIGN  # a card alone is no export
    (tmp_path / "model_index.json").write_text("{}")
    assert inspect_target(tmp_path).state is TargetState.EXPORT
    (tmp_path / "notes.txt").write_text("mine")
    assert inspect_target(tmp_path).state is TargetState.FOREIGN


def test_a_subfolder_is_always_a_new_one(tmp_path: Path) -> None:
    run = RunFolder(Path("/runs/0001-a"))
    assert subfolder(tmp_path, run) == tmp_path / "0001-a"
    (tmp_path / "0001-a").mkdir()
    assert subfolder(tmp_path, run) == tmp_path / "0001-a-2"


def test_the_snippet_is_valid_python_for_any_path() -> None:
    snippet = loading_snippet(Path('/tmp/it\'s "here"'))
    assert len(snippet.splitlines()) == 3
    compile(snippet, "snippet", "exec")


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (model_folders.latent_model, "pipeline().images[0]"),
        (model_folders.stable_diffusion, 'pipeline("what to draw").images[0]'),
        (model_folders.diffusion_transformer, "pipeline(class_labels=[0]).images[0]"),
    ],
)
def test_the_snippet_draws_as_the_model_wants_it(tmp_path: Path, make: Callable[[Path], Path], line: str) -> None:
    assert line in loading_snippet(make(tmp_path / "model"))
