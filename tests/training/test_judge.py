"""Judges on real digits and on mixtures of known shares."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests import real_images
from tests.training.builders import write_images
from training import judge as judge_module
from training.errors import UserError
from training.judge import TruthJudge
from training.label_judge import LabelJudge
from training.manifest import ManifestEntry
from training.metrics import wilson_interval
from training.spec import DataSpec
from training.truth import read_truth


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """All 1,797 digits of 8 × 8 pixels as uint8, and whether each is odd; shuffled."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.images))
    images = np.rint(data.images[order] * (255 / 16)).astype(np.uint8)[:, None]
    return images, data.target[order] % 2 == 1


@pytest.fixture(scope="module")
def mnist(test_data: Path) -> tuple[np.ndarray, np.ndarray]:
    """4,000 MNIST digits averaged to 14 × 14 and flattened, and whether each is odd."""
    images, digits = real_images.mnist(test_data, 4000)
    return images.reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(4000, -1), digits % 2 == 1


def test_truth_judge_is_right_on_digits_it_never_saw(digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, odd = digits
    judge = TruthJudge(images[:500], odd[:500], seed=0)
    flagged = judge.probability(images[500:]) > 0.5
    balanced = (flagged[odd[500:]].mean() + (~flagged[~odd[500:]]).mean()) / 2
    assert balanced >= 0.97


def test_truth_judge_is_reproducible(digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, odd = digits
    one, two = (TruthJudge(images[:64], odd[:64], seed=3).probability(images[64:96]) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("rate", [0.5, 0.9, 0.98])
def test_label_judge_recovers_the_share_of_a_mixture(mnist: tuple[np.ndarray, np.ndarray], rate: float) -> None:
    """Real digits stand in for a generator: the interval holds the true rate, and is not so wide as to say nothing."""
    features, odd = mnist
    normal, sensitive = features[~odd], features[odd]
    unlabeled = np.concatenate([normal[:900], sensitive[:100]])
    judge = LabelJudge(sensitive[100:400], unlabeled, seed=0)
    count = round(500 * rate)
    generated = np.concatenate([normal[900 : 900 + count], sensitive[400 : 900 - count]])
    share = judge.share(generated)
    assert share.interval[0] <= 1 - rate <= share.interval[1]
    assert share.interval[1] - share.interval[0] < 0.2


def test_label_judge_is_not_certain_of_a_few_images() -> None:
    """Kinds that are told apart without a mistake: 16 images without a sensitive one still leave room for some."""
    rng = np.random.default_rng(0)
    unlabeled = np.concatenate([rng.normal(0, 1, (450, 5)), rng.normal(8, 1, (50, 5))])
    judge = LabelJudge(rng.normal(8, 1, (100, 5)), unlabeled, seed=0)
    none, all_of_them = (judge.share(rng.normal(level, 1, (16, 5))) for level in (0, 8))
    assert none.estimate == pytest.approx(0) and none.interval == pytest.approx(wilson_interval(0, 16), abs=0.03)
    assert all_of_them.estimate == 1 and all_of_them.interval[0] == pytest.approx(wilson_interval(16, 16)[0], abs=0.03)
    many = judge.share(rng.normal(0, 1, (500, 5)))
    assert 0.005 < many.interval[1] < 0.02


def test_label_judge_knows_when_it_cannot_tell() -> None:
    rng = np.random.default_rng(0)
    judge = LabelJudge(rng.normal(size=(60, 5)), rng.normal(size=(400, 5)), seed=0)
    assert judge.informedness < 0.2
    low, high = judge.share(rng.normal(size=(300, 5))).interval
    assert high - low > 0.5


class TestTruthFile:
    def write(self, folder: Path, rows: list[tuple[str, str]], header: str = "path,label") -> Path:
        file = folder / "truth.csv"
        with file.open("w", newline="") as lines:
            lines.write(header + "\n")
            csv.writer(lines).writerows(rows)
        return file

    def corpus(self, folder: Path) -> list[tuple[str, str]]:
        entries = write_images(folder, {"sensitive": 40, "normal": 45})
        return [(entry.path, entry.label) for entry in entries]

    def test_two_disjoint_stratified_parts(self, tmp_path: Path) -> None:
        file = self.write(tmp_path, self.corpus(tmp_path))
        truth = read_truth(file, DataSpec(image_size=8, channels=1), [], seed=0)
        assert truth.train_sensitive.sum() == 24 and truth.test_sensitive.sum() == 16
        parts = [{image.tobytes() for image in part} for part in (truth.train, truth.test)]
        assert not parts[0] & parts[1]
        assert len(truth.normals) == 45 and truth.note == ""

    def test_what_the_run_was_trained_on_is_left_out_also_under_another_name(self, tmp_path: Path) -> None:
        rows = self.corpus(tmp_path)
        trained = [
            ManifestEntry("1", "elsewhere.png", "unlabeled", hashlib.sha256((tmp_path / p).read_bytes()).hexdigest())
            for p, _ in rows[:5]
        ]
        spec = DataSpec(image_size=8, channels=1, roots={"1": str(tmp_path)})
        truth = read_truth(self.write(tmp_path, rows), spec, trained, seed=0)
        assert len(truth.train) + len(truth.test) == 80
        assert truth.note.startswith("5 of its images were left out")

    @pytest.mark.parametrize(
        ("header", "extra", "sentence"),
        [
            ("file,label", [], "has no column path"),
            ("path,label", [("sensitive-000.png", "bad")], r"line 87: the label is 'bad'; use normal or sensitive"),
            ("path,label", [("gone.png", "normal")], r"line 87: there is no image gone\.png"),
        ],
    )
    def test_bad_files(self, tmp_path: Path, header: str, extra: list[tuple[str, str]], sentence: str) -> None:
        file = self.write(tmp_path, self.corpus(tmp_path) + extra, header)
        with pytest.raises(UserError, match=sentence):
            read_truth(file, DataSpec(image_size=8, channels=1), [], seed=0)

    def test_too_few_of_a_kind(self, tmp_path: Path) -> None:
        rows = self.corpus(tmp_path)[20:]
        with pytest.raises(UserError, match="20 sensitive images that the run was not trained on"):
            read_truth(self.write(tmp_path, rows), DataSpec(image_size=8, channels=1), [], seed=0)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="cannot be read"):
            read_truth(tmp_path / "none.csv", DataSpec(), [], seed=0)


def test_colour_images_of_another_size_can_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_module, "STEPS", (3, 3))
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 3, 96, 96), dtype=np.uint8)
    judge = TruthJudge(images, np.arange(40) % 2 == 0, seed=0)
    assert judge.size == 32
    assert judge.probability(images[:5]).shape == (5,)
