"""An exported folder: it loads with plain diffusers, makes the run's images, tells nothing, or is not there."""

from __future__ import annotations

import errno
import getpass
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDIMPipeline, DDPMPipeline, DiffusionPipeline, UNet2DModel
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from tests.training.builders import make_run, tiny_model, write_images
from tests.training.families.every import CHECKPOINTS
from tests.training.families.journey import trailing
from training import export as export_module
from training.checkpoint import load_model, load_state, require_checkpoint
from training.errors import UserError
from training.events import EventLog
from training.export import export
from training.families import DiffusionModel
from training.families import load_model as load_model_folder
from training.manifest import write_manifest
from training.modelcard import CardFacts, model_card
from training.modelcard_usage import usage
from training.report import Report
from training.runs import RunFolder
from training.sampling import sample_images
from training.spec import with_settings
from training.train import run_training

CHECKS = ["loads", "same samples", "no pickles", "no training images", "no paths"]
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A fine-tune of three steps at a rate that tells averaged weights from those of the last step."""
    folder = tmp_path_factory.mktemp("made") / "annas"
    return trained(make_run(folder, optim__steps=3, optim__learning_rate=0.01, optim__warmup_steps=0))


@pytest.fixture
def run(trained_once: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy for one test."""
    return RunFolder(Path(shutil.copytree(trained_once.path, tmp_path / "annas" / "0001-run")))


def trained(run: RunFolder) -> RunFolder:
    run_training(run, EventLog(run.events_file))
    return run


def exported(run: RunFolder, out: Path, **options: object) -> Path:
    export(run, out, log=EventLog(run.events_file), **options)  # type: ignore[arg-type]
    return out


def refused(run: RunFolder, out: Path, **options: object) -> str:
    with pytest.raises(UserError) as caught:
        exported(run, out, **options)
    return str(caught.value)


def a_report(run: RunFolder, **changes: object) -> Report:
    figures = {
        "nsr": 0.975,
        "nsr_interval": (0.957, 0.986),
        "nsr_before": 0.91,
        "nsr_before_interval": (0.882, 0.932),
        "nsr_judge": "truth",
        "judge_accuracy": 0.985,
        "judge_note": "Judged by a classifier that learned from 500 images of known truth.",
        "fid": 0.83,
        "fid_before": 0.93,
        "fid_features": "features of the classifier, 48 dimensions",
        "fid_reference": "300 normal images",
        "fid_note": "",
        "n_samples": 500,
        "sampling_steps": 50,
        "evaluation_seed": 0,
        "weights": "ema",
        "beta": run.spec().objective.beta,
        "beta_source": "prior",
        "objective": "pu",
        "correction": "hinge",
        "reduction": "sum",
        "label_counts": {"unlabeled": 24, "sensitive": 6, "normal": 0},
        "seed": 0,
        "steps": 3,
        "images_per_second": 100.0,
        "created": "2026-01-01T00:00:00+00:00",
    }
    report = Report.model_validate(figures | changes)
    report.save(run.report_file)
    return report


def diffusers_samples(folder: Path, count: int) -> np.ndarray:
    """What anybody gets who loads `folder` and draws with DDIM: ``(N, C, H, W)`` uint8."""
    loaded = DiffusionPipeline.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    pipeline = DDIMPipeline(unet=loaded.unet, scheduler=trailing(loaded.scheduler))
    pipeline.set_progress_bar_config(disable=True)
    generators = [torch.Generator().manual_seed(seed) for seed in range(count)]
    images = pipeline(batch_size=count, generator=generators, num_inference_steps=5, output_type="np").images
    return (images * 255).round().astype(np.uint8).transpose(0, 3, 1, 2)


def run_samples(run: RunFolder, count: int, which: str = "ema") -> np.ndarray:
    model = load_model(require_checkpoint(run), which)  # type: ignore[arg-type]
    return sample_images(model, seeds=range(count), steps=5, device=torch.device("cpu"))


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_exported_folder_loads_with_diffusers_and_makes_the_runs_images(run: RunFolder, tmp_path: Path) -> None:
    out = exported(run, tmp_path / "exports" / "clean")
    assert np.array_equal(diffusers_samples(out, 4), run_samples(run, 4))
    assert leftovers(out) == ["README.md", "model_index.json", "scheduler", "unet"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("pipeline", ["DDPMPipeline", "DDIMPipeline"])
def test_export_keeps_the_bases_pipeline_and_noise_schedule(tmp_path: Path, pipeline: str, channels: int) -> None:
    base = tiny_model(tmp_path / "base-model", channels=channels, pipeline=pipeline)  # type: ignore[arg-type]
    run = trained(make_run(tmp_path / "run", model=base, optim__steps=1, data__channels=channels))
    out = exported(run, tmp_path / "out")
    loaded = DiffusionPipeline.from_pretrained(out, local_files_only=True)
    assert type(loaded).__name__ == pipeline
    assert read(out / "scheduler" / "scheduler_config.json") == read(base / "scheduler" / "scheduler_config.json")


def test_model_from_scratch_is_exported(tmp_path: Path) -> None:
    run = trained(make_run(tmp_path / "run", model__source="scratch", optim__steps=1))
    out = exported(run, tmp_path / "out")
    assert isinstance(DiffusionPipeline.from_pretrained(out, local_files_only=True), DDPMPipeline)
    assert "trained from scratch" in (out / "README.md").read_text("utf-8")


def read(path: Path) -> dict[str, object]:
    return json.loads(path.read_text("utf-8"))


def test_averaged_and_raw_weights_are_both_to_be_had(run: RunFolder, tmp_path: Path) -> None:
    ema, raw = exported(run, tmp_path / "ema"), exported(run, tmp_path / "raw", weights="raw")
    first, second = load_file(ema / WEIGHTS), load_file(raw / WEIGHTS)
    assert any(not torch.equal(first[key], second[key]) for key in first)
    assert np.array_equal(diffusers_samples(raw, 2), run_samples(run, 2, "raw"))


def test_every_check_is_told_in_the_result(run: RunFolder, tmp_path: Path) -> None:
    out = exported(run, tmp_path / "out")
    result = next(event for event in run.events() if event["event"] == "result")
    assert result["folder"] == str(out)
    assert [check["name"] for check in result["checks"]] == CHECKS
    assert all(check["ok"] and check["detail"] for check in result["checks"])
    assert [event["done"] for event in run.events() if event["event"] == "progress"][-4:] == [0, 1, 2, 3]


# The card


def test_card_tells_figures_settings_and_limits(run: RunFolder, tmp_path: Path) -> None:
    a_report(run)
    card = (exported(run, tmp_path / "out") / "README.md").read_text("utf-8")
    assert card.startswith("---\nlibrary_name: diffusers\n")
    for expected in (
        "| non-sensitive rate (NSR) | 0.910 [0.882, 0.932] | 0.975 [0.957, 0.986] |",
        "| Fréchet distance | 0.93 | 0.83 |",
        "500 images of known truth",
        "features of the classifier, 48 dimensions",
        "6 images labeled sensitive",
        "24 images not labeled sensitive",
        "fine-tuned from the model `base`",
        "hinge",
        "3 of 3",
        "not a guarantee",
    ):
        assert expected in card
    assert "These figures are of" not in card


def test_report_goes_along_with_the_weights(run: RunFolder, tmp_path: Path) -> None:
    report = a_report(run)
    assert Report.load(exported(run, tmp_path / "out") / "report.json") == report


def test_card_of_a_model_that_was_not_evaluated_says_so(run: RunFolder, tmp_path: Path) -> None:
    out = exported(run, tmp_path / "out")
    assert "Not at all" in (out / "README.md").read_text("utf-8")
    assert not (out / "report.json").exists()


def test_card_says_where_the_figures_are_of_other_weights(run: RunFolder, tmp_path: Path) -> None:
    a_report(run, steps=2)
    card = (exported(run, tmp_path / "out", weights="raw") / "README.md").read_text("utf-8")
    assert "averaged over training (EMA), not of those in this folder" in card
    assert "figures are of step 2; the weights in this folder are of step 3" in card


def test_card_of_an_unsupervised_model_claims_no_removal(tmp_path: Path) -> None:
    run = trained(make_run(tmp_path / "run", objective__kind="unsupervised", optim__steps=1))
    card = (exported(run, tmp_path / "out") / "README.md").read_text("utf-8")
    assert "nothing was removed from it" in card
    assert "It is not sanitized" in card
    assert "β" not in card


def test_card_of_a_model_by_class_says_how_to_ask_for_one(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "run",
        model=tiny_model(tmp_path / "base-model", classes=3),
        conditioning__source="label",
        conditioning__by_label={"unlabeled": "0", "sensitive": "2"},
        optim__steps=1,
    )
    card = (exported(trained(run), tmp_path / "out") / "README.md").read_text("utf-8")
    for expected in (
        "- class-conditional-image-generation",
        "(pixel model), which draws by class, of which there are 3",
        "| class of an image | by its label |",
        "class_labels=classes",
    ):
        assert expected in card
    assert "pipeline_tag" not in card


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("SD", None, "50 DDIM steps, with guidance of 7.5)"),
        ("SD3", 3.0, "50 Euler steps, with guidance of 3)"),
        ("DiT", 1.0, "50 DDIM steps)"),
        ("LDM", None, "50 DDIM steps)"),
    ],
)
def test_card_says_how_the_judged_samples_were_drawn(
    run: RunFolder, tmp_path: Path, name: str, asked: float | None, words: str
) -> None:
    spec = with_settings(run.spec(), {"preview.guidance": asked, "conditioning.source": "tag"})
    model, state = load_model_folder(CHECKPOINTS[name](tmp_path / "base")), load_state(require_checkpoint(run))
    assert words in model_card(CardFacts(model, spec, state, "ema", {}, a_report(run)))


@pytest.mark.parametrize("name", ["DiT of few classes", "SD", "LDM", "pixels by class"])
def test_usage_on_a_card_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model = load_model_folder(CHECKPOINTS[name](tmp_path / "this-folder"))
    code = usage(model, lora=False, base=None).split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(code.replace("(50)", "(2)"), "README.md", "exec"), {})


def test_a_runs_name_is_no_markup(tmp_path: Path) -> None:
    run = trained(make_run(tmp_path / "run", name="a `b`\n# <i>c</i>", optim__steps=1))
    card = (exported(run, tmp_path / "out") / "README.md").read_text("utf-8")
    assert "\n# a \\`b\\` \\# \\<i\\>c\\</i\\>\n" in card


# What an export must not tell


def test_nothing_tells_of_this_computer_or_of_the_images(
    run: RunFolder, trained_once: RunFolder, tmp_path: Path
) -> None:
    out = exported(run, tmp_path / "out")
    for path in out.rglob("*"):
        if path.is_dir():
            continue
        content = path.read_bytes()
        for secret in (
            str(tmp_path),
            str(trained_once.path.parent),
            str(Path.home()),
            "annas",
            "sensitive-000",
            ".png",
            "_name_or_path",
        ):
            assert secret.encode() not in content, f"{path.name} tells {secret}"


@pytest.mark.parametrize(
    "secret",
    [
        "{images}",
        "/somewhere/else/entirely",
        "C:\\\\Users\\\\someone",
        "sensitive-000.png",
        "Zoë Müller.png",
        "Holidays in 2019",
        "{user}",
    ],
)
def test_export_that_would_tell_a_secret_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    run = make_run(tmp_path / "annas", optim__steps=1)
    images = tmp_path / "Holidays in 2019"
    entries = write_images(images, {"unlabeled": 8, "sensitive": 4})
    (images / "sensitive-001.png").rename(images / "Zoë Müller.png")
    entries = [e if e.path != "sensitive-001.png" else type(e)(e.root, "Zoë Müller.png", e.label, "") for e in entries]
    write_manifest(run.manifest_file, entries)
    with_settings(run.spec(), {"data.roots": {"1": str(images)}}).save(run.spec_file)
    trained(run)
    monkeypatch.setattr(getpass, "getuser", lambda: "quentin7")
    told = secret.format(images=images, user="quentin7")

    def telling(model: DiffusionModel, folder: Path) -> None:
        model.save(folder)
        config = read(folder / "unet" / "config.json")
        (folder / "unet" / "config.json").write_text(json.dumps(config | {"note": f"from {told}"}))

    monkeypatch.setattr(export_module, "save_model", telling)
    sentence = refused(run, tmp_path / "exports" / "out")
    assert "unet/config.json tells" in sentence
    assert told not in sentence
    assert leftovers(tmp_path / "exports") == []


def test_metadata_of_the_weights_is_read_too(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def telling(model: DiffusionModel, folder: Path) -> None:
        model.save(folder)
        save_file(load_file(folder / WEIGHTS), folder / WEIGHTS, {"format": "pt", "from": str(run.path)})

    monkeypatch.setattr(export_module, "save_model", telling)
    sentence = refused(run, tmp_path / "out")
    assert "safetensors tells a path" in sentence


def test_folder_with_an_ordinary_name_is_no_secret(tmp_path: Path) -> None:
    """A root called "images" must not keep every card from being written."""
    run = trained(make_run(tmp_path / "run", optim__steps=1))
    assert Path(run.spec().data.roots["1"]).name == "images"
    exported(run, tmp_path / "out")


# What fails leaves nothing behind


def altered(model: DiffusionModel, folder: Path) -> None:
    model.save(folder)
    tensors = load_file(folder / WEIGHTS)
    tensors["conv_in.bias"][0] += 1e-6
    save_file(tensors, folder / WEIGHTS, {"format": "pt"})


def altered_schedule(model: DiffusionModel, folder: Path) -> None:
    model.save(folder)
    file = folder / "scheduler" / "scheduler_config.json"
    file.write_text(json.dumps(read(file) | {"beta_end": 0.03}))


def damaged(model: DiffusionModel, folder: Path) -> None:
    model.save(folder)
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:5000])


def with_pickle(model: DiffusionModel, folder: Path) -> None:
    model.save(folder)
    torch.save(torch.zeros(1), folder / "unet" / "extra.dat")


def with_picture(model: DiffusionModel, folder: Path) -> None:
    model.save(folder)
    Image.new("L", (8, 8)).save(folder / "preview", "PNG")


@pytest.mark.parametrize(
    ("save", "reason"),
    [
        (altered, "same samples: 1 of"),
        (altered_schedule, "same samples: 8 of 8 images differ"),
        (damaged, "loads: "),
        (with_pickle, "no pickles: unet/extra.dat"),
        (with_picture, "no training images: preview"),
    ],
)
def test_export_that_fails_a_check_leaves_nothing(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: object, reason: str
) -> None:
    monkeypatch.setattr(export_module, "save_model", save)
    assert reason in refused(run, tmp_path / "exports" / "out")
    assert leftovers(tmp_path / "exports") == []
    assert not [event for event in run.events() if event["event"] == "result"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), SafetensorError("I/O error: No space left on device")]
)
def test_full_disk_is_a_sentence_and_leaves_nothing(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(self: UNet2DModel, *arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(UNet2DModel, "save_pretrained", full)
    assert "disk is full" in refused(run, tmp_path / "exports" / "out")
    assert leftovers(tmp_path / "exports") == []


# Where an export may go


def test_existing_folder_is_refused_and_untouched(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    for replace_export in (False, True):
        assert "not empty" in refused(run, tmp_path / "out", replace_export=replace_export)
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"
    assert leftovers(tmp_path / "out") == ["thesis.txt"]


def test_earlier_export_is_replaced_only_where_that_is_asked_for(run: RunFolder, tmp_path: Path) -> None:
    out = exported(run, tmp_path / "out")
    before = (out / WEIGHTS).read_bytes()
    assert "replace it with --replace" in refused(run, out, weights="raw")
    assert (out / WEIGHTS).read_bytes() == before
    exported(run, out, weights="raw", replace_export=True)
    assert (out / WEIGHTS).read_bytes() != before


def test_failed_replacement_keeps_the_earlier_export(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = exported(run, tmp_path / "out")
    before = (out / WEIGHTS).read_bytes()
    monkeypatch.setattr(export_module, "save_model", altered)
    refused(run, out, replace_export=True)
    assert (out / WEIGHTS).read_bytes() == before


def test_empty_folder_is_taken(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert (exported(run, tmp_path / "out") / "model_index.json").is_file()


def test_file_in_the_way_is_refused(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    assert "is a file" in refused(run, tmp_path / "out")
    assert "below one" in refused(run, tmp_path / "out" / "below")
    assert (tmp_path / "out").read_text() == "mine"


def test_run_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    assert "no checkpoint yet" in refused(make_run(tmp_path / "run"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
