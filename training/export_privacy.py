"""That no text of an exported folder tells where it was made, by whom, or from which files."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from training.images import SUFFIXES
from training.manifest import ManifestEntry
from training.modelcard_settings import BETA_SOURCES
from training.report import Report
from training.spec import RunSpec

TEXTS = (".json", ".md", ".txt", ".jinja")
VOCABULARIES = frozenset({"tokenizer.json", "vocab.json", "added_tokens.json", "merges.txt"})
"""Names of the files in which a tokenizer keeps its words."""
ABSOLUTE_PATH = re.compile(
    r"(?<![\w./:\\~-])(?:/[\w.~+-]+){2,}"  # two levels below the root; a web address is none
    r"|(?<!\w)[A-Za-z]:[\\/][\w.~+-]"  # a Windows drive
    r"|\\\\[\w.-]+\\"  # a Windows share
    r"|(?<!\w)~/[\w.+-]"
)
REPORT_WORDS = frozenset({"truth", "classifier", "reference", "numbers", "pixels", "features", "network", "file"})
"""Words of a report's sentences that might also be the name of a folder."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must not be told.

    Attributes
    ----------
    paths
        Folders, absolute.
    images
        File names of images, and their paths relative to their root.
    names
        The user, and the folders of the images.
    """

    paths: frozenset[str]
    images: frozenset[str]
    names: frozenset[str]

    def told_by(self, text: str, *, vocabulary: bool = False) -> str | None:
        """What `text` tells, in words that do not tell it again; None where it keeps everything to itself.

        Parameters
        ----------
        vocabulary
            A tokenizer's, which came with the base model: it has all first names in it, and scraps of web addresses, so
            that only whole paths count.
        """
        if any(path in text for path in self.paths):
            return "a path of this computer"
        if vocabulary:
            return None
        if ABSOLUTE_PATH.search(text):
            return "a path of this computer"
        lower = text.lower()
        if any(suffix in lower for suffix in SUFFIXES) and any(name in text for name in self.images):
            return "the name of an image"
        if any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in self.names):
            return "the name of an image folder or of the user"
        return None


def secrets_of(
    spec: RunSpec, entries: Sequence[ManifestEntry], folders: Iterable[Path], ordinary: Iterable[str]
) -> Secrets:
    """Collect what an export of a run must not tell.

    Parameters
    ----------
    folders
        Paths to keep secret besides the image folders, the base model, the table of captions and the home folder.
    ordinary
        Texts that tell nothing. A folder called "images" gives nothing away, and every card has that word: what is in
        these texts is not looked for as a single word, yet still as part of a path.
    """
    roots = [*spec.data.roots.values()]
    base = [] if spec.model.source == "scratch" else [spec.model.source]
    told = [*roots, *base, *filter(None, (spec.model.config, spec.conditioning.csv))]
    paths = [*map(Path, told), *folders, Path.home()]
    known = _words(" ".join(ordinary)) | _words(" ".join(Report.model_fields)) | REPORT_WORDS | set(BETA_SOURCES)
    names = {Path(root).name for root in roots} | _user()
    return Secrets(
        frozenset(form for path in paths if len(path.parts) > 1 for form in (str(path), path.as_posix())),
        frozenset(name for entry in entries for name in (entry.path, Path(entry.path).name)),
        frozenset(name for name in names if len(name) > 2 and not _words(name) <= known),
    )


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every text in `folder`, the metadata of weights included; JSON once more decoded, without its escapes.

    Raises
    ------
    ValueError
        A file is damaged.
    """
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".safetensors":
            try:
                with safe_open(path, "np") as tensors:
                    yield path, "\n".join([*strings(tensors.metadata() or {}), *tensors.keys()])
            except SafetensorError as error:
                raise ValueError(str(error)) from error
        elif path.suffix in TEXTS:
            text = path.read_text("utf-8", "surrogateescape")
            yield path, text
            if path.suffix == ".json":
                yield path, "\n".join(strings(json.loads(text)))


def strings(document: Any) -> Iterator[str]:
    """All strings of a decoded document, keys included."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from strings(value)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w-]+", text))


def _user() -> set[str]:
    try:
        return {getpass.getuser()}
    except (OSError, KeyError, ImportError):  # a process without an account
        return set()
