"""Text encoders and tokenizers as libraries before transformers 5.6 read them, which newer ones read as well.

What transformers writes today, it reads wrongly there without an error: weights by other names count as missing and are
drawn at random.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from training.atomic import write_atomic

PREFIX = "text_model."
WEIGHTS = "model.safetensors"


def rewrite(pipeline: Any, folder: Path) -> None:
    """Replace what ``save_pretrained`` wrote of CLIP and T5 by what older libraries read, too."""
    for name, part in pipeline.components.items():
        if type(part).__name__ == "CLIPTextModel":
            _name_weights(folder / name / WEIGHTS)
        elif name.startswith("tokenizer") and part is not None:
            if type(part).__name__ == "CLIPTokenizer":
                part.backend_tokenizer.model.save(str(folder / name))  # vocab.json and merges.txt
            _name_special_tokens(folder / name / "tokenizer_config.json")
            if type(part).__name__ == "T5Tokenizer":
                _name_class(folder / "model_index.json", name)


def _name_weights(path: Path) -> None:
    weights = load_file(path)
    if not all(name.startswith(PREFIX) for name in weights):
        save_file({f"{PREFIX}{name}": weight for name, weight in weights.items()}, path, {"format": "pt"})


def _name_special_tokens(path: Path) -> None:
    settings = json.loads(path.read_text("utf-8"))
    if isinstance(settings.get("extra_special_tokens"), list):  # a dict before transformers 5
        settings["additional_special_tokens"] = settings.pop("extra_special_tokens")
        _write(path, settings)


def _name_class(path: Path, part: str) -> None:
    """Of T5's two tokenizers that once were, the one that reads tokenizer.json."""
    index = json.loads(path.read_text("utf-8"))
    index[part] = ["transformers", "T5TokenizerFast"]
    _write(path, index)


def _write(path: Path, document: Any) -> None:
    write_atomic(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
