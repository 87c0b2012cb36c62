"""The `pudm` command: what it prints where, how it ends, and what it tells people who mistype."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pudm_gui.cli import main
from pudm_gui.commands import engine as engine_module
from pudm_gui.commands.console import Console
from pudm_gui.demo import load_digits
from pudm_gui.project.project import Project
from tests import model_folders as build
from training.runs import RunFolder, engine_command
from training.spec import RunSpec

SENSITIVE = 5
IMAGES = 25


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line that a mistake gets; fails the test where there are more or fewer."""
        assert self.code == 2
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


Pudm = Callable[..., Answer]


@pytest.fixture
def pudm(capsys: pytest.CaptureFixture[str]) -> Pudm:
    def run(*arguments: object) -> Answer:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Real handwritten digits as PNG files."""
    folder = tmp_path / "images"
    folder.mkdir()
    for index, pixels in enumerate(load_digits()[0][:IMAGES]):
        Image.fromarray(pixels).save(folder / f"{index:03d}.png")
    return folder


@pytest.fixture
def unlabeled_project(pudm: Pudm, corpus: Path, tmp_path: Path) -> Path:
    path = tmp_path / "digits.pudm"
    assert pudm("new", path, corpus).code == 0
    return path


@pytest.fixture
def project(pudm: Pudm, unlabeled_project: Path, tmp_path: Path) -> Path:
    table = tmp_path / "some.csv"
    table.write_text("path,label\n" + "".join(f"{index:03d}.png,sensitive\n" for index in range(SENSITIVE)))
    assert pudm("labels", "import", unlabeled_project, table).code == 0
    return unlabeled_project


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            ([], "COMMAND"),
            (["trian"], "trian"),
            (["train"], "PROJECT"),
            (["train", "p.pudm", "--objective", "magic"], "magic"),
            (["train", "p.pudm", "--steps", "many"], "many"),
            (["train", "p.pudm", "--beta", "some"], "neither a number nor auto"),
            (["train", "p.pudm", "--set", "steps"], "key=value"),
            (["sample", "m", "--n", "0", "--seed", "1", "--out", "o"], "at least 1"),
            (["sample", "m", "--n", "1", "--seed", "-1", "--out", "o"], "--seed"),
            (["labels"], "COMMAND"),
        ],
    )
    def test_wrong_usage_is_one_line(self, pudm: Pudm, arguments: list[str], word: str) -> None:
        assert word in pudm(*arguments).complaint

    def test_json_tells_the_mistake_too(self, pudm: Pudm) -> None:
        answer = pudm("prior", "nowhere.pudm", "--json")
        assert answer.code == 2
        assert answer.json["error"] == answer.err.strip()

    def test_help_names_every_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as end:
            main(["--help"])
        assert end.value.code == 0
        out = capsys.readouterr().out
        for command in ["demo", "new", "scan", "labels", "prior", "train", "resume", "sample", "evaluate", "export"]:
            assert command in out

    def test_loads_neither_torch_nor_qt(self) -> None:
        code = "import sys, pudm_gui.cli; print([m for m in ('torch', 'PySide6', 'sklearn') if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgressOnATerminal:
    def test_one_line_is_redrawn_and_fits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "40")
        terminal = Terminal()
        console = Console(err=terminal)
        for step in range(1, 101):
            console.progress("Training", step, 100, "a note that is far too long for a narrow terminal")
        console.say("Done.")
        drawn, said = terminal.getvalue().split("\n")[:2]
        frames = [frame.removeprefix("\x1b[K") for frame in drawn.split("\r")]
        assert all(len(frame) < 40 for frame in frames)
        assert "100/100" in frames[-1]
        assert said == "Done."

    def test_next_task_takes_the_line_over(self) -> None:
        terminal = Terminal()
        console = Console(err=terminal)
        console.progress("Reading images", 5, 5)
        console.progress("Training", 1, 9)
        console.end_progress()
        assert terminal.getvalue().count("\n") == 1
        assert "Training" in terminal.getvalue().split("\x1b[K")[-1]


class TestProjects:
    def test_new_scans_and_counts(self, pudm: Pudm, corpus: Path, tmp_path: Path) -> None:
        answer = pudm("new", tmp_path / "p.pudm", corpus, "--json")
        assert answer.code == 0
        assert answer.json["total"] == answer.json["unlabeled"] == IMAGES
        assert answer.json["unreadable"] == 0

    def test_labels_of_no_image_are_a_mistake(self, pudm: Pudm, project: Path, tmp_path: Path) -> None:
        table = tmp_path / "wrong.csv"
        table.write_text("path,label\nnope.png,normal\n")
        complaint = pudm("labels", "import", project, table).complaint
        assert "names no image of the project (the first is nope.png)" in complaint

    def test_a_moved_folder_keeps_its_labels(self, pudm: Pudm, project: Path, corpus: Path) -> None:
        moved = corpus.rename(corpus.with_name("elsewhere"))
        assert "run pudm scan PROJECT --moved OLD NEW" in pudm("scan", project).err
        counts = pudm("scan", project, "--moved", corpus, moved, "--json").json
        assert (counts["sensitive"], counts["unreadable"]) == (SENSITIVE, 0)
        wrong = pudm("scan", project, "--moved", corpus, moved)
        assert wrong.code == 2 and f"its folders are {moved}" in wrong.err

    def test_scan_finds_what_came_later(self, pudm: Pudm, project: Path, corpus: Path) -> None:
        Image.new("L", (8, 8), 99).save(corpus / "later.png")
        (corpus / "broken.png").write_bytes(b"")
        counts = pudm("scan", project, "--json").json
        assert (counts["total"], counts["sensitive"], counts["unreadable"]) == (IMAGES + 2, SENSITIVE, 1)

    def test_new_from_a_missing_folder_leaves_nothing(self, pudm: Pudm, tmp_path: Path) -> None:
        assert "nowhere" in pudm("new", tmp_path / "p.pudm", tmp_path / "nowhere").complaint
        assert not (tmp_path / "p.pudm").exists()

    def test_new_with_overlapping_folders_leaves_nothing(self, pudm: Pudm, corpus: Path, tmp_path: Path) -> None:
        (corpus / "inner").mkdir()
        assert "inner" in pudm("new", tmp_path / "p.pudm", corpus, corpus / "inner").complaint
        assert not (tmp_path / "p.pudm").exists()

    def test_new_does_not_touch_an_existing_project(self, pudm: Pudm, project: Path, corpus: Path) -> None:
        assert "already exists" in pudm("new", project, corpus).complaint

    def test_not_a_project(self, pudm: Pudm, corpus: Path) -> None:
        assert "not a project" in pudm("scan", corpus).complaint

    def test_labels_go_out_as_they_came_in(self, pudm: Pudm, project: Path, tmp_path: Path) -> None:
        table = tmp_path / "out.csv"
        assert pudm("labels", "export", project, table, "--json").code == 0
        with table.open(newline="") as file:
            labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
        sensitive = {Path(path).name for path, label in labels.items() if label == "sensitive"}
        assert sensitive == {f"{index:03d}.png" for index in range(SENSITIVE)}

    def test_labels_can_be_exported_while_a_window_has_the_project(
        self, pudm: Pudm, project: Path, tmp_path: Path
    ) -> None:
        with Project.open(project):
            assert pudm("labels", "export", project, tmp_path / "out.csv").code == 0

    def test_labels_from_a_missing_file(self, pudm: Pudm, project: Path, tmp_path: Path) -> None:
        assert "none.csv" in pudm("labels", "import", project, tmp_path / "none.csv").complaint


class TestTrain:
    def test_stdout_is_the_run_folder_alone(self, pudm: Pudm, project: Path, fake_engine: object) -> None:
        answer = pudm("train", project)
        assert answer.code == 0
        assert RunFolder(Path(answer.out.rstrip("\n"))).state() == "finished"

    def test_json_has_the_run_folder(self, pudm: Pudm, project: Path, fake_engine: object) -> None:
        document = pudm("train", project, "--json").json
        assert document["state"] == "finished"
        assert Path(document["run_dir"]).parent == project / "runs"

    def test_progress_is_a_line_every_tenth_where_nobody_watches(
        self, pudm: Pudm, project: Path, fake_engine: object
    ) -> None:
        lines = [line for line in pudm("train", project).err.splitlines() if line.startswith("Training")]
        assert 10 <= len(lines) <= 11
        assert "40/40" in lines[-1]

    def test_flags_reach_the_spec(self, pudm: Pudm, project: Path, fake_engine: object) -> None:
        flags = "--objective pu --beta 0.2 --correction abs --reduction mean --steps 7 --batch-size 12 --image-size 8"
        more = "--lr 0.003 --seed 5 --device cpu --set optim.warmup_steps=3 data.channels=1 --set preview.every=0"
        run = RunFolder(Path(pudm("train", project, *flags.split(), *more.split()).out.strip()))
        spec = run.spec()
        assert (spec.objective.beta, spec.objective.beta_source) == (0.2, "user")
        assert (spec.objective.correction, spec.objective.reduction) == ("abs", "mean")
        assert (spec.optim.steps, spec.optim.batch_size, spec.optim.learning_rate) == (7, 12, 0.003)
        assert (spec.optim.warmup_steps, spec.preview.every) == (3, 0)
        assert (spec.data.image_size, spec.data.channels) == (8, 1)
        assert (spec.seed, spec.device, spec.model.source) == (5, "cpu", "scratch")

    def test_size_and_channels_come_from_the_base_model(
        self, pudm: Pudm, project: Path, tmp_path: Path, fake_engine: object
    ) -> None:
        model = build.pixel_model(tmp_path / "model", image_size=16)
        spec = RunFolder(Path(pudm("train", project, "--from", model).out.strip())).spec()
        assert (spec.data.image_size, spec.data.channels, spec.model.source) == (16, 1, str(model))

    def test_a_run_can_be_made_for_another_machine(self, pudm: Pudm, project: Path) -> None:
        answer = pudm("train", project, "--prepare", "--json")
        assert answer.json["state"] == "new"
        run = RunFolder(Path(answer.json["run_dir"]))
        assert (run.manifest_file.is_file(), run.state()) == (True, "new")

    def test_beta_auto_takes_the_proposal(self, pudm: Pudm, project: Path, fake_engine: object) -> None:
        answer = pudm("train", project, "--beta", "auto")
        objective = RunFolder(Path(answer.out.strip())).spec().objective
        assert (objective.beta, objective.beta_source) == (0.13, "prior")
        assert "0.130" in answer.err

    def test_prior_gives_the_estimate_and_its_warning(self, pudm: Pudm, project: Path, fake_engine: object) -> None:
        answer = pudm("prior", project)
        assert "0.090" in answer.out
        assert "0.060 to 0.130" in answer.out
        assert "Few labels." in answer.err
        assert pudm("prior", project, "--json").json["interval"] == [0.06, 0.13]

    def test_prior_can_be_estimated_while_a_window_has_the_project(
        self, pudm: Pudm, project: Path, fake_engine: object
    ) -> None:
        with Project.open(project):
            assert pudm("prior", project).code == 0

    @pytest.mark.parametrize("beta", ["0", "1", "1.5", "-0.1", "nan"])
    def test_beta_outside_its_range(self, pudm: Pudm, project: Path, beta: str) -> None:
        assert "β must lie between 0 and 1" in pudm("train", project, f"--beta={beta}").complaint

    def test_unknown_setting(self, pudm: Pudm, project: Path) -> None:
        assert "no setting named optim.stepps" in pudm("train", project, "--set", "optim.stepps=3").complaint

    def test_no_sensitive_image_labeled(self, pudm: Pudm, unlabeled_project: Path) -> None:
        assert "sensitive" in pudm("train", unlabeled_project).complaint
        assert not list((unlabeled_project / "runs").iterdir())

    def test_project_open_in_another_window(self, pudm: Pudm, project: Path) -> None:
        with Project.open(project):
            assert "already open" in pudm("train", project).complaint

    def test_the_project_is_free_while_it_trains(
        self, pudm: Pudm, project: Path, fake_engine: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started = subprocess.Popen

        def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
            Project.open(project).close()
            return started(*arguments, **options)

        monkeypatch.setattr(engine_module.subprocess, "Popen", start)
        assert pudm("train", project).code == 0

    def test_base_model_is_no_diffusers_folder(self, pudm: Pudm, project: Path, corpus: Path, tmp_path: Path) -> None:
        assert "not a diffusers folder" in pudm("train", project, "--from", corpus).complaint
        assert "no folder" in pudm("train", project, "--from", tmp_path / "nowhere").complaint
        assert "of another kind" in pudm("train", project, "--from", corpus / "000.png").complaint

    def test_size_that_is_not_the_base_models(self, pudm: Pudm, project: Path, tmp_path: Path) -> None:
        model = build.pixel_model(tmp_path / "model", image_size=16)
        complaint = pudm("train", project, "--from", model, "--image-size", "32").complaint
        assert "16 pixels" in complaint
        assert "--image-size is 32" in complaint


class TestConditionalModels:
    """Where captions and classes come from, said on the command line."""

    def trained(self, pudm: Pudm, project: Path, *options: object) -> RunSpec:
        return RunFolder(Path(pudm("train", project, *options).out.strip())).spec()

    @pytest.fixture
    def captioned(self, corpus: Path) -> None:
        for image in corpus.glob("*.png"):
            image.with_suffix(".txt").write_text("a digit")

    @pytest.mark.usefixtures("captioned", "fake_engine")
    def test_captions_beside_the_images(self, pudm: Pudm, project: Path, tmp_path: Path) -> None:
        model = build.stable_diffusion(tmp_path / "sd")
        spec = self.trained(pudm, project, "--from", model, "--caption-source", "sidecar", "--lora", 4)
        assert (spec.conditioning.source, spec.model.lora_rank) == ("sidecar", 4)
        assert (spec.data.image_size, spec.data.channels) == (512, 3)

    @pytest.mark.usefixtures("captioned")
    def test_a_model_named_as_a_setting(self, pudm: Pudm, project: Path, tmp_path: Path) -> None:
        model = build.stable_diffusion(tmp_path / "sd")
        settings = (f"model.source={model}", "data.image_size=512", "conditioning.source=sidecar", "model.lora_rank=4")
        assert self.trained(pudm, project, "--prepare", "--set", *settings).model.lora_rank == 4

    def test_one_caption_for_each_label(self, pudm: Pudm, project: Path, tmp_path: Path, fake_engine: object) -> None:
        model = build.stable_diffusion(tmp_path / "sd")
        spec = self.trained(pudm, project, "--from", model, "--by-label", "unlabeled=a pet", "sensitive=a cat")
        assert spec.conditioning.source == "label"
        assert spec.conditioning.by_label == {"unlabeled": "a pet", "sensitive": "a cat", "normal": "a pet"}

    def test_classes_from_a_table(self, pudm: Pudm, project: Path, tmp_path: Path, fake_engine: object) -> None:
        rows = "".join(f"{index:03d}.png,{('cats', '9')[index % 2]}\n" for index in range(IMAGES))
        (tmp_path / "table.csv").write_text(f"path,class\n{rows}")
        (tmp_path / "classes.txt").write_text("cats=3\n")
        model = build.pixel_model(tmp_path / "ddpm", classes=10)
        options = ["--csv", tmp_path / "table.csv", "--classes", tmp_path / "classes.txt"]
        spec = self.trained(pudm, project, "--from", model, *options).conditioning
        assert (spec.source, spec.csv, spec.csv_column) == ("csv", str(tmp_path / "table.csv"), "class")
        assert spec.classes == {"cats": 3}

    def test_classes_by_the_names_that_the_model_knows(self, pudm: Pudm, project: Path, tmp_path: Path) -> None:
        model = build.diffusion_transformer(tmp_path / "dit")
        by_label = ("--by-label", "unlabeled=tench", "sensitive=goldfish")
        spec = self.trained(pudm, project, "--prepare", "--from", model, *by_label)
        assert spec.conditioning.classes == {"tench": 0, "Tinca tinca": 0, "goldfish": 1}
        crane = ("--by-label", "unlabeled=tench", "sensitive=crane")  # a bird or a machine
        assert "class 'crane' has no index" in pudm("train", project, "--from", model, *crane).complaint

    @pytest.mark.usefixtures("captioned", "fake_engine")
    def test_a_single_file_with_its_configuration(self, pudm: Pudm, project: Path, tmp_path: Path) -> None:
        (tmp_path / "files").mkdir()
        file, config = build.single_file(tmp_path / "files" / "v1.safetensors"), build.stable_diffusion(tmp_path / "sd")
        assert "neither configuration nor tokenizers" in pudm("train", project, "--from", file).complaint
        spec = self.trained(pudm, project, "--from", file, "--config", config, "--conditioning", "sidecar")
        assert (spec.model.source, spec.model.config) == (str(file), str(config))

    def test_what_does_not_go_together_is_said_before_a_run_is_made(
        self, pudm: Pudm, project: Path, tmp_path: Path
    ) -> None:
        captions = build.stable_diffusion(tmp_path / "sd")
        plain = build.pixel_model(tmp_path / "ddpm")
        classes = build.pixel_model(tmp_path / "classes", classes=3)
        table = tmp_path / "none.csv"
        for options, words in (
            (["--from", captions], "--conditioning sidecar|csv|label"),
            (["--from", plain, "--conditioning", "sidecar"], "takes neither captions nor classes"),
            (["--from", plain, "--lora", "4"], "there is no LoRA"),
            (["--from", captions, "--csv", table], "There is no file"),
            (["--from", captions, "--conditioning", "folder", "--csv", table], "--csv does not go with"),
            (["--from", captions, "--by-label", "cats=a cat"], "unlabeled=TEXT"),
            (["--from", captions, "--classes", table], "cannot be read"),
            (["--from", captions, "--conditioning", "sidecar"], "25 images have no .txt file beside them"),
            (["--from", captions, "--conditioning", "sidecar", "--beta", "auto"], "25 images have no .txt file"),
            (["--from", captions, "--conditioning", "csv"], "conditioning.csv names no file"),
            (["--from", captions, "--conditioning", "sidecar", "--column", "text"], "--column is for"),
            (
                ["--from", classes, "--by-label", "unlabeled=1", "sensitive=3"],
                "has the classes 0 to 2, and an image is",
            ),
            (["--from", classes, "--by-label", "unlabeled=1", "sensitive=cat"], "class 'cat' has no index"),
            (["--by-label", "unlabeled=1", "sensitive=20240131"], "20240131, and a model from scratch has 100000"),
            (["--lora", "4"], "for which there is no LoRA"),
            (["--set", f"model.source={captions}", "data.image_size=512"], "--conditioning sidecar|csv|label"),
            (["--config", captions], "--config is for a model in a single file"),
            (["--from", captions, "--config", captions], "--config is for a model in a single file"),
        ):
            assert words in pudm("train", project, *options).complaint
        assert not list((project / "runs").iterdir())

    def test_a_setting_given_by_name_counts_before_a_flag(self, pudm: Pudm, project: Path) -> None:
        answer = pudm("train", project, "--prepare", "--beta", 0.3, "--set", "objective.beta=0.4")
        assert RunFolder(Path(answer.out.strip())).spec().objective.beta == 0.4


class TestEngineTells:
    def test_memory_rates_and_an_early_end_are_said(
        self, pudm: Pudm, project: Path, fake_engine: Callable[[str], None]
    ) -> None:
        fake_engine("early")
        answer = pudm("train", project, "--json")
        assert answer.json["early"] is True
        for words in (
            "takes about 9.2 GB",
            "Step 20: 98.0 % of the samples are not sensitive",
            "Ended early, at 98.0 %",
        ):
            assert words in answer.err

    def test_resume_says_from_where(self, pudm: Pudm, project: Path, fake_engine: Callable[[str], None]) -> None:
        fake_engine("interrupted once")
        run = pudm("train", project).out.strip()
        fake_engine("early")
        answer = pudm("resume", run)
        assert answer.out.strip() == run
        assert "Going on from step 7 of 40." in answer.err


class TestEngineEnds:
    """However the engine ends, `pudm` says what happened and leaves the run where it can go on."""

    def test_bad_input(self, pudm: Pudm, project: Path, fake_engine: Callable[[str], None]) -> None:
        fake_engine("refuse")
        assert pudm("train", project).complaint == "The disk is full: free some space."

    def test_defect(self, pudm: Pudm, project: Path, fake_engine: Callable[[str], None]) -> None:
        fake_engine("break")
        answer = pudm("train", project)
        assert answer.code == 1
        assert "The program failed." in answer.err
        assert "log.txt" in answer.err

    def test_a_folder_named_training_is_not_the_engine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "training").mkdir()
        (tmp_path / "training" / "__main__.py").write_text("raise SystemExit('an impostor')")
        monkeypatch.chdir(tmp_path)
        command = engine_command("train", tmp_path)
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 2
        assert "is not a run folder" in done.stderr

    def test_killed(self, pudm: Pudm, project: Path, fake_engine: Callable[[str], None]) -> None:
        fake_engine("killed")
        answer = pudm("train", project)
        assert answer.code == 1
        assert "signal 9" in answer.err

    def test_interrupt_lets_training_stop_well(
        self, pudm: Pudm, project: Path, fake_engine: Callable[[str], None]
    ) -> None:
        fake_engine("interrupted once")
        answer = pudm("train", project, "--json")
        assert answer.code == 130
        assert answer.json["state"] == "stopped"
        assert answer.json["step"] == 7
        assert f"pudm resume {answer.json['run_dir']}" in answer.err

    def test_second_interrupt_ends_it_at_once(
        self, pudm: Pudm, project: Path, fake_engine: Callable[[str], None]
    ) -> None:
        fake_engine("interrupted twice")
        answer = pudm("train", project)
        assert answer.code == 130
        assert "pudm resume" in answer.err

    def test_stopped_run_can_be_resumed(self, pudm: Pudm, project: Path, fake_engine: Callable[[str], None]) -> None:
        fake_engine("interrupted once")
        run = pudm("train", project).out.strip()
        fake_engine("finish")
        answer = pudm("resume", run, "--json")
        assert answer.code == 0
        assert answer.json["run_dir"] == run
        assert answer.json["state"] == "finished"


class TestRunFolders:
    @pytest.mark.parametrize("command", [["resume"], ["evaluate"], ["export", "--weights", "raw", "out"]])
    def test_folder_that_is_no_run(self, pudm: Pudm, corpus: Path, command: list[str]) -> None:
        name, *rest = command
        assert "is not a run folder" in pudm(name, corpus, *rest).complaint

    def test_spec_from_a_newer_version(self, pudm: Pudm, project: Path, fake_engine: object) -> None:
        run = RunFolder(Path(pudm("train", project).out.strip()))
        document = json.loads(run.spec_file.read_text())
        run.spec_file.write_text(json.dumps(document | {"version": 99}))
        assert "newer version" in pudm("resume", run.path).complaint

    def test_finished_run_needs_no_resuming(self, pudm: Pudm, project: Path, fake_engine: object) -> None:
        run = pudm("train", project).out.strip()
        answer = pudm("resume", run)
        assert answer.code == 0
        assert answer.out.strip() == run
        assert "finished already" in answer.err

    def test_run_that_another_process_works_on(self, pudm: Pudm, project: Path, fake_engine: object) -> None:
        run = RunFolder(Path(pudm("train", project).out.strip()))
        run.claim()  # this very process
        assert "already being worked on" in pudm("resume", run.path).complaint

    def test_truth_that_is_not_there(self, pudm: Pudm, project: Path, fake_engine: object, tmp_path: Path) -> None:
        run = pudm("train", project).out.strip()
        assert "truth.csv" in pudm("evaluate", run, "--truth", tmp_path / "truth.csv").complaint
