"""Random text encoders of a few thousand parameters, with tokenizers made on the spot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import torch
from tokenizers import pre_tokenizers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

START, END = "<|startoftext|>", "<|endoftext|>"
LETTERS = pre_tokenizers.ByteLevel.alphabet()
HIDDEN = 8
Network = TypeVar("Network", bound=torch.nn.Module)


def clip_tokenizer(folder: Path, limit: int = 77) -> CLIPTokenizer:
    """A byte-level tokenizer with one merge, read from the vocab.json and merges.txt that it writes into `folder`."""
    pieces = [*sorted(LETTERS), *(f"{letter}</w>" for letter in sorted(LETTERS)), "ca", "cat</w>", START, END]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({piece: index for index, piece in enumerate(pieces)}), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\nc a\nca t</w>\n", "utf-8")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=limit)


def clip_config(tokenizer: CLIPTokenizer, hidden: int = HIDDEN, projection: int = HIDDEN) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=projection,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def clip_text_model(tokenizer: CLIPTokenizer, seed: int = 0) -> CLIPTextModel:
    torch.manual_seed(seed)
    return loud(CLIPTextModel(clip_config(tokenizer)))


def clip_projection_model(
    tokenizer: CLIPTokenizer, projection: int, hidden: int = HIDDEN, seed: int = 0
) -> CLIPTextModelWithProjection:
    torch.manual_seed(seed)
    return loud(CLIPTextModelWithProjection(clip_config(tokenizer, hidden, projection)))


def t5_tokenizer() -> T5Tokenizer:
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    letters = [(letter, -3.0 - index / 10) for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz")]
    return T5Tokenizer(vocab=[*words, *letters, ("▁cat", -1.0)], extra_ids=0, model_max_length=512)


def t5_model(tokenizer: T5Tokenizer, hidden: int, seed: int = 0) -> T5EncoderModel:
    torch.manual_seed(seed)
    config = T5Config(vocab_size=len(tokenizer), d_model=hidden, d_ff=16, d_kv=4, num_layers=1, num_heads=2)
    return loud(T5EncoderModel(config))


def loud(network: Network) -> Network:
    """The same network with larger random weights, so that what it is told shows in what it gives."""
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim > 1:
                weight.normal_(std=0.5 if "embed" in name else 0.3)
    return network.eval()
