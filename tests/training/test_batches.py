"""Stratified batches, and the noise that they are seen at."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.training.stand_ins import PixelsOnly
from training.batches import Batch, Batches, stratified_positions
from training.errors import UserError
from training.examples import Examples
from training.ranks import Ranks
from training.rows import Rows
from training.spec import RunSpec, with_settings

CPU = torch.device("cpu")


def spec_for(**settings: object) -> RunSpec:
    return with_settings(RunSpec(), {name.replace("__", "."): value for name, value in settings.items()})


def batches_of(spec: RunSpec, unlabeled: int, sensitive: int, normal: int = 0) -> Batches:
    """Batches of images whose grey is their number."""
    labels = np.array([0] * unlabeled + [1] * sensitive + [2] * normal, np.uint8)
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 8, 8), np.uint8)
    model = PixelsOnly()
    model.latent_shape, model.process = (1, 8, 8), SimpleNamespace(length=100)
    return Batches(Examples(Rows(images, 0.2), labels, np.arange(len(labels)), spec.data), model, spec)


class TestBatches:
    @pytest.mark.parametrize("kind", ["pu", "supervised"])
    def test_every_batch_has_its_share_of_sensitive_images(self, kind: str) -> None:
        spec = spec_for(objective__kind=kind, optim__batch_size=16)
        batches = batches_of(spec, 90, 3)
        assert batches.sizes == [12, 4]
        for step in range(10):
            values = self.values(batches, step)
            assert all(v < 90 for v in values[:12]) and all(v >= 90 for v in values[12:])

    def test_unsupervised_never_sees_a_sensitive_one(self) -> None:
        batches = batches_of(spec_for(objective__kind="unsupervised"), 30, 5)
        seen = Counter(v for step in range(5) for v in self.values(batches, step))
        assert set(seen) == set(range(30))

    def test_labeled_normals_stay_in_the_unlabeled_pool(self) -> None:
        """Taking them out would change the share of sensitive images among the rest."""
        batches = batches_of(spec_for(), 30, 5, 5)
        seen = {v for step in range(10) for v in self.values(batches, step)}
        assert seen == set(range(40))

    def test_pnu_draws_three_kinds(self) -> None:
        spec = spec_for(objective__kind="pnu", optim__batch_size=16)
        batches = batches_of(spec, 30, 5, 5)
        assert batches.sizes == [12, 2, 2]
        assert all(v >= 35 for v in self.values(batches, 0)[14:])

    @pytest.mark.parametrize(
        ("kind", "counts", "sentence"),
        [
            ("pu", (10, 0, 0), "No image is labeled sensitive"),
            ("supervised", (10, 0, 5), "No image is labeled sensitive"),
            ("pnu", (10, 5, 0), "needs images labeled normal"),
            ("pu", (0, 5, 0), "no unlabeled image"),
        ],
    )
    def test_missing_labels(self, kind: str, counts: tuple[int, int, int], sentence: str) -> None:
        with pytest.raises(UserError, match=sentence):
            batches_of(spec_for(objective__kind=kind), *counts)

    @staticmethod
    def values(batches: Batches, step: int) -> list[int]:
        x0 = batches(step, CPU, Ranks()).x0
        assert x0.dtype == torch.float32
        return x0.add(1).mul(127.5).round()[:, 0, 0, 0].int().tolist()


@pytest.mark.parametrize("size", [2, 3])
def test_ranks_share_the_batch_of_one_process(size: int) -> None:
    batches = batches_of(spec_for(optim__batch_size=14, data__horizontal_flip=True), 40, 5)
    whole = batches(3, CPU, Ranks())
    parts = [batches(3, CPU, Ranks(rank, size)) for rank in range(size)]
    for name in ("x0", "noise", "positions"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(whole, name))
    assert parts[0].seed == whole.seed and len({part.seed for part in parts}) == size  # dropout differs


def test_a_batch_in_parts_has_none_that_is_empty() -> None:
    batch = Batch(torch.arange(3.0)[:, None], torch.zeros(3, 1), torch.arange(3), {"c": torch.arange(3)}, seed=5)
    parts = batch.split(5)
    assert [part.x0.item() for part in parts] == [0, 1, 2, 2, 2]
    assert [part.conditions["c"].item() for part in parts] == [part.positions.item() for part in parts]
    assert [part.seed for part in parts] == [5, 6, 7, 8, 9]
    assert [len(part.x0) for part in batch.split(2)] == [2, 1]


class TestStratifiedPositions:
    def test_each_sub_batch_covers_the_schedule_evenly(self) -> None:
        torch.manual_seed(0)
        drawn = stratified_positions([48, 16], 1000, CPU)
        for part, size in ((drawn[:48], 48), (drawn[48:], 16)):
            bins = (part * size // 1000).tolist()
            assert max(Counter(bins).values()) <= 2 and len(set(bins)) >= size - 2

    def test_every_position_is_as_likely(self) -> None:
        """Marginally uniform, by a chi-squared test at p = 1e-4 on 20 bins."""
        torch.manual_seed(0)
        drawn = torch.cat([stratified_positions([5, 2], 100, CPU)[:1] for _ in range(4000)])
        assert drawn.min() >= 0 and drawn.max() <= 99
        counts = np.bincount(drawn.numpy() // 5, minlength=20)
        assert ((counts - 200) ** 2 / 200).sum() < 52.4
