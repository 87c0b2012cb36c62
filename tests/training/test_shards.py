"""Corpora in tar files."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.training.builders import tiny_model
from tests.training.stand_ins import PixelsOnly
from training.checkpoint import latest_checkpoint
from training.conditions import resolve
from training.data import build_cache
from training.errors import UserError
from training.events import EventLog, send_command
from training.examples import Examples, prepare_examples
from training.manifest import ManifestEntry, label_counts
from training.reading import EntryReader
from training.runs import create_run
from training.shards import ShardIndex, _read_index, index_shard, index_shards, manifest_from_shards, member_key
from training.spec import RunSpec, with_settings
from training.train import run_training

CPU = torch.device("cpu")


def png(value: int, size: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((size, size), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_shard(path: Path, members: dict[str, bytes | str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            content = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Six tar files of five grey images, whose grey is their number, each with a class and a caption."""
    for shard in range(6):
        members: dict[str, bytes | str] = {}
        for number in range(5 * shard, 5 * shard + 5):
            members[f"{number:04}.png"] = png(number)
            members[f"{number:04}.cls"] = str(number % 3)
            members[f"{number:04}.txt"] = f"Number {number}\n"
        write_shard(tmp_path / "corpus" / f"shard-{shard:03}.tar", members)
    return tmp_path / "corpus"


def spec_for(corpus: Path, **settings: object) -> RunSpec:
    fixed = {"data.roots": {"1": str(corpus)}, "data.image_size": 8, "data.channels": 1}
    return with_settings(RunSpec(), fixed | {name.replace("__", "."): value for name, value in settings.items()})


def greys(examples: Examples, indices: np.ndarray) -> list[int]:
    encoded, _ = examples.fetch(indices, torch.full((len(indices), 4), 0.75), CPU)
    return encoded.add(1).mul(127.5).round()[:, 0, 0, 0].int().tolist()


def test_manifest_lists_the_images_with_their_labels(corpus: Path) -> None:
    entries = manifest_from_shards("1", corpus, {"0003": "sensitive", "shard-004.tar::0021": "normal"})
    assert label_counts(entries) == {"unlabeled": 28, "sensitive": 1, "normal": 1}
    assert entries[3] == ManifestEntry("1", "shard-000.tar::0003.png", "sensitive", "")
    assert entries[21] == ManifestEntry("1", "shard-004.tar::0021.png", "normal", "")


def test_labels_of_no_image_and_of_several(corpus: Path) -> None:
    with pytest.raises(UserError, match=r"2 labels are of images that no \.tar file .* the first of them 0030;"):
        manifest_from_shards("1", corpus, {"0030": "sensitive", "x": "normal", "0001": "normal"})
    write_shard(corpus / "more" / "shard-006.tar", {"0003.png": png(3)})
    with pytest.raises(UserError, match=r"0003 is in 2 places; name the shard too, such as more/shard-006\.tar::0003"):
        manifest_from_shards("1", corpus, {"0003": "sensitive"})
    entries = manifest_from_shards("1", corpus, {"more/shard-006.tar::0003": "sensitive"})
    assert [entry.path for entry in entries if entry.label == "sensitive"] == ["more/shard-006.tar::0003.png"]


@pytest.mark.parametrize(
    ("name", "key"),
    [("0001.jpg", "0001"), ("a/b.c/0001.seg.png", "a/b.c/0001"), ("a/0001", "a/0001"), ("a/.hidden", "a/.hidden")],
)
def test_key_is_the_name_up_to_the_first_dot_of_its_last_part(name: str, key: str) -> None:
    assert member_key(name) == key


def test_only_images_are_listed_once_and_read_by_many(tmp_path: Path) -> None:
    shard = tmp_path / "a.tar"
    write_shard(
        shard, {"./x/1.PNG": png(1), "1.json": "{}", "._1.PNG": "x", "long/" * 40 + "2.png": png(2), "3.txt": "3"}
    )
    with tarfile.open(shard, "a") as tar:  # a newer version of a member lies behind the older one
        info = tarfile.TarInfo("x/1.PNG")
        info.size = len(png(9))
        tar.addfile(info, io.BytesIO(png(9)))
    entries = index_shards(tmp_path, "7")
    assert [entry.path for entry in entries] == ["a.tar::x/1.PNG", "a.tar::" + "long/" * 40 + "2.png"]
    reader = EntryReader({"7": str(tmp_path)}, entries)
    assert [reader.source(0), reader.source(1)] == [png(9), png(2)]


def test_a_table_of_contents_is_kept_until_the_file_changes(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard, read = corpus / "shard-000.tar", []

    def counted(path: Path) -> ShardIndex:
        read.append(path)
        return _read_index(path)

    monkeypatch.setattr("training.shards._read_index", counted)
    first, again = (index_shard(shard, tmp_path / "kept") for _ in range(2))
    assert first.names == again.names and np.array_equal(first.spans, again.spans)
    assert len(read) == 1
    write_shard(shard, {"1.png": png(1), "ж\udce9.png": png(2)})
    assert index_shard(shard, tmp_path / "kept").names == index_shard(shard, tmp_path / "kept").names
    assert index_shard(shard, tmp_path / "kept").names == ["1.png", "ж\udce9.png"]
    assert len(read) == 2


@pytest.mark.parametrize("content", [b"no tar file", gzip.compress(b"x" * 2000)])
def test_what_is_no_tar_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.tar is damaged, compressed or no tar file .*; restore it, or write it"):
        index_shards(tmp_path)


def test_a_tar_file_cut_short(corpus: Path) -> None:
    shard = corpus / "shard-000.tar"
    shard.write_bytes(shard.read_bytes()[:700])
    with pytest.raises(UserError, match=r"shard-000\.tar is damaged"):
        index_shards(corpus)


def test_no_shards_no_images_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no \.tar files; name the folder"):
        index_shards(tmp_path)
    write_shard(tmp_path / "a.tar", {"1.txt": "one"})
    with pytest.raises(UserError, match="hold no images"):
        index_shards(tmp_path)
    with pytest.raises(UserError, match=r"gone\.tar cannot be read .*; restore the file"):
        EntryReader({"1": str(tmp_path)}, [ManifestEntry("1", "gone.tar::1.png", "unlabeled", "")])


class TestConditions:
    def test_classes_and_captions_lie_beside_the_image(self, corpus: Path) -> None:
        entries = index_shards(corpus)
        spec = spec_for(corpus, conditioning__source="sidecar")
        assert resolve(spec, entries, "class") == [number % 3 for number in range(30)]
        assert resolve(spec, entries, "caption") == [f"Number {number}" for number in range(30)]

    def test_json(self, tmp_path: Path) -> None:
        about = json.dumps({"caption": "A cat.", "class": 7, "width": 8})
        write_shard(tmp_path / "a.tar", {"1.png": png(1), "1.json": about})
        spec = spec_for(tmp_path, conditioning__source="sidecar")
        assert resolve(spec, index_shards(tmp_path), "class") == [7]
        assert resolve(spec, index_shards(tmp_path), "caption") == ["A cat."]
        for nothing in ("{}", '{"caption": null}', "[]"):
            write_shard(tmp_path / "a.tar", {"1.png": png(1), "1.json": nothing})
            with pytest.raises(UserError, match=r"The \.json of a\.tar::1\.png has no 'caption'"):
                resolve(spec, index_shards(tmp_path), "caption")

    def test_only_the_member_of_that_very_extension(self, tmp_path: Path) -> None:
        write_shard(tmp_path / "a.tar", {"1.png": png(1), "1.TXT": "A cat.", "1.prompt.txt": "Make a cat."})
        spec = spec_for(tmp_path, conditioning__source="sidecar")
        assert resolve(spec, index_shards(tmp_path), "caption") == ["A cat."]

    def test_missing_ones(self, tmp_path: Path) -> None:
        write_shard(tmp_path / "a.tar", {"1.png": png(1), "2.png": png(2), "2.txt": "two"})
        with pytest.raises(UserError, match=r"^The image a\.tar::1\.png has no \.txt file beside it"):
            resolve(spec_for(tmp_path, conditioning__source="sidecar"), index_shards(tmp_path), "caption")


class TestTraining:
    def test_decoded_once_like_files(self, corpus: Path, tmp_path: Path) -> None:
        entries = manifest_from_shards("1", corpus, {"0003": "sensitive"})
        cache = build_cache(tmp_path / "cache", spec_for(corpus), entries, EventLog(tmp_path / "events"))
        assert cache.images[:, 0, 0, 0].tolist() == list(range(30))
        assert cache.indices("sensitive").tolist() == [3]

    @pytest.mark.parametrize("ranks", [1, 2, 3])
    def test_streamed_without_repeating_or_skipping(self, corpus: Path, tmp_path: Path, ranks: int) -> None:
        """An epoch over several ranks, interrupted after its second step, is every image once."""
        entries = manifest_from_shards("1", corpus, {"0003": "sensitive"})
        spec, batch, seen = spec_for(corpus, data__cache="none"), 6, []
        for steps in (range(2), range(2, 5)):
            for step in steps:
                for rank in range(ranks):
                    examples = self.open(tmp_path, spec, entries)
                    pool = examples.pool(examples.indices("unlabeled", "sensitive"), spec.seed, "unlabeled")
                    part = slice(batch * rank // ranks, batch * (rank + 1) // ranks)
                    mine, coming = (pool.take(start * batch, batch)[part] for start in (step, step + 1))
                    seen += greys(examples, mine)
                    examples.prefetch(coming, torch.rand(len(coming), 4), CPU)
        assert sorted(seen) == list(range(30)) and seen != sorted(seen)

    def test_order_stays_near_a_few_shards(self, corpus: Path, tmp_path: Path) -> None:
        entries = index_shards(corpus)
        examples = self.open(tmp_path, spec_for(corpus, data__cache="none"), entries)
        first = examples.pool(examples.indices("unlabeled"), 0, "unlabeled").take(0, 20)
        assert len({entries[index].path.partition("::")[0] for index in first}) == 4

    def test_members_that_have_gone_are_left_out_and_told(self, corpus: Path, tmp_path: Path) -> None:
        entries = index_shards(corpus)
        write_shard(corpus / "shard-000.tar", {"0001.png": png(1)})
        for cache in ("none", "disk"):
            examples = self.open(tmp_path, spec_for(corpus, data__cache=cache), entries)
            assert greys(examples, np.arange(26)) == [1, *range(5, 30)]
        told = (tmp_path / "events").read_text()
        assert "4 of 30 images are no longer there and are left out, the first of them shard-000.tar::0000.png" in told
        assert "shard-000.tar::0000.png: The tar file does not hold it." in told

    @staticmethod
    def open(folder: Path, spec: RunSpec, entries: list[ManifestEntry]) -> Examples:
        return prepare_examples(folder / "cache", spec, entries, PixelsOnly(), CPU, EventLog(folder / "events"))


class StoppingLog(EventLog):
    """Asks the run to stop once its second step is done."""

    def emit(self, event: str, **fields: Any) -> None:
        super().emit(event, **fields)
        if event == "step" and fields["step"] == 2:
            send_command(self.path.parent, "stop")


def test_a_run_trains_from_shards_and_goes_on_with_the_same_images(corpus: Path, tmp_path: Path) -> None:
    """Stopped half-way and resumed: the same weights as in one go."""
    entries = manifest_from_shards("1", corpus, {f"{number:04}": "sensitive" for number in range(0, 30, 4)})
    spec = spec_for(
        corpus,
        data__cache="none",
        model__source=str(tiny_model(tmp_path / "base")),
        optim__steps=4,
        optim__batch_size=12,
        preview__every=0,
        device="cpu",
    )
    weights = []
    for name, logs in {"whole": [EventLog], "halves": [StoppingLog, EventLog]}.items():
        run = create_run(tmp_path / name, spec, entries)
        for log in logs:
            run_training(run, log(run.events_file))
        assert run.state() == "finished"
        assert sum(event["event"] == "stopped" for event in run.events()) == len(logs) - 1
        checkpoint = latest_checkpoint(run)
        assert checkpoint is not None
        weights.append(load_file(checkpoint / "model.safetensors"))
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
