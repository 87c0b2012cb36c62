"""What a safetensors file holds, from its header alone: a few kilobytes are read, whatever the size of the weights."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from training.checkpoint_layout import PICKLED, pickle_sentence
from training.errors import UserError

Shapes = Mapping[str, tuple[int, ...]]
"""Shape of each tensor by its name."""

LONGEST_HEADER = 100_000_000
"""Bytes; the format's own limit."""


def read_shapes(file: Path) -> Shapes:
    """The tensors of one file.

    Raises
    ------
    UserError
        It cannot be read, or is not a safetensors file.
    """
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if not 0 < length <= LONGEST_HEADER:
                raise ValueError("its header is damaged")
            header = json.loads(opened.read(length))
        tensors = {name: value for name, value in header.items() if name != "__metadata__"}
        return {name: tuple(int(side) for side in value["shape"]) for name, value in tensors.items()}
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}); check its permissions.") from None
    except (ValueError, AttributeError, KeyError, TypeError):
        raise UserError(f"{file} is damaged, or no safetensors file; download or copy it again.") from None


def count_parameters(shapes: Shapes, prefix: str = "") -> int:
    """Numbers in the tensors whose name begins with `prefix`."""
    return sum(math.prod(shape) for name, shape in shapes.items() if name.startswith(prefix))


def folder_parameters(folder: Path) -> int:
    """Parameters of the network whose weights lie in `folder`, of one variant where there are several.

    Raises
    ------
    UserError
        There are no weights, only pickled ones, or damaged ones.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror}); check its permissions.") from None
    files = _one_variant(name for name in names if name.endswith(".safetensors"))
    if not files:
        pickled = next((name for name in names if Path(name).suffix in PICKLED), None)
        raise UserError(
            pickle_sentence(folder / pickled)
            if pickled is not None
            else f"{folder} has no weights (a .safetensors file); copy the checkpoint again."
        )
    return sum(count_parameters(read_shapes(folder / name)) for name in files)


def _one_variant(names: Iterable[str]) -> list[str]:
    """Of weights such as x.safetensors, x.fp16.safetensors and x.non_ema.safetensors, or their shards, those of one."""
    variants: dict[str, list[str]] = {}
    for name in names:
        _, _, variant = name.removesuffix(".safetensors").partition(".")
        variants.setdefault(variant.partition("-")[0], []).append(name)
    return variants[min(variants)] if variants else []
