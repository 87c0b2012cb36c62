"""`spec.json`: what is accepted, what is refused, and in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.errors import UserError
from training.spec import RunSpec, with_settings


def test_round_trip(tmp_path: Path) -> None:
    spec = with_settings(RunSpec(), {"objective.beta": 0.17, "optim.steps": 7, "name": "étude"})
    spec.save(tmp_path / "spec.json")
    assert RunSpec.load(tmp_path / "spec.json") == spec


@pytest.mark.parametrize("beta", ["0", "1", "-0.1", "1.5", "NaN"])
def test_beta_outside_the_open_interval(beta: str) -> None:
    with pytest.raises(UserError, match="β must lie between 0 and 1, both excluded"):
        with_settings(RunSpec(), {"objective.beta": beta})


def test_unknown_setting_names_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no setting named optim\.stepz; the settings are .*optim\.steps"):
        with_settings(RunSpec(), {"optim.stepz": "3"})


def test_unknown_key_in_a_file_is_refused(tmp_path: Path) -> None:
    document = RunSpec().model_dump()
    document["optim"]["momentum"] = 0.9
    (tmp_path / "spec.json").write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"unknown setting optim\.momentum"):
        RunSpec.load(tmp_path / "spec.json")


def test_an_early_stop_without_previews_is_refused() -> None:
    with pytest.raises(UserError, match=r"stop_at judges previews, and preview\.every is 0"):
        with_settings(RunSpec(), {"preview.stop_at": "0.9", "preview.every": "0"})


def test_a_newer_version_says_update(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps({"version": 2, "hyperdrive": True}))
    with pytest.raises(UserError, match=r"newer version of PU-DM Studio.*update the program"):
        RunSpec.load(tmp_path / "spec.json")


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "is not a run folder"), ("{", "cannot be read"), ("[1]", "correct the value")]
)
def test_what_is_no_spec(tmp_path: Path, content: str | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "spec.json").write_text(content)
    with pytest.raises(UserError, match=sentence):
        RunSpec.load(tmp_path / "spec.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [("optim.steps", "0"), ("optim.batch_size", "1"), ("data.image_size", "9"), ("optim.learning_rate", "0")],
)
def test_values_out_of_range(key: str, value: str) -> None:
    with pytest.raises(UserError, match=f"{key} is {value}"):
        with_settings(RunSpec(), {key: value})


def test_a_name_may_be_a_number() -> None:
    assert with_settings(RunSpec(), {"name": "2024"}).name == "2024"


def test_a_relative_model_path_is_told_without_the_whole_document() -> None:
    with pytest.raises(UserError) as caught:
        with_settings(RunSpec(), {"model.source": "models/base"})
    assert str(caught.value) == 'the settings: model.source must be "scratch" or an absolute path; correct the value.'


@pytest.mark.parametrize(("batch", "fraction", "expected"), [(64, 0.25, 16), (2, 0.01, 1), (2, 0.99, 1), (8, 0.99, 7)])
def test_labeled_share_leaves_room_for_both(batch: int, fraction: float, expected: int) -> None:
    spec = with_settings(RunSpec(), {"optim.batch_size": batch, "optim.labeled_fraction": fraction})
    assert spec.labeled_batch_size == expected
