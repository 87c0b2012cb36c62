"""Loading the parts of a local diffusers folder safely.

Nothing here reaches a hub, opens a pickle or runs code that comes with a checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import torch
from diffusers import DiffusionPipeline
from diffusers.utils import logging
from torch import nn

from training.checkpoint_layout import PICKLED, UNUSED, pickle_sentence
from training.errors import UserError, first_line

logging.disable_progress_bar()  # a log has no use for bars

LIBRARIES = ("diffusers", "transformers")
"""Where the classes of a pipeline's parts may come from."""
EARLIER_NAMES = {"DiTTransformer2DModel": "Transformer2DModel"}
"""What a network's class was called when older checkpoints of it were saved."""

Pipeline = TypeVar("Pipeline", bound=DiffusionPipeline)


def read_index(folder: Path) -> dict[str, Any]:
    """``model_index.json``.

    Raises
    ------
    UserError
        Not a diffusers folder, or a pickled checkpoint.
    """
    if folder.is_file() and folder.suffix in PICKLED:
        raise UserError(pickle_sentence(folder))
    return read_json(folder / "model_index.json", f"{folder} is not a diffusers folder: it has no model_index.json")


def read_json(path: Path, missing: str) -> dict[str, Any]:
    """One of a folder's configuration files; `missing` begins the sentence for when it is not there."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{missing}; choose the folder that save_pretrained wrote, with model_index.json in it."
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); download or copy the checkpoint again.") from None
    if not isinstance(document, dict):
        raise UserError(f"{path} is not a diffusers configuration; download or copy the checkpoint again.")
    return document


def read_part_config(folder: Path, missing: str) -> dict[str, Any]:
    """The ``config.json`` of a network; `missing` begins the sentence for when it is not there.

    Raises
    ------
    UserError
        It is missing or damaged, names code to compute attention with, which transformers would fetch from a hub and
        run, or says that the weights are quantised.
    """
    config = read_json(folder / "config.json", missing)
    for key, value in _items(config):
        if key.endswith("attn_implementation") and "/" in str(value):
            raise UserError(
                f"{folder / 'config.json'} names code from elsewhere to compute attention with ({value}), which is "
                f"refused; take {key} out of it."
            )
        if key == "quantization_config" and value:
            raise UserError(f"The weights in {folder} are quantised, and cannot be trained; take the full checkpoint.")
    return config


def _items(document: Any) -> Iterator[tuple[str, Any]]:
    """Keys and values, also of what lies within."""
    if isinstance(document, list):
        for value in document:
            yield from _items(value)
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key, value
            yield from _items(value)


def load_pipeline(
    folder: Path, kind: type[Pipeline], denoiser: type[nn.Module], name: str = "unet", absent: Collection[str] = ()
) -> Pipeline:
    """Load a whole pipeline in float32 on the CPU.

    Parameters
    ----------
    folder
        What ``save_pretrained`` wrote.
    kind
        The pipeline's class.
    denoiser, name
        The class of the network that is trained, and the name of that part.
    absent
        Other parts to do without.

    Raises
    ------
    UserError
        A part is missing, damaged, pickled, or of another class.
    """
    index = read_index(folder)
    wanted = {
        part: named for part, named in named_parts(folder, index).items() if part not in UNUSED and part not in absent
    }
    for part, (library, cls) in wanted.items():
        _check_part(folder / part, library, cls)
    config = read_part_config(folder / name, f"{folder} is incomplete: it has no {name}/config.json")
    if config.get("_class_name") not in (denoiser.__name__, EARLIER_NAMES.get(denoiser.__name__)):
        raise UserError(
            f"The network of {folder} is a {config.get('_class_name')}, and a {kind.__name__} needs a "
            f"{denoiser.__name__}; take another checkpoint."
        )
    given: dict[str, Any] = dict.fromkeys((*absent, *(part for part in UNUSED if part in index)))
    given[name] = _load_part(folder / name, denoiser)
    for part, (library, cls) in wanted.items():
        if part not in given and _has_weights(cls):
            given[part] = _load_part(folder / part, _class_of(folder / part, library, cls))
    if "safety_checker" in index:
        given["requires_safety_checker"] = False
    try:
        return kind.from_pretrained(folder, **given, local_files_only=True)
    except Exception as error:
        raise _unloadable(folder, error) from error


def named_parts(folder: Path, index: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Library and class of each part that ``model_index.json`` of `folder` names and does not leave out.

    Raises
    ------
    UserError
        Something else than the two is named.
    """
    parts = {part: value for part, value in index.items() if isinstance(value, list) and value[:1] != [None]}
    for part, value in parts.items():
        if len(value) != 2:
            raise UserError(
                f"{folder}/model_index.json does not name library and class of its {part}; copy the checkpoint again."
            )
    return {part: (str(library), str(cls)) for part, (library, cls) in parts.items()}


def weights_variant(folder: Path) -> str | None:
    """The "fp16" of weights that are there as ``diffusion_pytorch_model.fp16.safetensors`` alone.

    Raises
    ------
    UserError
        There are no weights, or only pickled ones.
    """
    names = [path.name for path in folder.glob("*.safetensors")]
    if not names:
        pickled = next((path for path in sorted(folder.iterdir()) if path.suffix in PICKLED), None)
        if pickled is not None:
            raise UserError(pickle_sentence(pickled))
        raise UserError(f"{folder} has no weights (a .safetensors file); copy the checkpoint again.")
    return "fp16" if all(".fp16" in name for name in names) else None


def _check_part(folder: Path, library: str, cls: str) -> None:
    if library not in LIBRARIES:
        raise UserError(
            f"{folder.parent} takes its {folder.name} from {library!r}, which is not part of diffusers or transformers "
            "and is refused; take another checkpoint."
        )
    if not folder.is_dir():
        raise UserError(f"{folder.parent} is incomplete: it has no {folder.name} folder; copy the checkpoint again.")
    if cls.endswith("Scheduler"):
        read_json(folder / "scheduler_config.json", f"{folder.parent} is incomplete: it has no scheduler configuration")
    elif not _has_weights(cls):
        if not any(folder.iterdir()):
            raise UserError(f"{folder} has no tokenizer files; copy the checkpoint again.")
    else:
        read_part_config(folder, f"{folder.parent} is incomplete: it has no {folder.name}/config.json")
        weights_variant(folder)
        _check_references(folder)


def _has_weights(cls: str) -> bool:
    return not cls.endswith("Scheduler") and "Tokenizer" not in cls


def _check_references(folder: Path) -> None:
    """Refuse what makes libraries open other files than the safetensors of `folder`, unasked."""
    if (folder / "adapter_config.json").exists():  # transformers would load the base model that it names
        raise UserError(f"{folder} holds an adapter (adapter_config.json), not a whole part; take a merged checkpoint.")
    for index in sorted(folder.glob("*.safetensors.index.json")):
        shards = read_json(index, f"{folder} is incomplete").get("weight_map")
        names = set(shards.values()) if isinstance(shards, dict) else {""}
        wrong = next(
            (name for name in sorted(map(str, names)) if Path(name).name != name or not name.endswith(".safetensors")),
            None,
        )
        if wrong is not None:
            raise UserError(f"{index} names the weights {wrong!r}, which are no safetensors beside it; copy it again.")


def _class_of(folder: Path, library: str, cls: str) -> type[nn.Module]:
    found = getattr(import_module(library), cls, None)
    if not (isinstance(found, type) and issubclass(found, nn.Module) and hasattr(found, "from_pretrained")):
        raise UserError(f"{folder} is said to be a {cls}, which {library} has no network of; take another checkpoint.")
    return found


def _load_part(folder: Path, cls: type[nn.Module]) -> nn.Module:
    """A part with all of its weights: libraries would draw the missing ones at random."""
    try:
        part, info = cls.from_pretrained(  # type: ignore[attr-defined]
            folder,
            use_safetensors=True,
            local_files_only=True,
            dtype=torch.float32,
            variant=weights_variant(folder),
            output_loading_info=True,
        )
    except Exception as error:
        raise _unloadable(folder, error) from error
    missing = sorted(info["missing_keys"])
    if missing:
        raise UserError(
            f"The weights in {folder} cannot be loaded ({len(missing)} are missing, the first of them {missing[0]}); "
            "copy the checkpoint again."
        )
    return part


def _unloadable(folder: Path, error: Exception) -> UserError:
    """diffusers, transformers and safetensors raise many types on a damaged or mismatched file."""
    reason = first_line(error).split(" If you want")[0].rstrip(".")
    return UserError(f"{folder} cannot be loaded ({reason}); copy the checkpoint again.")
