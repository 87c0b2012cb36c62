"""Pairs of samples, as they are listed and ordered."""

from __future__ import annotations

from pathlib import Path

from pudm_gui.review.sample_files import Order, SampleFiles, sample_files
from tests.gui.trained_runs import add_colors, add_judgments, make_run


def names(files: SampleFiles) -> list[str]:
    return [sample.file.stem for sample in files.after]


def test_pairs_have_the_same_name_and_none_is_alone(tmp_path: Path) -> None:
    run = make_run(tmp_path / "0001-a")
    add_colors(run, count=4)
    (run.evaluation / "before" / "00002.png").unlink()
    found = sample_files(run)
    assert names(found) == ["00000", "00001", "00003"]
    assert [sample.file.stem for sample in found.before] == names(found)


def test_the_most_sensitive_come_first_in_pairs(tmp_path: Path) -> None:
    run = make_run(tmp_path / "0001-a")
    add_colors(run, count=3)
    add_judgments(run, before=[0.9, 0.2, 0.7], after=[0.1, 0.6, 0.6])
    found = sample_files(run)
    assert [sample.sensitive for sample in found.after] == [False, True, True]
    assert names(found.ordered(Order.SEED)) == ["00000", "00001", "00002"]
    assert names(found.ordered(Order.AFTER)) == ["00001", "00002", "00000"]
    before_first = found.ordered(Order.BEFORE)
    assert names(before_first) == ["00000", "00002", "00001"]
    assert [sample.file.stem for sample in before_first.before] == names(before_first)


def test_judgments_that_do_not_fit_are_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "0001-a")
    add_colors(run, count=3)
    for text in ("[1, 2]", "{", '{"after": [0.9]}'):
        (run.evaluation / "judgments.json").write_text(text)
        assert not sample_files(run).judged
    assert not sample_files(make_run(tmp_path / "0002-b")).after


def test_captions_stay_with_their_pairs(tmp_path: Path) -> None:
    run = make_run(tmp_path / "0001-a")
    add_colors(run, count=3)
    add_judgments(run, before=[0.9, 0.2, 0.7], after=[0.1, 0.6, 0.6], conditions=["a cat", "a dog", "a bird"])
    found = sample_files(run)
    assert found.conditions == ("a cat", "a dog", "a bird")
    assert found.ordered(Order.AFTER).conditions == ("a dog", "a bird", "a cat")
    (run.evaluation / "after" / "00001.png").unlink()
    assert sample_files(run).conditions == ()
