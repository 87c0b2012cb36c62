"""What a checkpoint says about itself, read from its JSON files and weight headers alone.

Enough to fill in a run's settings and to refuse at once what cannot be trained; the engine checks the rest before it
trains.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pudm_gui.single_file import PIPELINE_OF_FILE, file_parameters
from pudm_gui.weights_header import folder_parameters
from training.checkpoint_layout import PICKLED, T5, UNUSED, pickle_sentence
from training.errors import UserError

Conditioning = Literal["none", "class", "caption"]


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of pipeline, and where its folders hold what."""

    name: str
    """For people."""
    network: str = "unet"
    """Folder of the network that is trained."""
    autoencoder: str = ""
    """Folder of the autoencoder; "" where the network works on pixels."""
    conditioning: Conditioning = "none"
    lora: bool = False


FAMILIES = {
    "DDPMPipeline": Family("Pixel diffusion"),
    "DDIMPipeline": Family("Pixel diffusion"),
    "LDMPipeline": Family("Latent diffusion", autoencoder="vqvae"),
    "StableDiffusionPipeline": Family("Stable Diffusion", autoencoder="vae", conditioning="caption", lora=True),
    "StableDiffusionXLPipeline": Family("Stable Diffusion XL", autoencoder="vae", conditioning="caption", lora=True),
    "DiTPipeline": Family("Diffusion transformer", "transformer", "vae", "class"),
    "StableDiffusion3Pipeline": Family("Stable Diffusion 3", "transformer", "vae", "caption", lora=True),
}
"""By the class that `model_index.json` names; the engine's own table is `training.families`."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """`image_size` in pixels and `channels` are None where the checkpoint does not say them as one number."""

    path: Path
    """The folder, or the single file."""
    family: str
    image_size: int | None
    channels: int | None
    conditioning: Conditioning = "none"
    classes: int | None = None
    """How many there are; None for a model without."""
    class_names: dict[str, int] = field(default_factory=dict)
    """Index by name, where the checkpoint lists them."""
    latent: bool = False
    """Whether an autoencoder stands between its network and pixels."""
    lora: bool = False
    """Whether a LoRA adapter can be trained in place of all weights."""
    parameters: int | None = None
    """Of the network that is trained."""
    config: Path | None = None
    """For a single file: the folder with its configuration and tokenizers."""


class ConfigNeededError(UserError):
    """A single file, and no folder with the configuration and tokenizers that it lacks."""


def read_model_folder(path: Path, config: Path | None = None) -> ModelFacts:
    """Look into a diffusers folder or a single ``.safetensors`` file.

    Parameters
    ----------
    config
        For a file: a folder with the configuration and tokenizers of its kind of model; where not given, one that lies
        beside the file.

    Raises
    ------
    ConfigNeededError
        A file whose configuration is nowhere to be found.
    UserError
        Not a checkpoint, of a kind that is not supported, or incomplete.
    """
    if path.is_file():
        return _read_file(path, config)
    if not path.is_dir():
        raise UserError(f"There is no folder {path}; name the folder of a diffusers model, or a .safetensors file.")
    index = _index(path)
    _check_parts(path, index)
    facts = _described(path, index)
    return replace(facts, parameters=folder_parameters(path / _family(path, index).network))


def _read_file(file: Path, config: Path | None) -> ModelFacts:
    if file.suffix in PICKLED:
        raise UserError(pickle_sentence(file))
    if file.suffix != ".safetensors":
        raise UserError(f"{file} is a file of another kind; choose a diffusers folder or a .safetensors checkpoint.")
    kind, parameters = file_parameters(file)
    pipeline = PIPELINE_OF_FILE[kind]
    folder = config if config is not None else _config_beside(file, pipeline)
    if folder is None:
        raise ConfigNeededError(
            f"{file.name} is a {kind} checkpoint in one file, which holds neither configuration nor tokenizers; name a "
            "folder that has them too: any diffusers folder of this kind of model, weights are not needed there."
        )
    index = _index(folder)
    if index.get("_class_name") != pipeline:
        raise UserError(
            f"{file.name} is a {kind} checkpoint, and {folder} is the configuration of a {index.get('_class_name')}; "
            f"choose a folder of {kind}."
        )
    facts = _described(folder, index)
    return replace(facts, path=file.resolve(), parameters=parameters, config=folder.resolve())


def _config_beside(file: Path, pipeline: str) -> Path | None:
    for folder in (file.with_suffix(""), file.parent):
        if _json(folder / "model_index.json").get("_class_name") == pipeline:
            return folder
    return None


def _index(folder: Path) -> dict[str, Any]:
    if not (folder / "model_index.json").is_file():
        raise UserError(
            f"{folder} is not a diffusers folder: it has no model_index.json; choose the folder that save_pretrained "
            "wrote."
        )
    index = _json(folder / "model_index.json")
    if not index:
        raise UserError(f"{folder / 'model_index.json'} cannot be read; download or copy the checkpoint again.")
    return index


def _family(folder: Path, index: dict[str, Any]) -> Family:
    name = index.get("_class_name")
    if name not in FAMILIES:
        raise UserError(
            f"{folder} holds a {name}, which is not supported; the supported ones are {', '.join(FAMILIES)}."
        )
    return FAMILIES[name]


def _check_parts(folder: Path, index: dict[str, Any]) -> None:
    """Every part that the pipeline names has its folder."""
    _family(folder, index)
    spared = UNUSED if (folder / T5[0]).is_dir() else (*UNUSED, *T5)
    for part, value in index.items():
        wanted = isinstance(value, list) and value[:1] != [None] and part not in spared
        if wanted and not (folder / part).is_dir():
            raise UserError(
                f"{folder} is incomplete: model_index.json names {part}, and there is no folder {part}; copy the "
                "checkpoint again."
            )


def _described(folder: Path, index: dict[str, Any]) -> ModelFacts:
    """All but what the weights tell."""
    family = _family(folder, index)
    network = _json(folder / family.network / "config.json")
    if not network:
        raise UserError(
            f"{folder} is incomplete: {family.network}/config.json is missing or damaged; copy the checkpoint again."
        )
    size, channels = _number(network.get("sample_size")), _number(network.get("in_channels"))
    if family.autoencoder:
        autoencoder = _json(folder / family.autoencoder / "config.json")
        blocks = autoencoder.get("block_out_channels")
        factor = 2 ** (len(blocks) - 1) if isinstance(blocks, list) and blocks else None
        size = size * factor if size is not None and factor is not None else None
        channels = _number(autoencoder.get("in_channels"))
    conditioning, classes = family.conditioning, None
    if not conditioning.startswith("caption"):
        classes = _number(network.get("num_embeds_ada_norm" if conditioning == "class" else "num_class_embeds"))
        conditioning = "class" if classes else conditioning
    return ModelFacts(
        path=folder.resolve(),
        family=family.name,
        image_size=size,
        channels=channels,
        conditioning=conditioning,
        classes=classes,
        class_names=_class_names(index.get("id2label")),
        latent=bool(family.autoencoder),
        lora=family.lora,
    )


def _class_names(labels: object) -> dict[str, int]:
    """Index by each of the names in {"0": "tench, Tinca tinca"}, the form of DiTPipeline.

    Names of several classes are left out: a crane is a bird and a machine.
    """
    found: defaultdict[str, set[int]] = defaultdict(set)
    for number, words in labels.items() if isinstance(labels, dict) else ():
        if str(number).isdecimal():
            for word in str(words).split(","):
                found[word.strip()].add(int(number))
    return {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}


def _json(path: Path) -> dict[str, Any]:
    """An object from a file; empty where there is none, and whoever needs it says what is missing."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
