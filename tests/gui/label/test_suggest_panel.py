"""The panel "Find more": features as a job, suggestions judged by a key, similar images, duplicates, missed kinds."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from pudm_gui.label.suggest.features_job import JobProgress
from pudm_gui.label.suggest.panel import FindPanel
from pudm_gui.project.images import image_ids, image_rows
from pudm_gui.project.labels import set_label
from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from pudm_gui.session import Session
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.model import Gap
from tests.gui.label.driver import CTRL, Driver
from tests.gui.label.feature_stores import write_features, write_scores

WAIT_MS = 60_000


class Finder(Driver):
    """A hand on the panel, too."""

    @property
    def panel(self) -> FindPanel:
        found = self.page.side.panel("find")
        assert isinstance(found, FindPanel)
        return found

    def open_panel(self) -> FindPanel:
        self.page.show_panel("find")
        self.ready()
        return self.panel

    def ready(self) -> None:
        """Wait until everything in the panel has been worked out."""
        self.qtbot.waitUntil(lambda: self.page.finding.source.ready and not self.panel.busy, timeout=WAIT_MS)
        self.settle()

    def suggest(self) -> None:
        """List the suggestions."""
        self.open_panel().likely.show_button.click()
        self.qtbot.waitUntil(lambda: self.page.finding.judges, timeout=WAIT_MS)
        self.settle()

    def listed(self, title: str) -> None:
        """Wait until the grid shows the listing of that title."""
        self.qtbot.waitUntil(lambda: self.title == title, timeout=WAIT_MS)
        self.settle()

    @property
    def title(self) -> str:
        listing = self.page.model.shown.within
        return "" if listing is None else listing.title

    def digits_listed(self) -> list[int]:
        return [int(Path(name).name[0]) for name in self.names()]

    def mark_digits(self, digit: int, count: int, label: Label = Label.SENSITIVE) -> None:
        project = self.page.session.project
        rows = image_rows(project, image_ids(project))
        chosen = [row.id for row in rows if Path(row.path).name[0] == str(digit)][:count]
        change = set_label(project, np.array(chosen, np.int64), label)
        self.page.session.labels_changed.emit(change)


@pytest.fixture
def finder(open_page: Callable[[Session], Driver], session: Session) -> Finder:
    """The page on 60 digits with features, three 0s of them sensitive."""
    write_features(session.project)
    driver = open_page(session)
    finder = Finder(driver.page, driver.qtbot)
    finder.mark_digits(0, 3)
    return finder


@pytest.fixture
def bare(page: Driver) -> Finder:
    """The page on 60 digits that nobody has looked at."""
    return Finder(page.page, page.qtbot)


# --- features


def test_without_features_one_button_looks_at_all_images(
    bare: Finder, engine: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ENGINE", "wait")
    panel = bare.open_panel()
    assert panel.card.look_button.text() == "Look at all images once" and not panel.likely.isVisible()
    panel.card.look_button.click()
    bare.qtbot.waitUntil(lambda: bool(bare.page.context.jobs.active), timeout=WAIT_MS)
    assert panel.card.stop_button.isVisible() and not panel.card.look_button.isVisible()
    job = bare.page.context.jobs.active[0]
    assert (job.stage, job.run.path.parent.name) == ("features", "imagenet")
    bare.qtbot.waitUntil(lambda: job.state == "running", timeout=WAIT_MS)
    write_features(bare.page.session.project, "imagenet", keep=lambda name: name[0] != "9")
    panel.card.stop_button.click()
    bare.qtbot.waitUntil(lambda: panel.card.look_button.text() == "Update", timeout=WAIT_MS)
    assert "new images have not been looked at" in panel.card.words.text()
    assert panel.likely.isVisible()
    bare.ready()


def test_how_far_the_job_is_and_how_long_it_takes(bare: Finder) -> None:
    panel = bare.open_panel()
    event = {"event": "progress", "what": "Looking at the images", "done": 1200, "total": 4800, "seconds_left": 200.0}
    bare.page.finding.source.job.progressed.emit(JobProgress.read([event]))
    assert "1200 of 4800" in panel.card.words.text().replace(",", "") and "3 min left" in panel.card.words.text()
    assert panel.card.bar.isVisible() and panel.card.bar.value() == 250
    bare.page.finding.source.job.progressed.emit(None)
    assert not panel.card.bar.isVisible()


def test_features_of_another_encoder_can_be_used(finder: Finder) -> None:
    write_features(finder.page.session.project, "folder-12345678")
    panel = finder.open_panel()
    assert finder.page.finding.source.encoder == "folder-12345678"
    panel.card.more_button.click()
    panel.card.choice.buttons["pixels"].click()
    finder.qtbot.waitUntil(lambda: finder.page.finding.source.encoder == "pixels", timeout=WAIT_MS)
    finder.ready()
    panel.card.choice.buttons["imagenet"].click()
    finder.qtbot.waitUntil(lambda: panel.card.look_button.isVisible(), timeout=WAIT_MS)
    assert panel.card.look_button.text() == "Look at all images once"


# --- the likeliest


def test_suggestions_are_listed_best_first(finder: Finder) -> None:
    finder.suggest()
    assert finder.title == "Most likely sensitive"
    assert finder.digits_listed()[0] == 0
    assert len(finder.names()) == 57
    assert "likely" in finder.panel.likely.words.text() or "unsure" in finder.panel.likely.words.text()
    keys = finder.page.hints.keys.text()
    assert "<b>A</b>" in keys and "<b>X</b>" in keys


def test_a_and_x_judge_and_go_on(finder: Finder) -> None:
    finder.suggest()
    finder.click(0)
    first, second = (int(id_) for id_ in finder.page.model.ids[:2])
    finder.key(Qt.Key.Key_A)
    assert finder.chosen() == [1]
    finder.key(Qt.Key.Key_X)
    finder.ready()
    rows = {row.id: row for row in image_rows(finder.page.session.project, [first, second])}
    assert (rows[first].label, rows[second].label) == (Label.SENSITIVE, Label.NORMAL)
    assert {row.source for row in rows.values()} == {"suggestion"}
    assert "1 sensitive, 1 normal" in finder.panel.likely.judged.text()


def test_new_labels_order_only_what_is_below_the_sight(finder: Finder) -> None:
    finder.suggest()
    before = finder.page.model.ids.copy()
    end = finder.view.sight.span()[1]
    assert end < len(before)
    finder.click(0)
    finder.key(Qt.Key.Key_X)
    finder.mark_digits(9, 3)
    finder.ready()
    after = finder.page.model.ids
    assert after[:end].tolist() == before[:end].tolist()
    assert after.tolist() != before.tolist()
    assert set(after.tolist()) <= set(before.tolist())


def test_judged_ones_stay_until_they_are_put_away(finder: Finder) -> None:
    finder.suggest()
    finder.click(0)
    judged = int(finder.page.model.ids[0])
    finder.key(Qt.Key.Key_A)
    finder.ready()
    assert int(finder.page.model.ids[0]) == judged and "1 no longer belongs here" in finder.page.hints.moved.text()
    finder.page.hints.moved.click()
    finder.qtbot.waitUntil(lambda: judged not in finder.page.model.ids, timeout=WAIT_MS)
    assert finder.title == "Most likely sensitive"
    assert not finder.page.hints.moved.isVisible()


def test_suggested_images_are_suspected_until_judged(finder: Finder) -> None:
    finder.suggest()
    assert finder.page.model.suspected(0)
    finder.click(0)
    finder.key(Qt.Key.Key_X)
    assert not finder.page.model.suspected(0)


def test_too_few_labels_say_what_to_do(finder: Finder) -> None:
    finder.mark_digits(0, 3, Label.UNLABELED)
    panel = finder.open_panel()
    assert "Mark a few sensitive images first" in panel.likely.advice.text()
    assert not panel.likely.show_button.isEnabled()


def test_a_outside_of_suggestions_labels_nothing(finder: Finder) -> None:
    finder.click(5)
    finder.key(Qt.Key.Key_A)
    assert finder.label_of(5) == Label.UNLABELED
    assert "Find more" in finder.page.hints.note.full_text


# --- similar images


def test_m_lists_images_like_the_chosen_one(finder: Finder) -> None:
    finder.click(20)
    chosen, name = int(finder.page.model.ids[20]), Path(finder.names()[20]).name
    finder.key(Qt.Key.Key_M)
    finder.listed(f"Similar to {name}")
    assert int(finder.page.model.ids[0]) == chosen
    assert len(finder.names()) == 60
    assert finder.digits_listed()[:3].count(int(name[0])) >= 2


def test_the_menu_at_an_image_chooses_it_and_offers_similar_ones(finder: Finder) -> None:
    finder.click(1)
    name = Path(finder.names()[4]).name
    finder.view.customContextMenuRequested.emit(finder.tile(4).center())
    menu = finder.page.menu.menu
    assert menu.isVisible() and finder.chosen() == [4]
    next(action for action in menu.actions() if "like the" in action.text()).trigger()
    menu.close()
    finder.listed(f"Similar to {name}")


def test_m_without_features_opens_the_panel_that_says_why(bare: Finder) -> None:
    bare.page.bar.close_up.setChecked(False)
    bare.click(3)
    bare.key(Qt.Key.Key_M)
    bare.qtbot.waitUntil(lambda: bare.page.side.current == "find", timeout=WAIT_MS)
    assert bare.panel.card.look_button.isVisible()


# --- near duplicates and missed kinds


def test_a_whole_group_of_duplicates_is_labeled_at_once(
    open_page: Callable[[Session], Driver], make_session: Callable[..., Session], digits: Path, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    originals = sorted(digits.iterdir())[::5]
    for number, file in enumerate(originals):
        shutil.copy(file, corpus / file.name)
        if number < 2:
            shutil.copy(file, corpus / f"{file.stem}-again.png")
    session = make_session(corpus)
    write_features(session.project)
    driver = open_page(session)
    finder = Finder(driver.page, driver.qtbot)
    section = finder.open_panel().duplicates
    assert section.where.text() == "1 of 2" and section.facts.text() == "2 exact copies"
    group = section.group
    assert group is not None
    section.strip.clicked.emit()
    finder.listed("Near duplicates")
    assert set(finder.page.model.ids.tolist()) == set(group.ids.tolist())
    section.label_buttons[Label.SENSITIVE].click()
    finder.settle()
    assert finder.labels() == [Label.SENSITIVE, Label.SENSITIVE]
    assert section.where.text() == "2 of 2"
    finder.key(Qt.Key.Key_Z, CTRL)
    finder.settle()
    assert finder.labels() == [Label.UNLABELED, Label.UNLABELED]


@pytest.fixture
def missed_sevens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 7s count as a kind that may have been missed."""

    def coverage(index: FeatureIndex, labels: object) -> list[Gap]:
        sevens = index.store.clusters[index.rows] == 7
        return [Gap(index.ids[sevens], 0.9, index.ids[:1])]

    monkeypatch.setattr("pudm_gui.suggest.coverage.coverage", coverage)


@pytest.mark.usefixtures("missed_sevens")
def test_a_missed_kind_is_shown_by_a_click_on_its_strip(finder: Finder) -> None:
    section = finder.open_panel().missed
    strip = section.strips[0]
    assert 4 <= len(strip.shown) <= 6
    strip.clicked.emit()
    finder.listed("A kind you may have missed")
    assert finder.page.model.ids[: len(strip.shown)].tolist() == strip.shown
    assert set(finder.digits_listed()) == {7}


@pytest.mark.usefixtures("missed_sevens")
def test_strips_are_hidden_with_everything_else(finder: Finder) -> None:
    strip = finder.open_panel().missed.strips[0]
    assert all(preview.veiled and not preview.hidden for preview in strip.previews_shown())
    finder.page.settings.suspected = False
    assert not any(preview.veiled for preview in strip.previews_shown())
    finder.key(Qt.Key.Key_H)
    assert all(preview.hidden for preview in strip.previews_shown())


# --- the scorer of nudity


def test_images_are_listed_by_the_scorer_of_nudity(
    open_page: Callable[[Session], Driver], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pudm_gui.label.suggest.nudity.find_spec", lambda name: object())
    write_scores(session.project)
    driver = open_page(session)
    finder = Finder(driver.page, driver.qtbot)
    section = finder.open_panel().nudity
    finder.qtbot.waitUntil(section.show_button.isVisible, timeout=WAIT_MS)
    assert not section.look_button.isVisible()
    section.show_button.click()
    finder.listed("By the scorer of nudity")
    assert finder.digits_listed() == sorted(finder.digits_listed(), reverse=True)
    assert finder.page.model.suspected(0)


# --- another window has the project


def test_a_read_only_project_is_looked_at_but_not_labeled(
    open_page: Callable[[Session], Driver], make_session: Callable[..., Session], digits: Path
) -> None:
    project = make_session(digits, sensitive=3).project
    write_features(project, keep=lambda name: name[0] != "9")
    session = Session(Project.open(project.path, read_only=True))
    driver = open_page(session)
    finder = Finder(driver.page, driver.qtbot)
    finder.suggest()
    assert not finder.panel.card.look_button.isVisible()
    assert not finder.panel.duplicates.label_buttons[Label.SENSITIVE].isEnabled()
    finder.click(0)
    finder.key(Qt.Key.Key_A)
    finder.settle()
    assert finder.label_of(0) == Label.UNLABELED and finder.chosen() == [0]
    finder.page.close()
    session.close()


def test_closing_while_it_works_ends_cleanly(finder: Finder) -> None:
    finder.page.show_panel("find")
    finder.page.finding.source.begin()
    finder.page.close()


def test_nothing_is_loaded_before_a_panel_is_shown(finder: Finder) -> None:
    assert not finder.page.finding.source.ready and finder.page.finding.source.index is None


def test_a_new_ranking_leaves_other_questions_alone(finder: Finder) -> None:
    finder.open_panel()
    finding, answers, go_on = finder.page.finding, list[int](), threading.Event()
    finding.source.ask(lambda _: go_on.wait(30), lambda _: None)
    finding.source.ask(lambda index: len(index.ids), answers.append)
    finding.most_likely.rank()
    go_on.set()
    finder.qtbot.waitUntil(lambda: answers == [60], timeout=WAIT_MS)
    finder.ready()
