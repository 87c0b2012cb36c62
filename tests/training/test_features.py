"""What images are described by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from cleanfid.inception_torchscript import InceptionV3W
from cleanfid.resize import build_resizer

from tests.training.builders import tiny_model
from training.errors import UserError
from training.families import load_model
from training.features import INCEPTION_VARIABLE, best_features, inception_features, network_features, pixel_features
from training.spec import RunSpec, with_settings

CPU = torch.device("cpu")


def images(count: int, size: int = 8, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, channels, size, size), dtype=np.uint8)


def test_pixels_are_scaled_and_shrunk() -> None:
    assert pixel_features(8, 1)(np.full((2, 1, 8, 8), 255, np.uint8)).tolist() == [[1.0] * 64] * 2
    large = pixel_features(96, 3)
    assert large.dimension == 3072 and large(images(3, 96, 3)).shape == (3, 3072)


def test_network_features_do_not_depend_on_the_company(tmp_path: Path) -> None:
    torch.manual_seed(0)
    extract = network_features(load_model(tiny_model(tmp_path / "m")), CPU, batch_size=4)
    several = images(6)
    found = extract(several)
    assert found.shape == (6, extract.dimension) == (6, 48)
    np.testing.assert_allclose(extract(several[4:5]), found[4:5], atol=1e-5)
    assert np.ptp(found, axis=0).max() > 0
    assert extract(several[:0]).shape == (0, 48)


def test_a_run_is_described_by_the_network_it_starts_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(INCEPTION_VARIABLE, raising=False)
    scratch = with_settings(RunSpec(), {"data.image_size": 8, "data.channels": 1, "device": "cpu"})
    assert best_features(scratch).name == "pixels (8 × 8)"
    tuned = with_settings(scratch, {"model.source": str(tiny_model(tmp_path / "m"))})
    assert "diffusion network" in best_features(tuned).name


def test_a_wrong_inception_file_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INCEPTION_VARIABLE, str(tmp_path / "none.pt"))
    with pytest.raises(UserError, match=f"{INCEPTION_VARIABLE} names .*none.pt, which is not there"):
        best_features(RunSpec())
    other = tmp_path / "other.pt"
    other.write_bytes(b"no network")
    with pytest.raises(UserError, match="is not the Inception network"):
        inception_features(other, CPU)

    def refused(self: Path, target: Path) -> None:
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refused)  # as on Windows
    with pytest.raises(UserError, match="is not the Inception network"):
        inception_features(other, CPU)


def test_inception_is_clean_fids_own(test_data: Path) -> None:
    file = test_data / "weights" / "inception-2015-12-05.pt"
    extract = inception_features(file, CPU)
    assert "fc8f39fa35983fb60497c28903838ea7e6efcc93e69ab99e24a62e1e1c138ba6" in extract.name
    colour = images(2, 32, 3)
    network, resize = InceptionV3W(str(file.parent), download=False).eval(), build_resizer("clean")
    batch = torch.from_numpy(np.stack([resize(image.transpose(1, 2, 0)).transpose(2, 0, 1) for image in colour]))
    with torch.inference_mode():
        theirs = network(batch).numpy()
    np.testing.assert_allclose(extract(colour), theirs, atol=1e-4)
    assert extract(images(1, 16, 1)).shape == (1, 2048)
