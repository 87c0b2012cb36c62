"""The Train page: setting up, starting, watching and pausing a run, with a small engine in the real one's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pudm_gui.jobs import JobRunner
from pudm_gui.project.images import image_ids
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Counts, ImageFilter, Label
from pudm_gui.project.project import Project
from pudm_gui.project.runs import list_runs
from pudm_gui.session import Session
from pudm_gui.train.beta_advice import suggest
from pudm_gui.train.option_fields import option_groups
from pudm_gui.train.page import TrainPage
from pudm_gui.train.progress import TrainingProgress
from tests.model_folders import pixel_model
from training.runs import RunFolder
from training.spec import RunSpec

WAIT_MS = 60_000

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder that says of itself what a diffusers model for grey 8 × 8 images would."""
    return pixel_model(tmp_path / "my-ddpm")


@pytest.fixture
def make_page(qtbot: QtBot, jobs: JobRunner) -> Iterator[Callable[[Session], TrainPage]]:
    pages: list[TrainPage] = []

    def make(session: Session, runner: JobRunner = jobs) -> TrainPage:
        page = TrainPage(session, runner)
        qtbot.addWidget(page)
        page.resize(1200, 700)
        page.show()
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.deleteLater()


@pytest.fixture
def page(make_page: Callable[[Session], TrainPage], make_session: Callable[..., Session], digits: Path) -> TrainPage:
    """The page of a project with 25 sensitive digits and nothing trained."""
    return make_page(make_session(digits, sensitive=25))


def click(qtbot: QtBot, widget: object) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def start(qtbot: QtBot, page: TrainPage, model: Path, state: str) -> None:
    page.setup.model.choose(model)
    click(qtbot, page.setup.start)
    qtbot.waitUntil(lambda: page.view.state == state and page.view.progress.step == 5, timeout=WAIT_MS)


def last_run(page: TrainPage) -> RunFolder:
    return list_runs(page._session.project)[0]


# -- what may be started


def test_nothing_can_be_started_without_a_model(page: TrainPage) -> None:
    assert not page.setup.start.isEnabled()
    assert page.setup.reason.text() == "Choose the model to sanitize."
    assert page.right.currentWidget() is page.empty


def test_without_a_sensitive_label_the_page_leads_to_labeling(
    qtbot: QtBot, make_page: Callable[[Session], TrainPage], session: Session, model: Path
) -> None:
    page = make_page(session)
    page.setup.model.choose(model)
    assert not page.setup.start.isEnabled()
    assert "sensitive" in page.setup.reason.text()
    with qtbot.waitSignal(page.go_to) as blocker:
        click(qtbot, page.setup.label_button)
    assert blocker.args == ["label"]


def test_the_page_follows_the_labels(
    qtbot: QtBot, make_page: Callable[[Session], TrainPage], session: Session, model: Path
) -> None:
    page = make_page(session)
    page.setup.model.choose(model)
    ids = image_ids(session.project, ImageFilter())
    session.labels_changed.emit(set_label(session.project, ids[:3], Label.SENSITIVE))
    qtbot.waitUntil(page.setup.start.isEnabled, timeout=WAIT_MS)
    assert page.setup.counts.text().startswith("3 sensitive, 57 unlabeled, few")


def test_a_model_folder_tells_its_image_size_and_is_remembered(
    qtbot: QtBot,
    page: TrainPage,
    make_page: Callable[[Session], TrainPage],
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(model))
    page.setup.model.folder_action.trigger()
    assert page.setup.model.note.text() == "Pixel diffusion · 8 px · grey · 12 parameters"
    assert page.setup.start.isEnabled()
    spec = page.setup.spec()
    assert (spec.data.image_size, spec.data.channels) == (8, 1)
    again = make_page(page._session)
    assert again.setup.model.ready


def test_a_folder_that_is_no_model_is_refused_where_it_was_chosen(page: TrainPage, tmp_path: Path) -> None:
    page.setup.model.choose(tmp_path)
    assert "is not a diffusers folder" in page.setup.model.note.text()
    assert not page.setup.start.isEnabled()


def test_a_new_model_needs_no_folder(page: TrainPage) -> None:
    page.setup.model.scratch.setChecked(True)
    assert page.setup.start.text() == "Train a new model"
    assert page.setup.start.isEnabled()
    assert page.setup.spec().model.source == "scratch"


# -- β


def test_beta_is_set_by_slider_and_number_alike(page: TrainPage) -> None:
    beta = page.setup.beta
    beta.slider.setValue(50)
    assert beta.value == pytest.approx(0.25)
    assert "about 1 in 4" in beta.words.text()
    beta.number.setValue(0.8)
    spec = page.setup.spec()
    assert spec.objective.beta == pytest.approx(0.8)
    assert spec.objective.beta_source == "user"


def test_the_first_suggestion_comes_from_labels_that_say_something() -> None:
    nothing_known = suggest(Counts(total=100, unlabeled=90, sensitive=10, normal=0, unreadable=0))
    assert nothing_known.beta == RunSpec().objective.beta
    known = suggest(Counts(total=1000, unlabeled=900, sensitive=20, normal=80, unreadable=0))
    assert known.beta == pytest.approx(0.19)  # 0.2 of the 900 not looked at, among them and the 80 normal ones
    assert "20 of the 100" in known.reason


def test_an_estimate_is_shown_beside_the_slider_and_taken_with_one_click(qtbot: QtBot, page: TrainPage) -> None:
    click(qtbot, page.setup.beta.estimate_button)
    qtbot.waitUntil(lambda: page.setup.beta.accept_button.isVisible(), timeout=WAIT_MS)
    assert "0.09" in page.setup.beta.reason.text()
    assert page.setup.beta.warning.text == "Few labels."
    assert page.setup.beta.accept_button.text() == "Use 0.14"
    click(qtbot, page.setup.beta.accept_button)
    assert page.setup.spec().objective.beta == pytest.approx(0.14)
    assert page.setup.spec().objective.beta_source == "prior"
    qtbot.waitUntil(lambda: not page._jobs.active, timeout=WAIT_MS)


def test_an_estimate_asked_for_twice_is_made_once(qtbot: QtBot, page: TrainPage) -> None:
    told: list[str] = []
    page._session.message.connect(lambda text, _: told.append(text))
    click(qtbot, page.setup.beta.estimate_button)
    click(qtbot, page.setup.beta.estimate_button)
    qtbot.waitUntil(lambda: page.setup.beta.accept_button.isVisible(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not page._jobs.active, timeout=WAIT_MS)
    assert not told


def test_an_estimate_that_fails_says_why(qtbot: QtBot, page: TrainPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "fail")
    with qtbot.waitSignal(page._session.message, timeout=WAIT_MS) as blocker:
        click(qtbot, page.setup.beta.estimate_button)
    assert "Too few images are labeled." in blocker.args[0]


# -- options


def test_options_that_nobody_touches_are_the_one_button_defaults(page: TrainPage, model: Path) -> None:
    page.setup.model.choose(model)
    spec, plain = page.setup.spec(), RunSpec()
    assert spec.optim == plain.optim
    assert spec.objective == plain.objective
    assert spec.preview == plain.preview


def test_every_option_says_what_it_does_and_takes_its_whole_range(page: TrainPage) -> None:
    for _, fields in option_groups():
        for field in fields:
            editor = page.setup.options.fields[field.key]
            assert editor.toolTip()
            assert editor.accessibleName()
            if field.kind in (int, float) and not field.choices:
                for value in (field.low, field.high):
                    editor.setValue(field.kind(value))  # type: ignore[attr-defined]
                    page.setup.spec()
            for index in range(len(field.choices)):
                editor.setCurrentIndex(index)  # type: ignore[attr-defined]
                page.setup.spec()
            page.setup.options.reset()
    assert page.setup.options.changed_count() == 0


def test_changed_options_are_counted_and_can_be_taken_back(qtbot: QtBot, page: TrainPage) -> None:
    page.setup.more.setChecked(True)
    page.setup.options.fields["optim.steps"].setValue(777)  # type: ignore[attr-defined]
    assert page.setup.more.text() == "More options (1 changed)"
    assert page.setup.spec().optim.steps == 777
    page.setup.options.reset_button.click()
    assert page.setup.spec().optim.steps == RunSpec().optim.steps
    assert page.setup.more.text() == "More options"


def test_a_learning_rate_is_typed_as_people_write_it(qtbot: QtBot, page: TrainPage) -> None:
    page.setup.more.setChecked(True)
    field = page.setup.options.fields["optim.learning_rate"]
    field.selectAll()  # type: ignore[attr-defined]
    qtbot.keyClicks(field, "3e-5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert page.setup.spec().optim.learning_rate == pytest.approx(3e-5)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert page.setup.spec().optim.learning_rate == pytest.approx(4e-5)


# -- a run


def test_one_button_trains_to_the_end_and_leads_to_review(qtbot: QtBot, page: TrainPage, model: Path) -> None:
    start(qtbot, page, model, "finished")
    run = last_run(page)
    assert run.path.name == "0001-my-ddpm"
    assert page._session.current_run == run
    assert page.view.header.title.text() == "Finished: 5 steps"
    assert page.view.progress.present == ["l_u", "l_s", "r"]
    assert len(page.view.progress.previews) == 1
    with qtbot.waitSignal(page.go_to) as blocker:
        click(qtbot, page.view.message.button)
    assert blocker.args == ["review"]
    qtbot.waitUntil(page.setup.start.isEnabled, timeout=WAIT_MS)


def test_a_run_is_paused_goes_on_and_is_stopped_after_asking(
    qtbot: QtBot, page: TrainPage, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "wait")
    states: list[object] = []
    page.rail_state.connect(states.append)
    start(qtbot, page, model, "running")
    header = page.view.header
    assert not page.setup.start.isEnabled()
    qtbot.waitUntil(lambda: header.title.text() == "Step 5 of 5", timeout=WAIT_MS)
    click(qtbot, header.pause)
    qtbot.waitUntil(lambda: page.view.state == "paused", timeout=WAIT_MS)
    assert header.pause.text() == "Go on"
    assert states[-1].text == "paused"  # type: ignore[attr-defined]
    click(qtbot, header.pause)
    qtbot.waitUntil(lambda: page.view.state == "running", timeout=WAIT_MS)
    click(qtbot, page.view.draw_now)
    qtbot.waitUntil(lambda: len(page.view.progress.previews) == 2, timeout=WAIT_MS)
    click(qtbot, header.stop)
    assert header.confirm.isVisible()
    assert page.view.state == "running"
    click(qtbot, header.really)
    qtbot.waitUntil(lambda: page.view.state == "stopped", timeout=WAIT_MS)
    assert page.view.message.button.text() == "Go on"


@pytest.mark.parametrize(
    ("how", "state", "words"),
    [
        ("fail", "failed", "The disk is full. What was trained up to step 3 is kept."),
        ("die", "interrupted", "something went wrong in the depths"),
    ],
)
def test_a_bad_end_is_told_in_words_and_offers_to_go_on(
    qtbot: QtBot, page: TrainPage, model: Path, monkeypatch: pytest.MonkeyPatch, how: str, state: str, words: str
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", how)
    start(qtbot, page, model, state)
    assert words in page.view.message.text
    monkeypatch.setenv("FAKE_ENGINE", "finish")
    click(qtbot, page.view.message.button)
    qtbot.waitUntil(lambda: page.view.state == "finished", timeout=WAIT_MS)
    assert len(list_runs(page._session.project)) == 1
    assert page.view.progress.at == [1, 2, 3, 4, 5]


def test_the_log_is_one_click_away(qtbot: QtBot, page: TrainPage, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "die")
    start(qtbot, page, model, "interrupted")
    click(qtbot, page.view.header.log)
    qtbot.waitUntil(lambda: "in the depths" in page.view.log.text.toPlainText(), timeout=WAIT_MS)
    click(qtbot, page.view.header.log)
    assert page.view.stage.currentWidget() is page.view.curves


def test_a_run_outlives_its_window_and_is_found_with_its_history(
    qtbot: QtBot,
    make_page: Callable[..., TrainPage],
    make_session: Callable[..., Session],
    digits: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "wait")
    session, runner = make_session(digits, sensitive=25), JobRunner()
    first = make_page(session, runner)
    start(qtbot, first, model, "running")
    run = last_run(first)
    runner.close()

    later = JobRunner()
    later.attach(run)
    session.current_run = run
    second = make_page(session, later)
    qtbot.waitUntil(lambda: second.view.progress.at == [1, 2, 3, 4, 5], timeout=WAIT_MS)
    assert second.view.state == "running"
    second.view.job.stop()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: second.view.state == "stopped", timeout=WAIT_MS)
    later.close()


def test_an_earlier_run_is_looked_at_from_the_list(
    qtbot: QtBot, page: TrainPage, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(qtbot, page, model, "finished")
    qtbot.waitUntil(page.setup.start.isEnabled, timeout=WAIT_MS)
    monkeypatch.setenv("FAKE_ENGINE", "fail")
    start(qtbot, page, model, "failed")
    runs = page.view.header.runs
    qtbot.waitUntil(lambda: runs.count() == 2, timeout=WAIT_MS)
    assert runs.itemText(0).endswith("failed")
    runs.activated.emit(1)
    qtbot.waitUntil(lambda: page.view.state == "finished", timeout=WAIT_MS)
    assert page._session.current_run == list_runs(page._session.project)[1]
    assert runs.currentIndex() == 1


def test_a_defect_while_a_run_is_made_leaves_the_button_usable(
    qtbot: QtBot, page: TrainPage, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("pudm_gui.train.page.create_run", broken)
    page.setup.model.choose(model)
    with qtbot.captureExceptions() as caught:
        click(qtbot, page.setup.start)
        assert not page.setup.start.isEnabled()
        qtbot.waitUntil(page.setup.start.isEnabled, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: len(caught) == 1, timeout=WAIT_MS)


# -- samples


def shown_color(page: TrainPage) -> int:
    strip = page.view.filmstrip
    return strip.viewport().grab().toImage().pixelColor(strip.tile_rect(0).center()).red()


def test_samples_are_blurred_until_held_and_hidden_with_everything(qtbot: QtBot, page: TrainPage, model: Path) -> None:
    start(qtbot, page, model, "finished")
    strip, picture = page.view.filmstrip, (last_run(page), page.view.progress.previews[0])
    asked: list[bool] = []
    get = page.view._store.get
    page.view._store.get = lambda *shown, blur, large=False: asked.append(blur) or get(*shown, blur=blur)  # type: ignore[method-assign,func-returns-value]
    qtbot.waitUntil(lambda: get(*picture, blur=False) is not None, timeout=WAIT_MS)
    strip.viewport().repaint()
    assert asked[-1]
    center = strip.tile_rect(0).center()
    qtbot.mousePress(strip.viewport(), Qt.MouseButton.LeftButton, pos=center)
    strip.viewport().repaint()
    assert asked[-1]  # a click shows nothing
    qtbot.waitUntil(lambda: not asked[-1], timeout=WAIT_MS)  # holding does
    qtbot.mouseRelease(strip.viewport(), Qt.MouseButton.LeftButton, pos=center)
    strip.viewport().repaint()
    assert asked[-1]
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=center)
    assert page.view.stage.currentWidget() is page.view.viewer
    qtbot.keyClick(page.view.viewer, Qt.Key.Key_Escape)
    assert page.view.stage.currentWidget() is page.view.curves
    assert shown_color(page) == 200
    page._session.hide_everything = True
    asked.clear()
    assert shown_color(page) != 200
    assert not asked


# -- events


def test_a_resumed_run_goes_back_to_its_checkpoint() -> None:
    events = [
        {"event": "started", "stage": "train", "step": 0, "steps": 10},
        *({"event": "step", "step": n, "l_u": 1.0, "l_s": None} for n in range(1, 8)),
        {"event": "preview", "step": 6, "path": "samples/6.png"},
        {"event": "started", "stage": "train", "step": 5, "steps": 10},
        {"event": "step", "step": 6, "l_u": 2.0, "l_s": None},
    ]
    progress = TrainingProgress.of(events)
    assert progress.at == [1, 2, 3, 4, 5, 6]
    assert progress.terms["l_u"] == [1.0] * 5 + [2.0]
    assert progress.present == ["l_u"]
    assert progress.previews == []


# -- read-only


def test_a_read_only_page_shows_runs_and_starts_none(
    qtbot: QtBot,
    page: TrainPage,
    make_page: Callable[[Session], TrainPage],
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "fail")
    start(qtbot, page, model, "failed")
    session = Session(Project.open(page._session.project.path, read_only=True))
    session.current_run = page._session.current_run
    other = make_page(session)
    qtbot.waitUntil(lambda: other.view.state == "failed", timeout=WAIT_MS)
    assert not other.setup.start.isEnabled()
    assert "Another window" in other.setup.reason.text()
    assert not other.setup.beta.slider.isEnabled()
    assert not other.view.message.button.isVisible()
    other.hide()
    session.close()


# -- the demo


def test_the_demo_trains_its_own_model_and_offers_it(qtbot: QtBot, page: TrainPage, make_page: Callable) -> None:  # type: ignore[type-arg]
    folder = page._session.project.path.parent
    (folder / "demo.json").write_text('{"seed": 0}')
    demo = make_page(page._session)
    assert demo.setup.hint.isVisible()
    click(qtbot, demo.setup.hint.button)
    qtbot.waitUntil(lambda: demo.setup.model.ready, timeout=WAIT_MS)
    assert demo.setup.model.facts is not None
    assert demo.setup.model.facts.path == (folder / "base-model").resolve()
    assert not demo.setup.hint.isVisible()
    assert list_runs(demo._session.project)[0].spec().objective.kind == "unsupervised"
    qtbot.waitUntil(demo.setup.start.isEnabled, timeout=WAIT_MS)


def test_other_work_on_the_demo_s_base_run_leaves_the_chosen_model_alone(
    qtbot: QtBot, page: TrainPage, make_page: Callable[[Session], TrainPage], model: Path
) -> None:
    (page._session.project.path.parent / "demo.json").write_text('{"seed": 0}')
    demo = make_page(page._session)
    click(qtbot, demo.setup.hint.button)
    qtbot.waitUntil(lambda: demo.setup.model.ready and not demo._jobs.active, timeout=WAIT_MS)
    demo.setup.model.choose(model)
    demo._jobs.start("evaluate", last_run(demo))
    qtbot.waitUntil(lambda: not demo._jobs.active, timeout=WAIT_MS)
    assert demo.setup.model.name == "my-ddpm"
