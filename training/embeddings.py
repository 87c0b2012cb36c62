"""The conditions of all images: resolved and embedded once, then looked up by number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.arrays import RowWriter, open_rows
from training.atomic import atomic_folder
from training.conditions import resolve
from training.errors import UserError
from training.events import EventLog
from training.families import Condition, Conditions, DiffusionModel
from training.identity import source_identity
from training.manifest import ManifestEntry
from training.progress import Progress
from training.reading import EntryReader
from training.rows import Rows
from training.spec import RunSpec

EMBEDDED_AT_ONCE = 32
LARGEST_STREAMED_TABLE = 1 << 30
"""Bytes of embeddings that are kept where nothing is to be prepared on the disk."""
SHARE_OF_GPU = 1 / 20
"""Of a GPU's free memory, for each tensor of embeddings."""


class ConditionTable:
    """Every condition of a run, each once.

    Attributes
    ----------
    values
        The conditions.
    numbers
        ``(N,)`` int32: each manifest entry's place in `values`.
    """

    def __init__(self, values: list[Condition], numbers: NDArray[np.int32], dropout: float) -> None:
        self.values, self.numbers = values, numbers
        self._dropout = dropout
        self._null = len(values)
        self._tables: dict[str, Rows] | None = None
        self._model: DiffusionModel | None = None
        self._all: list[Condition] = values

    def of(self, lines: NDArray[np.int64]) -> list[Condition]:
        """The condition of each of these lines of the manifest."""
        return [self.values[number] for number in self.numbers[lines].tolist()]

    def embed(
        self,
        folder: Path,
        spec: RunSpec,
        model: DiffusionModel,
        device: torch.device,
        log: EventLog,
        stopped: Callable[[], bool],
    ) -> None:
        """Embed all conditions, and the null one where the model has one, or find them in the cache `folder`.

        Raises
        ------
        UserError
            The disk is full.
        ReadingStoppedError
            `stopped` said so.
        """
        self._model = model
        null = model.null_condition
        self._all = self.values if null is None else [*self.values, null]
        if model.conditioning == "class":  # a number each: nothing to compute
            tensors = model.embed(self._all, torch.device("cpu"))
            self._tables = {name: Rows(tensor.numpy(), SHARE_OF_GPU) for name, tensor in tensors.items()}
            return
        if spec.data.cache == "none" and self._bytes(device) > LARGEST_STREAMED_TABLE:
            return
        key = _digest([self._all, model.family, source_identity(spec.model)])
        target = folder / f"text-{key}"
        if not target.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with atomic_folder(target) as temporary:
                self._write(temporary, device, Progress("Preparing captions for the model", log, stopped))
        self._tables = {path.stem: Rows(open_rows(path), SHARE_OF_GPU) for path in sorted(target.glob("*.npy"))}

    @property
    def embedded(self) -> bool:
        """Whether the text encoders are needed no more."""
        return self._tables is not None

    def fetch(self, lines: NDArray[np.int64], draws: Tensor, device: torch.device) -> Conditions:
        """The conditions of a batch, each ``(B, …)``; the null one in place of those that are dropped.

        Parameters
        ----------
        lines
            ``(B,)`` lines of the manifest.
        draws
            ``(B,)`` in [0, 1).
        """
        numbers = self._drawn(lines, draws)
        if self._tables is not None:
            return {name: rows.gather(numbers, device) for name, rows in self._tables.items()}
        assert self._model is not None, "embed() comes first"
        with torch.no_grad():
            return self._model.embed([self._all[number] for number in numbers.tolist()], device)

    def prefetch(self, lines: NDArray[np.int64], draws: Tensor, device: torch.device) -> None:
        """Say what `fetch` will be asked for next."""
        for rows in (self._tables or {}).values():
            rows.prefetch(self._drawn(lines, draws), device)

    def _drawn(self, lines: NDArray[np.int64], draws: Tensor) -> NDArray[np.int64]:
        return np.where(draws.numpy() < self._dropout, self._null, self.numbers[lines]).astype(np.int64)

    def _bytes(self, device: torch.device) -> int:
        assert self._model is not None
        with torch.no_grad():
            one = self._model.embed(self._all[:1], device)
        return len(self._all) * sum(tensor.nbytes for tensor in one.values())

    def _write(self, folder: Path, device: torch.device, progress: Progress) -> None:
        assert self._model is not None
        total = len(self._all)
        writers: dict[str, RowWriter] = {}
        try:
            for start in range(0, total, EMBEDDED_AT_ONCE):
                with torch.no_grad():
                    tensors = self._model.embed(self._all[start : start + EMBEDDED_AT_ONCE], device)
                for name, tensor in tensors.items():
                    values = tensor.cpu().numpy()
                    if name not in writers:
                        writers[name] = RowWriter(folder / f"{name}.npy", values.shape[1:], values.dtype, total)
                    writers[name].append(values)
                progress(min(start + EMBEDDED_AT_ONCE, total), total)
        finally:
            for writer in writers.values():
                writer.close()


def open_conditions(
    folder: Path,
    spec: RunSpec,
    entries: Sequence[ManifestEntry],
    model: DiffusionModel,
    make_reader: Callable[[], EntryReader],
    log: EventLog,
    stopped: Callable[[], bool],
) -> ConditionTable | None:
    """The conditions of a run, ``None`` for an unconditional model. They stay what they were when the run began.

    Parameters
    ----------
    folder
        The run's cache.
    make_reader
        Called where sidecars are to be read.

    Raises
    ------
    UserError
        An image has no condition, or one that the model cannot take; or the model has no null condition to drop to.
    """
    kind = model.conditioning
    if kind == "none":
        if spec.conditioning.source != "none":
            raise UserError(f"A {model.family} model takes no class and no caption; set conditioning.source to none.")
        return None
    if spec.conditioning.dropout and model.null_condition is None:
        raise UserError(f"This {model.family} model knows no image without a {kind}; set conditioning.dropout to 0.")
    section = spec.conditioning.model_dump(mode="json")
    del section["dropout"]
    lines = [[entry.root, entry.path, entry.label, entry.tags] for entry in entries]
    target = folder / f"conditions-{_digest([kind, section, spec.model.source == 'scratch', lines])}"
    if not target.exists():
        reader = make_reader() if spec.conditioning.source == "sidecar" else None
        tick = Progress("Reading conditions", log, stopped)
        found = resolve(spec, entries, kind, reader=reader, tick=tick)
        values = list(dict.fromkeys(found))
        model.check_conditions(values)
        places = {value: place for place, value in enumerate(values)}
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_folder(target) as temporary:
            (temporary / "values.json").write_text(json.dumps(values))
            np.save(temporary / "numbers.npy", np.fromiter((places[value] for value in found), np.int32, len(found)))
    values = json.loads((target / "values.json").read_text())
    return ConditionTable(values, np.load(target / "numbers.npy"), spec.conditioning.dropout)


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()[:16]
