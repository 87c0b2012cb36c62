"""The Train page with models of every family: what it says of them, and what they need before a run can start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pudm_gui.jobs import JobRunner
from pudm_gui.model_folder import ModelFacts
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import ImageFilter, Label
from pudm_gui.session import Session
from pudm_gui.train.model_words import short_count, summary
from pudm_gui.train.page import TrainPage
from pudm_gui.train.progress import MemoryNeed, Preview, TrainingProgress
from pudm_gui.train.run_words import details, gigabytes, notice, percent
from pudm_gui.train.sample_store import LARGE, SMALL, SampleStore
from tests import model_folders as build
from training.events import Event
from training.runs import RunFolder

WAIT_MS = 60_000

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Six images in two folders."""
    folder = tmp_path / "images"
    for number in range(6):
        file = folder / ("cats" if number < 3 else "dogs") / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (40 * number, 90, 120)).save(file)
    return folder


@pytest.fixture
def session(make_session: Callable[..., Session], corpus: Path) -> Session:
    return make_session(corpus, sensitive=2)


@pytest.fixture
def make_page(qtbot: QtBot, jobs: JobRunner) -> Iterator[Callable[[Session], TrainPage]]:
    pages: list[TrainPage] = []

    def make(session: Session) -> TrainPage:
        page = TrainPage(session, jobs)
        qtbot.addWidget(page)
        page.resize(1200, 700)
        page.show()
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.deleteLater()


@pytest.fixture
def page(make_page: Callable[[Session], TrainPage], session: Session) -> TrainPage:
    return make_page(session)


def wait_for_status(qtbot: QtBot, page: TrainPage, words: str) -> None:
    qtbot.waitUntil(lambda: words in page.setup.conditions.status.text(), timeout=WAIT_MS)


# -- which model


def test_a_line_says_what_the_model_is(page: TrainPage, tmp_path: Path) -> None:
    page.setup.model.choose(build.stable_diffusion(tmp_path / "sd"))
    assert page.setup.model.note.text() == "Stable Diffusion · 512 px · 12 parameters · captions"
    facts = ModelFacts(Path("x"), "Diffusion transformer", 256, 3, "class", 10, parameters=675_129_632)
    assert summary(facts) == "Diffusion transformer · 256 px · 675 M parameters · 10 classes"


@pytest.mark.parametrize(
    ("count", "words"), [(12, "12"), (35_700, "36 k"), (859_520_964, "860 M"), (2_567_463_684, "2.6 B")]
)
def test_parameters_are_counted_as_people_do(count: int, words: str) -> None:
    assert short_count(count) == words


def test_a_single_file_asks_for_the_folder_that_it_lacks(
    page: TrainPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = page.setup.model
    (tmp_path / "files").mkdir()
    file, config = build.single_file(tmp_path / "files" / "v1.safetensors"), build.stable_diffusion(tmp_path / "sd")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    model.file_action.trigger()
    assert model.config_row.isVisible()
    assert "its weights are not needed" in model.note.text()
    assert page.setup.reason.text() == "Choose the folder that goes with the model's file."
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(config))
    model.config_row.button.click()
    assert model.ready
    assert model.name == "v1"
    assert (model.settings()["model.source"], model.settings()["model.config"]) == (str(file), str(config))


def test_a_single_file_and_its_folder_are_remembered(
    page: TrainPage, make_page: Callable[[Session], TrainPage], session: Session, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    file, config = build.single_file(tmp_path / "files" / "v1.safetensors"), build.stable_diffusion(tmp_path / "sd")
    page.setup.model.choose(file, config)
    again = make_page(session).setup.model
    assert again.facts == page.setup.model.facts
    assert again.config_row.name.full_text == "sd"


# -- all weights, or LoRA


def test_lora_is_offered_where_there_is_one(page: TrainPage, tmp_path: Path) -> None:
    model = page.setup.model
    model.choose(build.pixel_model(tmp_path / "ddpm"))
    assert not model.adapter.isVisible()
    model.choose(build.stable_diffusion(tmp_path / "sd"))
    assert model.adapter.isVisible()
    assert not model.adapter.rank.isVisible()
    model.adapter.kind.setCurrentIndex(1)
    model.adapter.rank.setValue(8)
    assert model.settings()["model.lora_rank"] == 8
    model.choose(build.pixel_model(tmp_path / "other"))
    assert model.settings()["model.lora_rank"] == 0


def test_defaults_go_with_the_model_and_what_is_trained_of_it(page: TrainPage, tmp_path: Path) -> None:
    setup = page.setup
    setup.model.choose(build.pixel_model(tmp_path / "ddpm"))
    usual = setup.options.values()
    setup.model.choose(build.stable_diffusion(tmp_path / "sd"))
    assert setup.options.values()["optim.learning_rate"] == pytest.approx(1e-5)
    assert setup.options.values()["optim.batch_size"] == 16
    setup.model.adapter.kind.setCurrentIndex(1)
    assert setup.options.values()["optim.learning_rate"] == pytest.approx(1e-4)
    setup.model.choose(build.pixel_model(tmp_path / "other"))
    assert setup.options.values() == usual
    assert setup.options.changed_count() == 0


def test_only_options_that_count_are_shown(page: TrainPage, tmp_path: Path) -> None:
    setup = page.setup
    setup.more.setChecked(True)
    fields = setup.options.fields
    setup.model.choose(build.pixel_model(tmp_path / "ddpm"))
    assert not fields["preview.guidance"].isVisible()
    assert not fields["objective.pnu_weight"].isVisible()
    setup.model.choose(build.stable_diffusion(tmp_path / "sd"))
    fields["objective.kind"].setCurrentIndex(1)  # type: ignore[attr-defined]
    assert fields["preview.guidance"].isVisible()
    assert fields["objective.pnu_weight"].isVisible()
    fields["objective.kind"].setCurrentIndex(3)  # type: ignore[attr-defined]
    assert not fields["objective.correction"].isVisible()


def test_what_is_left_to_the_engine_is_left_open_in_the_spec(page: TrainPage, tmp_path: Path) -> None:
    setup = page.setup
    setup.model.choose(build.pixel_model(tmp_path / "ddpm"))
    spec = setup.spec()
    assert (spec.preview.guidance, spec.preview.stop_at, spec.optim.micro_batch) == (None, None, 0)
    setup.options.fields["preview.guidance"].setValue(7.5)  # type: ignore[attr-defined]
    stop = setup.options.fields["preview.stop_at"]
    stop.setCurrentIndex(stop.findData(0.98))  # type: ignore[attr-defined]
    spec = setup.spec()
    assert (spec.preview.guidance, spec.preview.stop_at) == (7.5, 0.98)


# -- captions


def test_a_model_without_conditions_asks_for_none(page: TrainPage, tmp_path: Path) -> None:
    page.setup.model.choose(build.latent_model(tmp_path / "ldm"))
    assert not page.setup.conditions.isVisible()
    assert page.setup.start.isEnabled()
    assert page.setup.spec().conditioning.source == "none"


def test_captions_beside_the_images_are_counted_before_a_run(
    qtbot: QtBot, page: TrainPage, corpus: Path, tmp_path: Path
) -> None:
    for file in corpus.rglob("*.png"):
        file.with_suffix(".txt").write_text("a small picture\n")
    (corpus / "dogs" / "4.txt").unlink()
    page.setup.model.choose(build.stable_diffusion(tmp_path / "sd"))
    wait_for_status(qtbot, page, "dogs/4.png")
    assert not page.setup.start.isEnabled()
    assert page.setup.reason.text() == "Every image needs a caption first."
    (corpus / "dogs" / "4.txt").write_text("another one")
    page.shown()  # the person comes back to the page
    wait_for_status(qtbot, page, "All 6 images have a caption, such as “a small picture”.")
    assert page.setup.start.isEnabled()
    assert page.setup.spec().conditioning.source == "sidecar"


def test_one_caption_for_each_label(qtbot: QtBot, page: TrainPage, tmp_path: Path) -> None:
    conditions = page.setup.conditions
    page.setup.model.choose(build.stable_diffusion(tmp_path / "sd"))
    conditions.source.setCurrentIndex(conditions.source.findData("label"))
    assert conditions.status.text() == "Write both captions."
    qtbot.keyClicks(conditions.unlabeled, "a pet")
    qtbot.keyClicks(conditions.sensitive, "a cat")
    wait_for_status(qtbot, page, "All 6 images")
    assert page.setup.spec().conditioning.by_label == {"unlabeled": "a pet", "sensitive": "a cat", "normal": "a pet"}


def test_captions_from_a_column_of_a_table(
    qtbot: QtBot, page: TrainPage, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "table.csv"
    rows = [f"{file.relative_to(corpus).as_posix()},7,a pet" for file in corpus.rglob("*.png")]
    table.write_text("\n".join(["path,number,caption", *rows]))
    conditions = page.setup.conditions
    page.setup.model.choose(build.stable_diffusion(tmp_path / "sd"))
    conditions.source.setCurrentIndex(conditions.source.findData("csv"))
    assert conditions.status.text() == "Choose the CSV file."
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    conditions.file.button.click()
    assert conditions.column.currentText() == "caption"
    wait_for_status(qtbot, page, "All 6 images")
    spec = page.setup.spec().conditioning
    assert (spec.csv, spec.csv_column) == (str(table), "caption")
    table.write_text("image,caption\n")
    conditions.choose_csv(table)
    assert "needs a column named path" in conditions.status.text()
    assert not page.setup.start.isEnabled()


# -- classes


def test_folders_are_classes_once_they_have_numbers(qtbot: QtBot, page: TrainPage, tmp_path: Path) -> None:
    conditions = page.setup.conditions
    page.setup.model.choose(build.pixel_model(tmp_path / "ddpm", classes=10))
    wait_for_status(qtbot, page, "2 classes have no number yet, the first of them “cats”.")
    conditions.add_names.click()
    assert conditions.classes.text.toPlainText() == "cats=\ndogs="
    assert "not of the form name=number" in conditions.classes.words.text()
    conditions.classes.text.setPlainText("cats=3\ndogs=12")
    wait_for_status(qtbot, page, "is of class 12, and the model has the classes 0 to 9")
    assert not page.setup.start.isEnabled()
    conditions.classes.text.setPlainText("cats=3\ndogs=7")
    wait_for_status(qtbot, page, "All 6 images have a class; 2 of 10 classes are used.")
    assert page.setup.start.isEnabled()
    spec = page.setup.spec().conditioning
    assert (spec.source, spec.classes) == ("folder", {"cats": 3, "dogs": 7})


def test_numbers_of_classes_come_from_a_file_too(page: TrainPage, tmp_path: Path) -> None:
    editor = page.setup.conditions.classes
    file = tmp_path / "classes.txt"
    file.write_text("# ours\ncats = 3\n\nbig=dogs=7\n")
    editor.load(file)
    assert editor.value() == {"cats": 3, "big=dogs": 7}
    file.write_text("cats=3\ncats=4\n")
    editor.load(file)
    assert "two numbers, 3 and 4" in editor.words.text()
    assert editor.value() == {"cats": 3, "big=dogs": 7}


def test_names_that_the_model_lists_need_no_number(qtbot: QtBot, page: TrainPage, tmp_path: Path) -> None:
    conditions = page.setup.conditions
    page.setup.model.choose(build.diffusion_transformer(tmp_path / "dit"))
    conditions.source.setCurrentIndex(conditions.source.findData("label"))
    conditions.unlabeled.setText("goldfish")
    conditions.sensitive.setText("tench")
    conditions.changed.emit()
    wait_for_status(qtbot, page, "All 6 images have a class; 2 of ")
    assert page.setup.spec().conditioning.classes["goldfish"] == 1


def test_tags_are_classes(qtbot: QtBot, page: TrainPage, session: Session, tmp_path: Path) -> None:
    import numpy as np

    from pudm_gui.project.images import image_ids
    from pudm_gui.project.tags import tag_images

    conditions = page.setup.conditions
    page.setup.model.choose(build.pixel_model(tmp_path / "ddpm", classes=10))
    conditions.source.setCurrentIndex(conditions.source.findData("tag"))
    wait_for_status(qtbot, page, "6 images have no tag")
    for number, id_ in enumerate(image_ids(session.project, ImageFilter()).tolist()):
        tag_images(session.project, np.array([id_]), added=[str(number % 2)])
    page.shown()
    wait_for_status(qtbot, page, "All 6 images have a class")


# -- what the engine tells


EVENTS = [
    {"event": "started", "stage": "train", "step": 0, "steps": 300, "device": "a GPU"},
    {"event": "preflight", "needed": 9_200_000_000, "there": 78_000_000_000, "message": "About 9.2 GB."},
    {"event": "preview", "step": 0, "path": "samples/0.png", "columns": 3, "count": 9, "nsr": 0.868},
    {"event": "step", "step": 150, "l_u": 1.0, "images_per_second": 40.0, "seconds_left": 60.0},
    {"event": "preview", "step": 150, "path": "samples/150.png", "columns": 3, "count": 9, "nsr": 0.98},
]


def test_a_run_says_what_memory_it_takes() -> None:
    progress = TrainingProgress.of(EVENTS)
    assert progress.memory == MemoryNeed(9_200_000_000, 78_000_000_000, "About 9.2 GB.")
    assert details("running", progress) == "1 min left · 40 images/s · a GPU · needs 9.2 GB of 78 GB"
    assert "needs" not in details("finished", progress)
    assert gigabytes(48_700_000) == "49 MB"


def test_a_run_that_was_good_enough_early_says_so() -> None:
    progress = TrainingProgress.of([*EVENTS, {"event": "finished", "step": 150, "seconds": 60, "early": True}])
    told = notice("finished", progress, "", fine_tuned=True)
    assert told is not None
    assert told.text.startswith("Ended early, at 98 % of samples not sensitive.")
    assert [percent(share) for share in (0.9999, 1.0, 0.868)] == ["99 %", "100 %", "87 %"]


def test_after_divergence_what_is_left_can_be_reviewed() -> None:
    failure = "Training diverged at step 150: it grew; the run is back at step 100, which can be reviewed."
    saved: list[Event] = [{"event": "checkpoint", "step": step} for step in (100, 140)]
    ending: Event = {"event": "failed", "message": failure, "diverged": True}
    progress = TrainingProgress.of([*EVENTS, *saved, ending | {"kept": 100}])
    told = notice("failed", progress, "", fine_tuned=True)
    assert told is not None
    assert (told.text, told.does, progress.checkpoint_step) == (failure, "review", 100)
    nothing = notice("failed", TrainingProgress.of([*EVENTS, *saved, ending | {"kept": None}]), "", fine_tuned=True)
    assert nothing is not None
    assert nothing.does == "log"


def test_a_failure_that_names_a_step_is_no_divergence() -> None:
    failure = "The disk is full, so step-00000100 could not be written; step 100 is kept."
    ending = [{"event": "checkpoint", "step": 100}, {"event": "failed", "message": failure}]
    told = notice("failed", TrainingProgress.of([*EVENTS, *ending]), "", fine_tuned=True)
    assert told is not None
    assert told.does == "resume"


def test_a_warning_of_an_earlier_attempt_is_not_repeated() -> None:
    warned = [*EVENTS, {"event": "warning", "message": "Eight images at a time now."}]
    assert notice("running", TrainingProgress.of(warned), "", fine_tuned=True) is not None
    again = [*warned, {"event": "started", "stage": "train", "step": 100, "steps": 300}]
    assert notice("running", TrainingProgress.of(again), "", fine_tuned=True) is None


def test_large_sheets_are_kept_no_larger_than_they_are_shown(qtbot: QtBot, page: TrainPage, tmp_path: Path) -> None:
    run, preview = RunFolder(tmp_path), Preview(0, "sheet.png", columns=2, count=4)
    Image.new("RGB", (4096, 4096), (200, 100, 50)).save(tmp_path / "sheet.png")
    store = SampleStore(page)
    for large, side in ((False, SMALL), (True, LARGE)):
        with qtbot.waitSignal(store.arrived, timeout=WAIT_MS):
            assert store.get(run, preview, blur=False, large=large) is None
        image = store.get(run, preview, blur=False, large=large)
        assert image is not None
        assert max(image.width(), image.height()) == side


def test_a_run_is_made_with_its_captions(qtbot: QtBot, page: TrainPage, session: Session, tmp_path: Path) -> None:
    conditions = page.setup.conditions
    page.setup.model.choose(build.stable_diffusion(tmp_path / "sd"))
    conditions.source.setCurrentIndex(conditions.source.findData("label"))
    conditions.unlabeled.setText("a pet")
    conditions.sensitive.setText("a cat")
    conditions.changed.emit()
    wait_for_status(qtbot, page, "All 6 images")
    page.setup.start.click()
    qtbot.waitUntil(lambda: page.view.state == "finished", timeout=WAIT_MS)
    assert page.view.run is not None
    spec = page.view.run.spec()
    assert spec.conditioning.by_label["sensitive"] == "a cat"
    assert spec.data.image_size == 512


def test_labels_that_came_meanwhile_are_counted_too(
    qtbot: QtBot, page: TrainPage, session: Session, tmp_path: Path
) -> None:
    from pudm_gui.project.images import image_ids

    conditions = page.setup.conditions
    page.setup.model.choose(build.stable_diffusion(tmp_path / "sd"))
    conditions.source.setCurrentIndex(conditions.source.findData("label"))
    conditions.unlabeled.setText("a pet")
    conditions.sensitive.setText("a cat")
    conditions.changed.emit()
    session.labels_changed.emit(
        set_label(session.project, image_ids(session.project, ImageFilter())[3:4], Label.NORMAL)
    )
    page.shown()
    wait_for_status(qtbot, page, "All 6 images")
