"""Labels, tags, imports, undo, redo and reverts in any order, against a model that starts from nothing each time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pudm_gui.project.history import history, history_size, images_of
from pudm_gui.project.images import counts, image_rows, labels_for
from pudm_gui.project.labels import apply_labels, redo, set_label, undo
from pudm_gui.project.model import Change, HistoryEntry, Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.project.reverting import revert
from pudm_gui.project.tags import Retagged, tag_images
from tests.pudm_gui.project.conftest import can_redo, can_undo

S, N, U = Label.SENSITIVE, Label.NORMAL, Label.UNLABELED
IMAGES = 5

State = tuple[dict[int, tuple[Label, int]], set[tuple[int, str]]]
"""Label and the action that gave it, for each image of which anything was said; the tags."""


@dataclass
class Done:
    """An action of the model: what it says, or which action it takes back."""

    id: int
    annotator: str = ""
    labels: dict[int, Label] = field(default_factory=dict)
    tags: dict[tuple[int, str], bool] = field(default_factory=dict)
    target: int | None = None


class Model:
    """The undo stack, and what follows from it."""

    def __init__(self) -> None:
        self.stack: list[Done] = []
        self.ahead: list[Done] = []
        self.all: dict[int, Done] = {}
        self.next = 1

    def out_of_force(self, stack: list[Done]) -> set[int]:
        out = set(self.all) - {done.id for done in stack}
        for done in stack:
            if done.target is not None:
                origin = self.all[done.target].target
                if origin is None:
                    out.add(done.target)
                else:
                    out.add(done.target)
                    out.discard(origin)
        return out

    def state(self, stack: list[Done] | None = None) -> State:
        stack = self.stack if stack is None else stack
        out = self.out_of_force(stack)
        labels: dict[int, tuple[Label, int]] = {}
        tags: set[tuple[int, str]] = set()
        for done in stack:
            if done.id not in out and done.target is None:
                labels |= {image: (label, done.id) for image, label in done.labels.items()}
                for tag, added in done.tags.items():
                    (tags.add if added else tags.discard)(tag)
        return labels, tags

    def say(self, annotator: str, labels: dict[int, Label], tags: dict[tuple[int, str], bool]) -> bool:
        given, tagged = self.state()
        said = {}
        for image, label in labels.items():
            present, by = given.get(image, (U, 0))
            if label != present or (present != U and self.all[by].annotator != annotator):
                said[image] = label
        done = Done(self.next, annotator, said, {tag: on for tag, on in tags.items() if (tag in tagged) != on})
        return bool(done.labels or done.tags) and self._do(done)

    def revert(self, target: int) -> bool:
        done = Done(self.next, target=target)
        if target in self.out_of_force(self.stack):
            return False
        before = self.state()
        self.all[self.next] = done
        after = self.state([*self.stack, done])
        del self.all[self.next]
        return before != after and self._do(done)

    def undo(self) -> bool:
        if not self.stack:
            return False
        self.ahead.append(self.stack.pop())
        self.next += 1
        return True

    def redo(self) -> bool:
        if not self.ahead:
            return False
        self.stack.append(self.ahead.pop())
        self.next += 1
        return True

    def _do(self, done: Done) -> bool:
        self.all[done.id] = done
        self.stack.append(done)
        self.ahead.clear()
        self.next += 1
        return True


some = st.sets(st.integers(1, IMAGES), min_size=1)
label = st.sampled_from([S, N, U])
tag = st.sampled_from(["face", "hand"])
steps = st.one_of(
    st.tuples(st.just("label"), some, label),
    st.tuples(st.just("tag"), some, tag, st.booleans()),
    st.tuples(st.just("import"), st.dictionaries(st.integers(1, IMAGES), label, min_size=1), some, tag),
    st.tuples(st.just("annotator"), st.sampled_from(["ann", "bo"])),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("revert"), st.floats(0, 1)),
    st.tuples(st.just("revert"), st.floats(0, 1)),
    st.tuples(st.just("reopen")),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.pudm"
    with Project.create(path) as project, project.writing() as db:
        db.execute("INSERT INTO roots (path) VALUES ('/nowhere')")
        db.executemany(
            "INSERT INTO images (root_id, path, size, mtime_ns) VALUES (1, ?, 0, 0)",
            [(f"{number}.png",) for number in range(IMAGES)],
        )
    return path


@settings(max_examples=60, deadline=None)
@given(script=st.lists(steps, max_size=18))
def test_any_mix_of_actions_leaves_what_those_in_force_say(template: Path, script: list[tuple]) -> None:
    copies = template.parent / "copies"
    shutil.rmtree(copies, ignore_errors=True)
    shutil.copytree(template, copies / "copy.pudm")
    project, model = Project.open(copies / "copy.pudm", annotator="ann"), Model()
    try:
        for step in script:
            project = perform(project, model, step)
            check(project, model)
    finally:
        project.close()


def perform(project: Project, model: Model, step: tuple) -> Project:
    """Do the same to both."""
    kind, *rest = step
    changed: Change | None = None
    expected = False
    if kind == "reopen":
        project.close()
        return Project.open(project.path, annotator=project.annotator)
    if kind == "annotator":
        project.annotator = rest[0]
        return project
    if kind == "label":
        images, given = rest
        changed = set_label(project, ids_of(images), given)
        expected = model.say(project.annotator, dict.fromkeys(images, given), {})
    elif kind == "tag":
        images, word, on = rest
        changed = tag_images(project, ids_of(images), **{"added" if on else "removed": [word]})
        expected = model.say(project.annotator, {}, {(image, word): on for image in images})
    elif kind == "import":
        labels, images, word = rest
        wanted = {one: ids_of(i for i, label in labels.items() if label == one) for one in set(labels.values())}
        with project.writing() as db:
            changed = apply_labels(
                project, db, wanted, kind="import", source="import", annotator="cy",
                tags=Retagged(ids_of(images), added=[word]),
            )  # fmt: skip
        expected = model.say("cy", labels, {(image, word): True for image in images})
    elif kind == "undo":
        changed, expected = undo(project), model.undo()
    elif kind == "redo":
        changed, expected = redo(project), model.redo()
    elif model.all:
        changed, expected = take_back(project, model, rest[0])
    assert (changed is not None) == expected
    return project


def take_back(project: Project, model: Model, place: float) -> tuple[Change | None, bool]:
    target = sorted(model.all)[round(place * (len(model.all) - 1))]
    aimed = model.all[target].target
    if aimed is not None and model.all[aimed].target is not None:
        with pytest.raises(KeyError):
            revert(project, target)
        return None, False
    return revert(project, target), model.revert(target)


def ids_of(images: Iterator[int] | set[int]) -> Ids:
    return np.array(sorted(images), dtype=np.int64)


def check(project: Project, model: Model) -> None:
    labels, tags = model.state()
    ids = np.arange(1, IMAGES + 1)
    assert labels_for(project, ids).tolist() == [labels.get(image, (U, 0))[0] for image in ids.tolist()]
    given = dict(project.db.execute("SELECT image_id, action_id FROM labels").fetchall())
    assert given == {image: by for image, (label, by) in labels.items() if label != U}
    for row in image_rows(project, ids):
        assert set(row.tags) == {tag for image, tag in tags if image == row.id}
        assert row.annotator == (model.all[given[row.id]].annotator if row.id in given else "")
        assert row.source == (history_of(project, given[row.id]).source if row.id in given else "")
    values = [label for label, _ in labels.values()]
    totals = counts(project)
    assert (totals.sensitive, totals.normal) == (values.count(S), values.count(N))
    assert (can_undo(project), can_redo(project)) == (bool(model.stack), bool(model.ahead))
    entries = history(project, limit=1000)
    assert [entry.id for entry in entries] == list(range(history_size(project), 0, -1))
    out = model.out_of_force(model.stack)
    assert {entry.id for entry in entries if entry.undone} == out
    for entry, done in ((entry, model.all[entry.id]) for entry in entries if entry.id in model.all):
        if done.target is None:
            assert entry.count == len(done.labels.keys() | {image for image, _ in done.tags})
        assert (entry.reverted_by is not None) == (entry.id in out and entry.reverted_by in model.all)
        assert len(images_of(project, entry.id)) == entry.count


def history_of(project: Project, action: int) -> HistoryEntry:
    return history(project, limit=1, before=action + 1)[0]
