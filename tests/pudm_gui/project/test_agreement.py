from __future__ import annotations

import numpy as np
import pytest

from pudm_gui.project.agreement import cohens_kappa, people
from pudm_gui.project.labels import apply_labels, redo, set_label, undo
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.project import Project
from pudm_gui.project.reverting import revert

S, N, U = Label.SENSITIVE, Label.NORMAL, Label.UNLABELED


def says(project: Project, name: str, labels: dict[Label, Ids], source: str = "import") -> int:
    """The labels of a colleague come in; number of the action."""
    with project.writing() as db:
        assert apply_labels(project, db, labels, kind="import", source=source, annotator=name) is not None
        return db.execute("SELECT max(id) FROM actions").fetchone()[0]


def test_kappa_in_closed_form() -> None:
    # Both say yes to 20 and no to 15 of 50; 5 and 10 are split: p_o = 0.7, p_e = 0.5.
    assert cohens_kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)
    assert cohens_kappa(np.array([[30, 0], [0, 70]])) == 1
    assert cohens_kappa(np.array([[0, 5], [5, 0]])) == -1
    assert cohens_kappa(np.array([[25, 25], [25, 25]])) == pytest.approx(0)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[9, 0], [0, 0]], [[0, 0], [0, 9]]])
def test_kappa_is_undefined_where_chance_explains_everything(table: list[list[int]]) -> None:
    assert cohens_kappa(np.array(table)) is None


def test_kappa_where_each_gave_one_label_but_not_the_same(project: Project) -> None:
    assert cohens_kappa(np.array([[0, 9], [0, 0]])) == 0


def test_two_annotators_are_compared_on_what_both_labeled(project: Project, ids: Ids) -> None:
    set_label(project, ids[:5], S)
    set_label(project, ids[5:8], N)
    says(project, "bo", {S: ids[2:4], N: np.r_[ids[4:7], ids[9]]})
    found = people(project)
    assert [(one.name, one.sensitive, one.normal) for one in found.annotators] == [("ann", 5, 3), ("bo", 2, 4)]
    [pair] = found.agreements
    assert (pair.first, pair.second, pair.shared, pair.agreed) == ("ann", "bo", 5, 4)
    assert pair.table.tolist() == [[0, 0, 1], [2, 2, 1], [1, 0, 2]]
    assert pair.kappa == pytest.approx((0.8 - 0.48) / 0.52)
    assert pair.disputed.tolist() == found.disputed.tolist() == [ids[4]]


def test_only_the_last_word_in_force_counts(project: Project, ids: Ids) -> None:
    set_label(project, ids[:3], S)
    first = says(project, "bo", {N: ids[:3]})
    assert people(project).disputed.tolist() == ids[:3].tolist()
    undo(project)
    assert people(project).disputed.tolist() == []
    redo(project)
    set_label(project, ids[:1], N)  # ann comes round
    assert people(project).disputed.tolist() == ids[1:3].tolist()
    revert(project, first)
    [ann] = people(project).annotators
    assert (ann.name, ann.sensitive, ann.normal) == ("ann", 2, 1)


def test_clearing_takes_back_what_one_said(project: Project, ids: Ids) -> None:
    says(project, "bo", {N: ids[:2]})
    set_label(project, ids[:2], S)
    set_label(project, ids[:1], U)
    assert people(project).disputed.tolist() == [ids[1]]


def test_a_settled_image_leaves_the_list_until_it_is_labeled_anew(project: Project, ids: Ids) -> None:
    says(project, "bo", {N: ids[:4]})
    set_label(project, ids[:4], S)
    set_label(project, ids[:1], N, source="settled")
    set_label(project, ids[1:2], S, source="settled")  # the label stays, and is settled all the same
    [pair] = people(project).agreements
    assert pair.disputed.tolist() == ids[2:4].tolist()
    assert (pair.settled, pair.kappa, pair.shared) == (2, 0, 4)  # what each said before is not forgotten
    undo(project)
    assert people(project).disputed.tolist() == ids[1:4].tolist()
    redo(project)
    says(project, "bo", {S: ids[:1], N: ids[1:2]})
    assert people(project).disputed.tolist() == ids[1:4].tolist()


def test_nobody_and_somebody_alone(project: Project, ids: Ids) -> None:
    assert people(project).annotators == ()
    set_label(project, ids[:2], S)
    found = people(project)
    assert [one.labeled for one in found.annotators] == [2]
    assert found.agreements == () and len(found.disputed) == 0


def test_three_annotators_are_compared_two_by_two(project: Project, ids: Ids) -> None:
    set_label(project, ids[:6], S)
    says(project, "bo", {S: ids[:2], N: ids[2:4]})
    says(project, "c\udce9", {N: ids[3:5]})
    found = people(project)
    assert [(pair.first, pair.second, pair.shared) for pair in found.agreements] == [
        ("ann", "bo", 4),
        ("ann", "c\udce9", 2),
        ("bo", "c\udce9", 1),
    ]
    assert found.disputed.tolist() == ids[2:5].tolist()
