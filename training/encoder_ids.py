"""Which encoder a job is for, as the name of the folder that keeps its features. Loads no torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

from training.checkpoint_layout import PICKLED, pickle_sentence
from training.errors import UserError
from training.spec import FeaturesSpec

BLOCK = 1 << 16
BLOCKS = 64
"""Of each large file so many blocks, evenly spread, are looked at: weights that differ do so nearly everywhere."""
PARTS = (".json", ".safetensors")
DEPTHS = ("*", "*/*")
"""A model's parts lie in its folder, or each in one of their own."""
WITH_SOURCE = ("base", "folder")


def encoder_id(features: FeaturesSpec) -> str:
    """ "imagenet", or for an encoder with a source its kind and what its weights are: "base-3f2a99c1".

    Raises
    ------
    UserError
        The source is not named, not there, or holds no weights in safetensors.
    """
    if features.encoder not in WITH_SOURCE:
        return features.encoder
    if not features.source:
        what = "the base model" if features.encoder == "base" else "the encoder's folder"
        raise UserError(f"The encoder {features.encoder} needs a model; name {what}.")
    if features.encoder == "folder" and not Path(features.source, "config.json").is_file():
        raise UserError(
            f"{features.source} is not an image encoder's folder: it has no config.json; choose one in the format of "
            "transformers or timm."
        )
    return f"{features.encoder}-{weights_sha256(Path(features.source))[:8]}"


def weights_sha256(source: Path) -> str:
    """A sha256 over what a model is loaded from: names and sizes of its files, and samples of their content.

    Raises
    ------
    UserError
        It is not there, or holds no weights in safetensors.
    """
    if not source.exists():
        raise UserError(f"There is no model {source}; name the folder or file of one.")
    if source.is_file() and source.suffix in PICKLED:
        raise UserError(pickle_sentence(source))
    files = [source] if source.is_file() else [file for depth in DEPTHS for file in source.glob(depth)]
    files = [file for file in files if file.suffix in PARTS]
    if not any(file.suffix == ".safetensors" for file in files):
        raise UserError(f"{source} holds no weights in safetensors format; choose a folder of a model that has them.")
    digest = hashlib.sha256()
    for file in sorted(files):
        name = file.name if file == source else file.relative_to(source).as_posix()
        try:
            digest.update(f"{name} {file.stat().st_size}\n".encode())
            _add_content(digest, file)
        except OSError as error:
            raise UserError(f"{file} cannot be read ({error.strerror}); check the model's files.") from None
    return digest.hexdigest()


def _add_content(digest: hashlib._Hash, file: Path) -> None:
    size = file.stat().st_size
    with file.open("rb") as opened:
        if size <= BLOCK * BLOCKS:
            digest.update(opened.read())
            return
        for number in range(BLOCKS):
            opened.seek(number * (size - BLOCK) // (BLOCKS - 1))
            digest.update(opened.read(BLOCK))
