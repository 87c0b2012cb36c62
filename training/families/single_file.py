"""A Stable Diffusion checkpoint in one .safetensors file, as most are shared: weights, by their original names.

Such a file does not say how its networks are built, nor does it hold a tokenizer. Both come from a folder: any
diffusers folder of the same kind, whose weights are not needed. Nothing is looked up on a hub.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from training.checkpoint_layout import T5, UNUSED
from training.errors import UserError, first_line
from training.families.parts import LIBRARIES, named_parts, read_index, read_json, read_part_config

NETWORK = "model.diffusion_model."
UNET = f"{NETWORK}input_blocks.0.0.weight"
TRANSFORMER = f"{NETWORK}x_embedder.proj.weight"
AUTOENCODERS = ("first_stage_model.", "vae.")
T5_WEIGHTS = "text_encoders.t5xxl."
V_PREDICTION = "v_pred"
"""Name of an empty tensor by which files say that their network predicts v."""

Shapes = Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Of checkpoint.

    Attributes
    ----------
    name
        For people.
    pipeline
        Its class in diffusers.
    denoiser
        The part that holds the network, in a diffusers folder.
    encoders
        What the names of each text encoder's weights begin with, by its part.
    """

    name: str
    pipeline: str
    denoiser: str
    encoders: Mapping[str, str]

    @property
    def parts(self) -> list[str]:
        """What a folder must configure."""
        tokenizers = [part.replace("text_encoder", "tokenizer") for part in self.encoders]
        return [self.denoiser, "vae", "scheduler", *self.encoders, *tokenizers]


SD = Kind("Stable Diffusion", "StableDiffusionPipeline", "unet", {"text_encoder": "cond_stage_model."})
SDXL = Kind(
    "Stable Diffusion XL",
    "StableDiffusionXLPipeline",
    "unet",
    {"text_encoder": "conditioner.embedders.0.transformer.", "text_encoder_2": "conditioner.embedders.1.model."},
)
SD3 = Kind(
    "Stable Diffusion 3",
    "StableDiffusion3Pipeline",
    "transformer",
    {"text_encoder": "text_encoders.clip_l.", "text_encoder_2": "text_encoders.clip_g."},
)


def load_single_file(path: Path, config: Path | None = None) -> Any:
    """Load a file of Stable Diffusion 1.x, 2.x, XL or 3, in float32 on the CPU; of SD 3 with T5 where the file has it.

    Parameters
    ----------
    config
        The folder with its configuration and tokenizers; ``None`` looks for one of the file's name, beside it, and for
        one that it lies in.

    Returns
    -------
    The diffusers pipeline.

    Raises
    ------
    UserError
        The file is damaged, incomplete or of another kind; the folder is missing, incomplete or does not fit.
    """
    shapes = _read_shapes(path)
    kind = _kind(path, shapes)
    folder = _config_folder(path, config, kind)
    _check_config(path, folder, kind, shapes)
    loader = getattr(diffusers, kind.pipeline)
    index = read_index(folder)
    absent = dict.fromkeys(part for part in UNUSED if part in index)
    if kind is SD3 and not (_has(shapes, T5_WEIGHTS) and (folder / T5[0] / "config.json").is_file()):
        absent |= dict.fromkeys(T5)
    try:
        pipeline = loader.from_single_file(
            str(path), config=str(folder), local_files_only=True, dtype=torch.float32, **absent
        )
    except Exception as error:
        reason = first_line(error)
        if "meta tensor" in reason:  # a weight that was never loaded
            reason = "it lacks weights that are configured there"
        raise UserError(
            f"{path} cannot be loaded with the configuration in {folder} ({reason}); take that of the model that the "
            "file was made from, or copy the file again."
        ) from error
    if kind is SD3 and pipeline.text_encoder_3 is not None:
        pipeline.text_encoder_3.tie_weights()  # diffusers fills one of the two names of T5's embeddings
    for name, part in pipeline.components.items():
        if isinstance(part, nn.Module):
            part.eval()  # diffusers forgets it for T5, which has dropout
            _check_whole(path, name, part)
    return pipeline


def _read_shapes(path: Path) -> Shapes:
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_slice(name).get_shape() for name in list(file.keys())}
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read as a safetensors file ({error}); download or copy it again.") from None


def _kind(path: Path, shapes: Shapes) -> Kind:
    kind = SD3 if TRANSFORMER in shapes else SDXL if _has(shapes, "conditioner.") else SD
    if UNET not in shapes and kind is not SD3:
        if any(".lora" in name or name.startswith("lora_") for name in shapes):
            raise UserError(f"{path} is a LoRA file, which only adds to a model; choose the checkpoint it belongs to.")
        raise UserError(
            f"{path} is no single-file checkpoint of Stable Diffusion 1.x, 2.x, XL or 3; convert it to a diffusers "
            "folder and choose that."
        )
    channels = shapes[UNET][1] if kind is not SD3 else None
    if channels not in (None, 4):
        raise UserError(
            f"The network of {path} takes {channels} channels, as for inpainting or editing; take the checkpoint that "
            "makes images from captions alone."
        )
    if "edm_mean" in shapes:
        raise UserError(
            f"{path} was trained with a noise process that is not supported (EDM); choose another checkpoint."
        )
    for part, prefixes in {**{part: (prefix,) for part, prefix in kind.encoders.items()}, "vae": AUTOENCODERS}.items():
        if not _has(shapes, *prefixes):
            raise UserError(
                f"{path} has no {part} (weights named {prefixes[0]}…), as a whole checkpoint of {kind.name} has; "
                "choose the complete file of the model."
            )
    return kind


def _has(shapes: Shapes, *prefixes: str) -> bool:
    return any(name.startswith(prefixes) for name in shapes)


def _config_folder(path: Path, config: Path | None, kind: Kind) -> Path:
    beside = path.with_suffix("")
    if config is None and not beside.is_dir() and (path.parent / "model_index.json").is_file():
        return path.parent  # as many are shared, next to the parts
    folder = config or beside
    if folder.is_dir():
        return folder
    missing = f"{config} is not a folder" if config else f"{path} comes without its configuration and tokenizers"
    raise UserError(
        f"{missing}: name as model.config, or put at {path.with_suffix('')}, a diffusers folder of the same version of "
        f"{kind.name} (model_index.json and its parts; weights are not needed)."
    )


def _check_config(path: Path, folder: Path, kind: Kind, shapes: Shapes) -> None:
    index = read_index(folder)
    if index.get("_class_name") != kind.pipeline:
        raise UserError(
            f"{path} is of {kind.name} and {folder} is the configuration of a {index.get('_class_name')}; name as "
            f"model.config a diffusers folder of {kind.name}."
        )
    named = named_parts(folder, index)
    for part in dict.fromkeys((*kind.parts, *(part for part in named if part not in UNUSED))):
        if part not in named or named[part][0] not in LIBRARIES:
            raise UserError(f"{folder}/model_index.json names no usable {part}; {_remedy(folder, kind)}")
    for part in kind.parts:
        missing = _missing_file(folder / part)
        if missing is not None:
            raise UserError(f"{folder} lacks {part}/{missing}, which {path.name} needs; {_remedy(folder, kind)}")
    for part in named:
        if (folder / part / "config.json").is_file():
            read_part_config(folder / part, f"{folder} is incomplete")
    _check_fit(path, folder, kind, shapes)


def _missing_file(folder: Path) -> str | None:
    """The first file that a part's configuration lacks."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set[str]()
    if folder.name.startswith("tokenizer"):
        wanted = [] if "tokenizer.json" in names else ["vocab.json", "merges.txt"]
    else:
        wanted = ["scheduler_config.json" if folder.name == "scheduler" else "config.json"]
    return next((name for name in wanted if name not in names), None)


def _remedy(folder: Path, kind: Kind) -> str:
    return f"copy it to {folder} from any diffusers folder of the same version of {kind.name}."


def _check_fit(path: Path, folder: Path, kind: Kind, shapes: Shapes) -> None:
    """Whether the folder's version is the file's: 1.x, 2.x with ε and 2.x with v have the same parts."""
    layer, key = (
        ("context_embedder.weight", "joint_attention_dim")
        if kind is SD3
        else (".attn2.to_k.weight", "cross_attention_dim")
    )
    wanted = read_json(folder / kind.denoiser / "config.json", f"{folder} is incomplete").get(key)
    width = next((shape[1] for name, shape in shapes.items() if name.endswith(layer)), None)
    if width != wanted:
        raise UserError(
            f"The network of {path} takes caption tokens of {width} values, and {folder} is the configuration of one "
            f"that takes {wanted}; use that of the file's own version."
        )
    scheduler = read_json(folder / "scheduler" / "scheduler_config.json", f"{folder} is incomplete")
    if V_PREDICTION in shapes and scheduler.get("prediction_type") != "v_prediction":
        raise UserError(
            f"{path} says that its network predicts v, and {folder}/scheduler/scheduler_config.json does not; set its "
            'prediction_type to "v_prediction".'
        )


def _check_whole(path: Path, name: str, part: nn.Module) -> None:
    missing = [key for key, weight in part.named_parameters() if weight.is_meta]
    if missing:
        raise UserError(
            f"{path} lacks {len(missing)} weights of its {name}, the first of them {missing[0]}; choose the complete "
            "file, with the configuration of its own version."
        )
