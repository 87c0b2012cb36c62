"""Where the class or caption of an image comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.conditions import class_count, class_names, resolve
from training.errors import UserError
from training.manifest import Label, ManifestEntry
from training.spec import RunSpec, with_settings

CHECKPOINT = "/models/some-checkpoint"


def spec_for(root: Path, *, model: str = CHECKPOINT, **conditioning: object) -> RunSpec:
    settings = {f"conditioning.{name}": value for name, value in conditioning.items()}
    return with_settings(RunSpec(), {"data.roots": {"1": str(root)}, "model.source": model, **settings})


def entry(path: str, label: Label = "unlabeled", tags: tuple[str, ...] = ()) -> ManifestEntry:
    return ManifestEntry("1", path, label, "", tags)


class TestFolders:
    entries = (entry("cats/a.png"), entry("dogs/puppies/b.png"), entry("c.png"))

    def test_name_of_the_folder_that_the_image_is_in(self) -> None:
        assert resolve(spec_for(Path("/x/rest"), source="folder"), self.entries, "caption") == [
            "cats",
            "puppies",
            "rest",
        ]

    def test_folder_in_a_tar_file_or_else_the_one_it_lies_in(self) -> None:
        entries = [entry("dogs/shard-0.tar::cats/1.png"), entry("dogs/shard-0.tar::2.png")]
        assert resolve(spec_for(Path("/x"), source="folder"), entries, "caption") == ["cats", "dogs"]

    def test_classes_by_the_map_and_numbers_by_themselves(self) -> None:
        spec = spec_for(Path("/x/7"), source="folder", classes={"cats": 281, "puppies": 152})
        assert resolve(spec, self.entries, "class") == [281, 152, 7]

    def test_a_name_without_an_index(self) -> None:
        spec = spec_for(Path("/x/rest"), source="folder", classes={"cats": 281})
        with pytest.raises(UserError, match=r"class 'puppies' has no index \(nor have 1 others\); give conditioning"):
            resolve(spec, self.entries, "class")


class TestFromScratch:
    """A model from scratch has no classes yet: they are the names that there are."""

    def test_sorted_names(self) -> None:
        entries = [entry("dogs/a.png"), entry("cats/b.png"), entry("dogs/c.png")]
        spec = spec_for(Path("/x"), model="scratch", source="folder")
        assert resolve(spec, entries, "class") == [1, 0, 1]
        assert class_names(spec, entries) == {"cats": 0, "dogs": 1}
        assert class_count(spec, entries) == 2

    def test_numbers_stay_what_they_are(self) -> None:
        entries = [entry("7/a.png"), entry("3/b.png")]
        spec = spec_for(Path("/x"), model="scratch", source="folder")
        assert resolve(spec, entries, "class") == [7, 3]
        assert class_count(spec, entries) == 8

    def test_a_map_counts_also_where_a_class_has_no_image(self) -> None:
        spec = spec_for(Path("/x"), model="scratch", source="tag", classes={"a": 0, "b": 4})
        assert class_names(spec, [entry("1.png", tags=("a",))]) == {"a": 0, "b": 4}
        assert class_count(spec, [entry("1.png", tags=("a",))]) == 5

    def test_captions_are_not_taken_for_classes(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("A dog on a lawn.")
        (tmp_path / "a.png").touch()
        with pytest.raises(UserError, match=r"'A dog on a lawn\.' has no index; give"):
            resolve(spec_for(tmp_path, model="scratch", source="sidecar"), [entry("a.png")], "class")

    def test_no_source_is_no_classes(self) -> None:
        assert class_count(spec_for(Path("/x"), model="scratch"), [entry("a.png")]) == 0


class TestTags:
    def test_the_first_one(self) -> None:
        entries = [entry("1.png", tags=("cat", "small")), entry("2.png", tags=("dog",))]
        assert resolve(spec_for(Path("/x"), source="tag"), entries, "caption") == ["cat", "dog"]

    def test_images_without_one(self) -> None:
        entries = [entry("1.png", tags=("cat",)), entry("2.png"), entry("3.png")]
        with pytest.raises(
            UserError, match=r"^2 images have no tag, the first of them 2\.png; tag each with its class"
        ):
            resolve(spec_for(Path("/x"), source="tag"), entries, "class")
        with pytest.raises(UserError, match=r"^The image 2\.png has no tag;"):
            resolve(spec_for(Path("/x"), source="tag"), entries[:2], "class")


class TestSidecars:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "sub").mkdir()
        for name, text in {"a.txt": " A cat,\n asleep. ", "sub/b.txt": "\ufeffEin Hund über allem"}.items():
            (tmp_path / name).write_text(text, "utf-8")
            (tmp_path / name).with_suffix(".jpg").touch()
        return tmp_path

    entries = (entry("a.jpg"), entry("sub/b.jpg"))

    def test_text_beside_the_image_on_one_line(self, root: Path) -> None:
        ticks: list[tuple[int, int]] = []
        found = resolve(
            spec_for(root, source="sidecar"),
            self.entries,
            "caption",
            tick=lambda done, total: ticks.append((done, total)),
        )
        assert found == ["A cat, asleep.", "Ein Hund über allem"]
        assert ticks == [(2, 2)]

    def test_missing_ones(self, root: Path) -> None:
        (root / "sub" / "b.txt").unlink()
        with pytest.raises(UserError, match=r"^The image sub/b\.jpg has no \.txt file beside it; write the caption of"):
            resolve(spec_for(root, source="sidecar"), self.entries, "caption")
        (root / "a.txt").unlink()
        with pytest.raises(UserError, match=r"^2 images have no \.txt file beside them, the first of them a\.jpg;"):
            resolve(spec_for(root, source="sidecar"), self.entries, "class")

    def test_an_image_that_has_gone_needs_none(self, root: Path) -> None:
        for name in ("sub/b.txt", "sub/b.jpg"):
            (root / name).unlink()
        assert resolve(spec_for(root, source="sidecar"), self.entries, "caption") == ["A cat, asleep.", ""]

    def test_empty_ones(self, root: Path) -> None:
        (root / "a.txt").write_text(" \n")
        with pytest.raises(UserError, match=r"^The image a\.jpg has an empty caption; write one"):
            resolve(spec_for(root, source="sidecar"), self.entries, "caption")

    def test_no_text(self, root: Path) -> None:
        (root / "a.txt").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(UserError, match=r"The \.txt of a\.jpg is not UTF-8 text; save it as UTF-8"):
            resolve(spec_for(root, source="sidecar"), self.entries, "caption")


class TestTables:
    def write(self, tmp_path: Path, text: str, column: str = "caption") -> RunSpec:
        (tmp_path / "table.csv").write_text(text, "utf-8")
        return spec_for(tmp_path, source="csv", csv=str(tmp_path / "table.csv"), csv_column=column)

    def test_rows_by_relative_or_absolute_path(self, tmp_path: Path) -> None:
        text = f'path,what,caption\nsub/a.png,3,"A cat, asleep"\n{tmp_path / "b.png"},5,Zwölf Hunde\nother.png,,\n'
        spec, entries = self.write(tmp_path, text), [entry("b.png"), entry("sub/a.png")]
        assert resolve(spec, entries, "caption") == ["Zwölf Hunde", "A cat, asleep"]
        assert resolve(self.write(tmp_path, text, "what"), entries, "class") == [5, 3]

    def test_a_column_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"table\.csv has no column caption; add it, or correct"):
            resolve(self.write(tmp_path, "path,text\n"), [entry("a.png")], "caption")

    def test_images_without_a_row(self, tmp_path: Path) -> None:
        spec = self.write(tmp_path, "path,caption\na.png,yes\nb.png,\n")
        with pytest.raises(
            UserError, match=r"^2 images have no caption in table\.csv, the first of them b\.png; add a row"
        ):
            resolve(spec, [entry("a.png"), entry("b.png"), entry("c.png")], "caption")

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        spec = spec_for(tmp_path, source="csv", csv=str(tmp_path / "gone.csv"))
        with pytest.raises(UserError, match=r"gone\.csv cannot be read .*; correct conditioning\.csv"):
            resolve(spec, [entry("a.png")], "caption")
        with pytest.raises(UserError, match="names no file; name one"):
            resolve(spec_for(tmp_path, source="csv"), [entry("a.png")], "caption")


class TestLabels:
    entries = (entry("a.png"), entry("b.png", "sensitive"))

    def test_unlabeled_and_sensitive_images_may_differ(self) -> None:
        spec = spec_for(Path("/x"), source="label", by_label={"unlabeled": "a photo", "sensitive": "a photo of a man"})
        assert resolve(spec, self.entries, "caption") == ["a photo", "a photo of a man"]
        spec = spec_for(Path("/x"), source="label", by_label={"unlabeled": "3", "sensitive": "x"}, classes={"x": 9})
        assert resolve(spec, self.entries, "class") == [3, 9]

    def test_a_label_that_has_none(self) -> None:
        spec = spec_for(Path("/x"), source="label", by_label={"unlabeled": "a photo", "sensitive": " "})
        with pytest.raises(UserError, match="nothing for sensitive images; add it"):
            resolve(spec, self.entries, "caption")


def test_a_conditional_model_needs_a_source() -> None:
    with pytest.raises(UserError, match=r"conditioned on a class for each image; set conditioning\.source to where"):
        resolve(spec_for(Path("/x")), [entry("a.png")], "class")
