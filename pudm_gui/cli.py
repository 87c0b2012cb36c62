"""`pudm`: everything the window does, without a window."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, get_args

from pudm_gui.commands import demo, features, labels, projects, results, suggest, training
from pudm_gui.commands.conditions import add_condition_options
from pudm_gui.commands.console import BAD_INPUT, INTERRUPTED, Console
from pudm_gui.commands.engine import EngineError, StageInterruptedError
from training import __version__
from training.errors import UserError
from training.spec import Correction, Objective, Reduction

Command = Callable[[argparse.Namespace, Console], int]
DEFECT = 1
CONFIG_HELP = "for a single file: a diffusers folder with the configuration and tokenizers of its kind of model"


class UsageError(UserError):
    """Wrong flags or arguments."""


class Parser(argparse.ArgumentParser):
    """Complains in one line, like every other error of `pudm`."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 2 on wrong usage or bad input, 1 on a defect, 130 after Ctrl+C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # paths may hold any bytes, and every terminal gets β
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    as_json = "--json" in arguments
    try:
        args = build_parser().parse_args(arguments)
        command: Command = args.command
        return command(args, Console(as_json=args.json))
    except UserError as error:
        return _complain(str(error), BAD_INPUT, as_json)
    except EngineError as error:
        return _complain(str(error), DEFECT, as_json)
    except StageInterruptedError as error:
        return _complain(str(error), INTERRUPTED, as_json)
    except KeyboardInterrupt:
        return _complain("Stopped.", INTERRUPTED, as_json)
    except OSError as error:
        if error.filename is None:
            raise
        return _complain(f"{error.filename}: {error.strerror}; check the path and its permissions.", BAD_INPUT, as_json)


def _complain(sentence: str, code: int, as_json: bool) -> int:
    line = " ".join(sentence.split())
    sys.stderr.write(line + "\n")
    if as_json:
        sys.stdout.write(json.dumps({"error": line}) + "\n")
    return code


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="pudm",
        description="Label a few sensitive images, fine-tune a diffusion model so that it stops generating them.",
        epilog="The window is pudm-gui. Start with: pudm demo",
    )
    parser.add_argument("--version", action="version", version=f"pudm {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands)
    _add_project_commands(commands)
    _add_features(commands)
    _add_suggestions(commands)
    _add_prior(commands)
    _add_train(commands)
    _add_resume(commands)
    _add_result_commands(commands)
    return parser


def _command(commands: Any, name: str, run: Command, text: str, usage: str | None = None) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, usage=usage)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout; progress on stderr")
    parser.set_defaults(command=run)
    return parser


def _add_demo(commands: Any) -> None:
    parser = _command(commands, "demo", demo.demo, "the whole job on real handwritten digits, on a CPU, in minutes")
    parser.add_argument("--out", type=Path, default=Path("pudm-demo"), metavar="DIR", help="default: ./pudm-demo")
    parser.add_argument("--seed", type=_whole(0), default=0, metavar="N", help="split and training seed; default: 0")


def _add_project_commands(commands: Any) -> None:
    parser = _command(commands, "new", projects.new, "create a project and scan its image folders")
    parser.add_argument("project", type=Path, metavar="PROJECT.pudm")
    parser.add_argument("image_dirs", type=Path, nargs="+", metavar="IMAGE_DIR")
    parser = _command(commands, "scan", projects.scan_again, "look for new, changed and missing images")
    parser.add_argument("project", type=Path, metavar="PROJECT")
    text = "an image folder of the project has moved from OLD to NEW; labels stay"
    parser.add_argument("--moved", type=Path, nargs=2, metavar=("OLD", "NEW"), help=text)
    moving = commands.add_parser("labels", help="move labels in and out as files").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    text = "set labels from a table with the columns path,label[,tags], or from a folder"
    importing = _command(moving, "import", labels.import_labels, text)
    exporting = _command(moving, "export", labels.export_labels, "write the labels to a table or a folder")
    labels.add_options(importing, exporting)


def _add_features(commands: Any) -> None:
    text = "look at all images with an encoder, so that like ones can be found"
    parser = _command(commands, "features", features.features, text)
    parser.add_argument("project", type=Path, metavar="PROJECT")
    text = "imagenet (default), base, pixels, nudity, or the folder of an image encoder (transformers or timm)"
    parser.add_argument("--encoder", default="imagenet", metavar="NAME|DIR", help=text)
    text = "for base: the diffusers folder or .safetensors checkpoint that is to be fine-tuned"
    parser.add_argument("--from", dest="source", type=Path, metavar="MODEL_DIR", help=text)
    parser.add_argument("--config", type=Path, metavar="DIR", help=CONFIG_HELP)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"))


def _add_suggestions(commands: Any) -> None:
    text = "list the unlabeled images that are likeliest sensitive, by those that are labeled"
    suggesting = _command(commands, "suggest", suggest.suggest, text)
    finding = _command(commands, "similar", suggest.find_similar, "list images that look like others")
    grouping = _command(commands, "duplicates", suggest.duplicates, "list groups of images that show the same")
    text = "list kinds of images that look sensitive and of which none is labeled"
    covering = _command(commands, "coverage", suggest.find_gaps, text)
    suggest.add_options(suggesting, finding, grouping, covering, _whole)


def _add_prior(commands: Any) -> None:
    parser = _command(commands, "prior", training.prior, "estimate β, the sensitive share of the unlabeled images")
    parser.add_argument("project", type=Path, metavar="PROJECT")


def _add_train(commands: Any) -> None:
    text = "train or fine-tune; prints the run folder"
    parser = _command(commands, "train", training.train, text, usage="pudm train PROJECT [options]")
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument(
        "--from",
        dest="source",
        type=_source,
        default="scratch",
        metavar="DIR|FILE|scratch",
        help="a diffusers folder or a .safetensors checkpoint to fine-tune, or scratch (default)",
    )
    parser.add_argument("--config", type=Path, metavar="DIR", help=CONFIG_HELP)
    parser.add_argument("--lora", type=_whole(1), metavar="RANK", help="train a LoRA adapter in place of all weights")
    parser.add_argument("--objective", choices=get_args(Objective), help="default: pu")
    parser.add_argument("--beta", type=_beta, metavar="X|auto", help="sensitive share of the unlabeled images")
    parser.add_argument("--correction", choices=get_args(Correction), help="while the risk is negative")
    parser.add_argument("--reduction", choices=get_args(Reduction), help="of the loss over pixels")
    parser.add_argument("--steps", type=int, metavar="N")
    parser.add_argument("--batch-size", type=int, metavar="N")
    parser.add_argument("--image-size", type=int, metavar="N", help="pixels; default: the model's, or 32 from scratch")
    parser.add_argument("--lr", type=float, metavar="X", help="learning rate")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"))
    text = "make the run folder and stop there, to train it elsewhere or with several processes"
    parser.add_argument("--prepare", action="store_true", help=text)
    parser.add_argument(
        "--set",
        type=_assignment,
        nargs="+",
        action="extend",
        metavar="key=value",
        help="any other setting of spec.json, such as optim.warmup_steps=50",
    )
    add_condition_options(parser)


def _add_resume(commands: Any) -> None:
    parser = _command(commands, "resume", training.resume, "go on with a stopped or interrupted run")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")


def _add_result_commands(commands: Any) -> None:
    parser = _command(commands, "sample", results.sample, "draw images from a model or a run")
    parser.add_argument("model_dir", type=Path, metavar="MODEL_DIR")
    parser.add_argument("--n", type=_whole(1), required=True, metavar="N", help="how many")
    parser.add_argument("--seed", type=_whole(0), required=True, metavar="N", help="image i has the seed N + i")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--sampling-steps", type=_whole(1), metavar="K")
    parser.add_argument("--prompt", metavar="TEXT", help="what to draw, for a model that takes captions")
    parser.add_argument(
        "--class", type=_whole(0), dest="class_index", metavar="N", help="for a model that takes classes"
    )
    parser.add_argument("--guidance", type=float, metavar="G", help="how closely to keep to it; 1 is not at all")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"))
    parser = _command(commands, "evaluate", results.evaluate, "measure a run; writes RUN_DIR/report.json")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument("--samples", type=_whole(2), metavar="N", help="images drawn from each model")
    parser.add_argument("--truth", type=Path, metavar="FILE.csv", help="held-out images with labels, as path,label")
    parser.add_argument("--seed", type=_whole(0), metavar="N")
    text = "write the trained model as a diffusers folder, and a LoRA run's adapter as a file beside it"
    parser = _command(commands, "export", results.export, text)
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR")
    parser.add_argument("--weights", choices=("ema", "raw"), help="averaged (default) or last weights")
    parser.add_argument("--replace", action="store_true", help="take the place of an earlier export in OUT_DIR")


def _source(text: str) -> str | Path:
    return text if text == "scratch" else Path(text)


def _beta(text: str) -> float | str:
    if text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor auto") from None


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form key=value")
    return key, value


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.strip().isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return parse


if __name__ == "__main__":
    sys.exit(main())
