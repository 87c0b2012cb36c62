"""The one error that a person is meant to read."""

from __future__ import annotations

from typing import Any


class UserError(Exception):
    """Bad input or a bad state of the machine, told in one sentence: what is wrong and what to do.

    Command lines print the sentence alone and end with 2; the window shows it where the mistake was made. Anything
    that is not a ``UserError`` is a defect of the program and keeps its traceback.

    Parameters
    ----------
    facts
        The same for programs: further keys of the event that tells of it (`training.events`).
    """

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__(sentence)
        self.facts = facts


def first_line(error: Exception) -> str:
    """What another library's error says, for use inside a sentence; its type where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
