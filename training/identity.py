"""Telling whether the frozen parts of a checkpoint, which cached latents and embeddings depend on, are the same."""

from __future__ import annotations

from pathlib import Path

from training.spec import ModelSpec

DENOISERS = ("unet", "transformer")
"""Folders of the part that is trained, on which nothing cached depends."""


def source_identity(model: ModelSpec) -> list[tuple[str, int, int]]:
    """Path, size and time of change of each file that the frozen parts were loaded from; empty for "scratch".

    Weights are not read: text encoders alone can have gigabytes of them.
    """
    if model.source == "scratch":
        return []
    files = [file for folder in (model.source, model.config) if folder for file in _files(Path(folder))]
    return [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(files)]


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    return [file for file in source.rglob("*") if file.is_file() and file.relative_to(source).parts[0] not in DENOISERS]
