"""What the families that take captions share: the token limit, and text encoders that fit the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.errors import UserError
from training.families.model import Condition

CHECKED_AT_ONCE = 4096
"""Captions: the tokens of a million would take gigabytes."""
SHOWN = 40
"""Characters of a caption that a sentence about it repeats."""


def fit_limit(tokenizer: Any, encoder: Any) -> int:
    """Tokens that a caption may have, first and last ones included; the tokenizer pads to as many from here on.

    A tokenizer without a limit of its own would pad to 10³⁰ tokens.
    """
    limit = min(int(tokenizer.model_max_length), int(encoder.config.max_position_embeddings))
    tokenizer.model_max_length = limit
    return limit


def check_captions(values: Sequence[Condition], tokenizer: Any, limit: int) -> None:
    """Refuse what an encoder of `limit` tokens would cut off.

    Raises
    ------
    UserError
        A caption is too long, or a class is given in place of a caption.
    """
    wrong = next((value for value in values if not isinstance(value, str)), None)
    if wrong is not None:
        raise UserError(f"The model takes captions, and an image has the class {wrong}; change conditioning.source.")
    for start in range(0, len(values), CHECKED_AT_ONCE):
        captions = [str(value) for value in values[start : start + CHECKED_AT_ONCE]]
        for caption, tokens in zip(captions, tokenizer(captions, verbose=False).input_ids, strict=True):
            if len(tokens) > limit:
                raise UserError(
                    f"The caption “{_beginning(caption)}” has {len(tokens)} tokens, and the model reads at most "
                    f"{limit}; shorten it."
                )


def check_width(given: int, wanted: Any, what: str) -> None:
    """Refuse text encoders whose output is not as wide as what the network takes.

    Raises
    ------
    UserError
        It is not.
    """
    if given != wanted:
        raise UserError(
            f"The text encoders give {what} of {given} values and the network takes {wanted}; use the text_encoder "
            "folders that came with the checkpoint."
        )


def _beginning(caption: str) -> str:
    line = " ".join(caption.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN].rstrip()}…"
