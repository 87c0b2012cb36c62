"""The numbers of classes by name, as lines of text: ``cats=3``."""

from __future__ import annotations

from training.errors import UserError


def parse_class_map(text: str) -> dict[str, int]:
    """Read one ``name=index`` a line; empty lines, and those that begin with #, say nothing.

    Raises
    ------
    UserError
        A line that is something else, or a name with two numbers.
    """
    classes: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _, index = (part.strip() for part in line.rpartition("="))
        if not (name and index.isdecimal()):
            raise UserError(f"Line {number} of the classes, {line!r}, is not of the form name=number; correct it.")
        if classes.setdefault(name, int(index)) != int(index):
            raise UserError(f"The class {name} has two numbers, {classes[name]} and {index}; leave one of them out.")
    return classes


def write_class_map(classes: dict[str, int]) -> str:
    return "".join(f"{name}={index}\n" for name, index in classes.items())
