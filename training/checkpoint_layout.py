"""What may lie in the folder of a checkpoint. Known without torch, so that the window refuses what the engine does."""

from __future__ import annotations

from pathlib import Path

PICKLED = (".bin", ".ckpt", ".pt", ".pth", ".pkl")
UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
"""Parts that judge or take images; training and sampling need none of them."""
T5 = ("text_encoder_3", "tokenizer_3")
"""Parts of Stable Diffusion 3 that users leave out: the encoder has 4.7 billion parameters, and the network was trained
to do without it."""
LORA_FILE = "pytorch_lora_weights.safetensors"
"""Adapters alone, by the name that diffusers looks for."""
EXPORTED = frozenset(
    {
        *("model_index.json", "README.md", "report.json", LORA_FILE),
        *("unet", "transformer", "scheduler", "vae", "vqvae"),
        *("text_encoder", "text_encoder_2", "text_encoder_3", "tokenizer", "tokenizer_2", "tokenizer_3"),
    }
)
"""What an export may consist of; a folder with anything else in it is somebody's, and never replaced."""


def pickle_sentence(path: Path) -> str:
    return (
        f"{path} is a pickled checkpoint, which can run code when opened, and is refused; convert it to safetensors "
        "where you trust its origin (load it with diffusers and call save_pretrained(..., safe_serialization=True))."
    )
