"""What the loop gets of a run's images: pixels, latents and conditions, cached or streamed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.training.builders import write_images
from tests.training.stand_ins import Captioned, CaptionedPixels, Classified, PixelsOnly
from training.data import ReadingStoppedError, build_cache
from training.errors import UserError
from training.events import EventLog
from training.examples import Examples, prepare_examples
from training.families import DiffusionModel, autoencoder
from training.manifest import Label, ManifestEntry
from training.sampling import to_network
from training.spec import RunSpec, with_settings

CPU = torch.device("cpu")
STILL = 0.75
"""A draw that does not mirror; as a shift's it would be one."""


def spec_for(folder: Path, **settings: object) -> RunSpec:
    fixed = {"data.roots": {"1": str(folder / "images")}, "data.image_size": 8, "data.channels": 1}
    return with_settings(RunSpec(), fixed | {name.replace("__", "."): value for name, value in settings.items()})


def prepare(
    folder: Path, entries: list[ManifestEntry], model: DiffusionModel | None = None, **settings: Any
) -> Examples:
    spec = spec_for(folder, **settings)
    log = EventLog(folder / "events.jsonl")
    return prepare_examples(folder / "cache", spec, entries, model or PixelsOnly(), CPU, log)


def draws(count: int, value: float = STILL) -> Tensor:
    return torch.full((count, 4), value)


@pytest.fixture
def entries(tmp_path: Path) -> list[ManifestEntry]:
    return write_images(tmp_path / "images", {"unlabeled": 10, "sensitive": 4, "normal": 2})


CACHES = pytest.mark.parametrize("cache", ["disk", "none"])


@CACHES
class TestPixels:
    def test_are_those_of_the_cache_that_evaluation_reads(
        self, tmp_path: Path, entries: list[ManifestEntry], cache: str
    ) -> None:
        examples = prepare(tmp_path, entries, data__cache=cache)
        stored = build_cache(tmp_path / "cache", spec_for(tmp_path), entries, EventLog(tmp_path / "e"))
        chosen = np.array([3, 15, 3, 0])
        encoded, conditions = examples.fetch(chosen, draws(4), CPU)
        assert torch.equal(encoded, to_network(torch.from_numpy(stored.images[chosen]))) and conditions == {}
        assert examples.condition_values is None
        assert examples.indices("sensitive").tolist() == [10, 11, 12, 13]
        assert examples.indices("unlabeled", "normal").tolist() == [*range(10), 14, 15]
        assert Counter(examples.label_names) == Counter(entry.label for entry in entries)

    def test_mirrored_by_their_own_draw(self, tmp_path: Path, entries: list[ManifestEntry], cache: str) -> None:
        examples = prepare(tmp_path, entries, data__cache=cache, data__horizontal_flip=True)
        chosen, drawn = np.arange(4), draws(4)
        plain, _ = examples.fetch(chosen, drawn, CPU)
        drawn[1:3, 0] = 0.25
        mixed, _ = examples.fetch(chosen, drawn, CPU)
        assert torch.equal(mixed[[0, 3]], plain[[0, 3]])
        assert torch.equal(mixed[1:3], plain[1:3].flip(-1)) and not torch.equal(mixed[1:3], plain[1:3])

    def test_only_sensitive_ones_are_moved(self, tmp_path: Path, entries: list[ManifestEntry], cache: str) -> None:
        plain, _ = prepare(tmp_path, entries, data__cache=cache).fetch(np.arange(16), draws(16), CPU)
        examples = prepare(tmp_path, entries, data__cache=cache, data__augment_sensitive=True)
        drawn = torch.rand(16, 4, generator=torch.Generator().manual_seed(0))
        moved, _ = examples.fetch(np.arange(16), drawn, CPU)
        changed = (moved != plain).flatten(1).any(1)
        assert changed.nonzero().flatten().tolist() == [10, 11, 12, 13]
        assert moved.min() >= -1 and moved.max() <= 1

    @pytest.mark.parametrize("parts", [2, 3])
    def test_batch_does_not_depend_on_how_it_is_split(
        self, tmp_path: Path, entries: list[ManifestEntry], cache: str, parts: int
    ) -> None:
        examples = prepare(
            tmp_path, entries, data__cache=cache, data__augment_sensitive=True, data__horizontal_flip=True
        )
        chosen, drawn = np.array([3, 10, 11, 10, 0, 12, 15]), torch.rand(7, 4)
        whole, _ = examples.fetch(chosen, drawn, CPU)
        examples.prefetch(chosen, drawn, CPU)
        split = [
            examples.fetch(index, draw, CPU)[0]
            for index, draw in zip(np.array_split(chosen, parts), drawn.tensor_split(parts), strict=True)
        ]
        torch.testing.assert_close(torch.cat(split), whole, rtol=0, atol=1e-6)

    def test_what_was_prepared_needs_no_second_time(
        self, tmp_path: Path, entries: list[ManifestEntry], cache: str
    ) -> None:
        examples = prepare(tmp_path, entries, data__cache=cache)
        examples.fetch(np.arange(4), draws(4), CPU)[0].zero_()  # a batch is the caller's own
        before, _ = examples.fetch(np.arange(4), draws(4), CPU)
        after, _ = prepare(tmp_path, entries, data__cache=cache).fetch(np.arange(4), draws(4), CPU)
        assert torch.equal(before, after) and before.abs().sum() > 0


class TestStreaming:
    def test_unreadable_images_are_replaced_by_their_like(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        plain, _ = prepare(tmp_path, entries).fetch(np.arange(16), draws(16), CPU)
        for damaged in (12, 13, 4):
            (tmp_path / "images" / entries[damaged].path).write_bytes(b"damaged")
        examples = prepare(tmp_path, entries, data__cache="none")
        for _ in range(2):
            got, _ = examples.fetch(np.array([13, 12, 4, 11, 13]), draws(5), CPU)
            assert torch.equal(got, plain[[10, 10, 5, 11, 10]])
        told = (tmp_path / "events.jsonl").read_text()
        assert told.count("warning") == 1 and "An image cannot be read, and another will be used instead" in told

    def test_conditions_are_those_of_the_replacement(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        tagged = [ManifestEntry("1", e.path, e.label, "", (str(n),)) for n, e in enumerate(entries)]
        (tmp_path / "images" / entries[4].path).write_bytes(b"damaged")
        examples = prepare(tmp_path, tagged, Classified(), data__cache="none", conditioning__source="tag")
        _, conditions = examples.fetch(np.array([3, 4]), draws(2), CPU)
        assert conditions["class_labels"].tolist() == [3, 5]

    def test_a_lost_disk_is_told(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        examples = prepare(tmp_path, entries, data__cache="none")
        (tmp_path / "images").rename(tmp_path / "away")
        with pytest.raises(UserError, match=r"Too many images cannot be read, .*; reconnect the disk"):
            examples.fetch(np.array([13]), draws(1), CPU)

    def test_nothing_is_written(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        prepare(tmp_path, entries, data__cache="none").fetch(np.arange(3), draws(3), CPU)
        assert not any(path.is_file() for path in (tmp_path / "cache").rglob("*"))

    def test_gone_and_small_images_are_told(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        (tmp_path / "images" / entries[2].path).unlink()
        examples = prepare(tmp_path, entries, data__cache="none", data__image_size=16)
        assert examples.kept.tolist() == [0, 1, *range(3, 16)]
        told = (tmp_path / "events.jsonl").read_text()
        assert "1 of 16 images are no longer there and are left out, the first of them unlabeled-002.png" in told
        assert "15 of 15 images that were looked at are smaller than the training size" in told


class TestLatents:
    settings: ClassVar[dict[str, Any]] = {
        "data__image_size": 16,
        "data__channels": 3,
        "conditioning__source": "tag",
    }

    @pytest.fixture
    def entries(self, tmp_path: Path) -> list[ManifestEntry]:
        rng, found = np.random.default_rng(0), []
        (tmp_path / "images").mkdir()
        for number in range(14):
            Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(tmp_path / f"images/{number}.png")
            label: Label = "sensitive" if number >= 10 else "unlabeled"
            tag = "a man" if number >= 10 else "x" * (number % 3 + 1)
            found.append(ManifestEntry("1", f"{number}.png", label, "", (tag,)))
        return found

    def pixels(self, folder: Path, number: int) -> Tensor:
        with Image.open(folder / f"images/{number}.png") as image:
            return to_network(torch.from_numpy(np.array(image)).permute(2, 0, 1)[None])

    @CACHES
    def test_are_those_of_the_autoencoder(self, tmp_path: Path, entries: list[ManifestEntry], cache: str) -> None:
        model = Captioned()
        examples = prepare(tmp_path, entries, model, data__cache=cache, **self.settings)
        encoded, conditions = examples.fetch(np.array([5, 12]), draws(2), CPU)
        expected = autoencoder.encode(model.vae, torch.cat([self.pixels(tmp_path, 5), self.pixels(tmp_path, 12)]))
        torch.testing.assert_close(encoded, expected, rtol=1e-5, atol=1e-5)
        assert not encoded.requires_grad
        assert conditions["tokens"][:, 0, 0].tolist() == [3, 5] and conditions["pooled"].shape == (2, 1)
        assert examples.condition_values == [entry.tags[0] for entry in entries]
        assert model.released

    def test_images_and_captions_go_through_the_model_once(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        model, again = Captioned(), Captioned()
        first = prepare(tmp_path, entries, model, **self.settings)
        assert model.encoded == 15  # one of zeros asks for their shape
        assert sorted(model.embedded) == sorted({entry.tags[0] for entry in entries} | {""})
        for path in (tmp_path / "images").iterdir():
            path.unlink()
        second = prepare(tmp_path, entries, again, **self.settings)
        assert (again.encoded, again.embedded) == (0, [])
        for examples in (first, second):
            encoded, conditions = examples.fetch(np.arange(14), draws(14), CPU)
            assert len(encoded) == 14 and conditions["pooled"][-1] == 5

    def test_variants_keep_some_of_the_augmentation(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        model = Captioned()
        examples = prepare(
            tmp_path, entries, model, data__horizontal_flip=True, data__augment_sensitive=True, **self.settings
        )
        assert examples.variants.tolist() == [2] * 10 + [8] * 4
        for draw, pixels in ((0.1, self.pixels(tmp_path, 7)), (0.9, self.pixels(tmp_path, 7).flip(-1))):
            encoded, _ = examples.fetch(np.array([7]), draws(1, draw), CPU)
            torch.testing.assert_close(encoded, autoencoder.encode(model.vae, pixels), rtol=1e-5, atol=1e-5)
        drawn = torch.linspace(0, 0.999, 80)[:, None].expand(-1, 4)
        encoded, _ = examples.fetch(np.full(80, 12), drawn, CPU)
        assert Counter(Counter(tuple(row.flatten().tolist()) for row in encoded).values()) == {10: 8}

    def test_another_autoencoder_makes_other_latents(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        model, weights = Captioned(), tmp_path / "checkpoint" / "vae" / "weights.safetensors"
        for part in ("vae", "unet"):
            (tmp_path / "checkpoint" / part).mkdir(parents=True)
            (tmp_path / "checkpoint" / part / "weights.safetensors").write_bytes(b"1")
        settings = self.settings | {"model__source": str(tmp_path / "checkpoint")}
        prepare(tmp_path, entries, model, **settings)
        (tmp_path / "checkpoint/unet/weights.safetensors").write_bytes(b"12")
        prepare(tmp_path, entries, model, **settings)
        assert model.encoded == 15
        weights.write_bytes(b"12")
        prepare(tmp_path, entries, model, **settings)
        assert model.encoded == 30

    def test_unreadable_images_are_left_out(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        (tmp_path / "images/3.png").write_bytes(b"damaged")
        model = Captioned()
        examples = prepare(tmp_path, entries, model, data__horizontal_flip=True, **self.settings)
        assert examples.kept.tolist() == [0, 1, 2, *range(4, 14)]
        encoded, conditions = examples.fetch(np.array([3]), draws(1, 0.1), CPU)
        torch.testing.assert_close(
            encoded, autoencoder.encode(model.vae, self.pixels(tmp_path, 4)), rtol=1e-5, atol=1e-5
        )
        assert conditions["pooled"].tolist() == [[2]]

    def test_too_little_memory_for_all_at_once(
        self, tmp_path: Path, entries: list[ManifestEntry], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def narrow(vae: Any, images: Tensor) -> Tensor:
            if len(images) > 3:
                raise torch.OutOfMemoryError
            return encode(vae, images)

        encode = autoencoder.encode
        monkeypatch.setattr(autoencoder, "encode", narrow)
        examples = prepare(tmp_path, entries, Captioned(), **self.settings)
        assert examples.fetch(np.arange(14), draws(14), CPU)[0].shape == (14, 8, 8, 8)

    @pytest.mark.parametrize("after", [0, 1, 2])
    def test_stopping_leaves_nothing_half_done(self, tmp_path: Path, entries: list[ManifestEntry], after: int) -> None:
        asked: list[int] = []

        def stopped() -> bool:
            asked.append(1)
            return len(asked) > after

        spec = spec_for(tmp_path, data__horizontal_flip=True, **self.settings)
        log = EventLog(tmp_path / "events.jsonl")
        with pytest.raises(ReadingStoppedError):
            prepare_examples(tmp_path / "cache", spec, entries, Captioned(), CPU, log, stopped)
        assert not any(path.name.startswith("text-") or "tmp" in path.name for path in (tmp_path / "cache").iterdir())
        assert len(prepare_examples(tmp_path / "cache", spec, entries, Captioned(), CPU, log).kept) == 14


class TestConditions:
    def test_dropped_ones_are_null(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        by_label = {"unlabeled": "a", "sensitive": "abc", "normal": "ab"}
        settings = {"conditioning__source": "label", "conditioning__by_label": by_label, "conditioning__dropout": 0.5}
        examples = prepare(tmp_path, entries, CaptionedPixels(), data__cache="none", **settings)
        drawn = draws(4)
        drawn[1:3, 3] = 0.4
        _, conditions = examples.fetch(np.array([0, 1, 10, 10]), drawn, CPU)
        assert conditions["pooled"].tolist() == [[1], [0], [0], [3]]

    def test_dropping_where_the_model_knows_no_null(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        with pytest.raises(UserError, match=r"knows no image without a class; set conditioning\.dropout to 0"):
            prepare(tmp_path, entries, Classified(), conditioning__source="folder", conditioning__dropout=0.1)

    def test_what_the_model_cannot_take_is_refused_before_images_are_read(
        self, tmp_path: Path, entries: list[ManifestEntry]
    ) -> None:
        settings = {"conditioning__source": "label", "conditioning__by_label": {"unlabeled": "x" * 21}}
        with pytest.raises(UserError, match="too long"):
            prepare(tmp_path, entries[:10], CaptionedPixels(), **settings)
        with pytest.raises(UserError, match=r"takes no class and no caption; set conditioning\.source to none"):
            prepare(tmp_path, entries, conditioning__source="folder")
        with pytest.raises(UserError, match=r"set conditioning\.source to where that comes from"):
            prepare(tmp_path, entries, CaptionedPixels())
        assert list((tmp_path / "cache").iterdir()) == [] if (tmp_path / "cache").exists() else True

    def test_a_run_keeps_the_captions_that_it_began_with(self, tmp_path: Path, entries: list[ManifestEntry]) -> None:
        for entry in entries:
            (tmp_path / "images" / entry.path).with_suffix(".txt").write_text("before")
        prepare(tmp_path, entries, CaptionedPixels(), data__cache="none", conditioning__source="sidecar")
        for entry in entries:
            (tmp_path / "images" / entry.path).with_suffix(".txt").write_text("after")
        examples = prepare(tmp_path, entries, CaptionedPixels(), data__cache="none", conditioning__source="sidecar")
        assert set(examples.condition_values or ()) == {"before"}

    def test_very_many_captions_are_embedded_as_they_are_needed(
        self, tmp_path: Path, entries: list[ManifestEntry], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("training.embeddings.LARGEST_STREAMED_TABLE", 10)
        model = CaptionedPixels()
        examples = prepare(tmp_path, entries, model, data__cache="none", conditioning__source="folder")
        _, conditions = examples.fetch(np.array([0, 1]), draws(2), CPU)
        assert conditions["pooled"].tolist() == [[6], [6]]
        assert not any(path.name.startswith("text-") for path in (tmp_path / "cache").iterdir())
