"""What a training run has done so far, folded out of its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from training.events import Event

TERMS = ("l_u", "l_s", "r", "l_s_plus")
"""Loss terms of a step event, in the order they are shown."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Samples drawn at one step, as one picture of several."""

    step: int
    path: str
    """Relative to the run folder."""
    columns: int
    count: int
    nsr: float | None = None
    """Share of samples that are not sensitive, as the labels tell; None where it was not measured."""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What the preflight found, in bytes."""

    needed: int
    there: int
    sentence: str


@dataclass(slots=True)
class TrainingProgress:
    """Folds events into what is shown. A resumed run goes back to its checkpoint: what came after it is dropped."""

    step: int = 0
    steps: int = 0
    device: str = ""
    images_per_second: float | None = None
    seconds_left: float | None = None
    seconds: float | None = None
    """How long the run took, once it has finished."""
    preparing: str = ""
    """What is done before the first step; "" once training."""
    prepared: float | None = None
    """Share of it that is done."""
    memory: MemoryNeed | None = None
    """What training takes of the device's memory."""
    early: bool = False
    """Ended before its last step, because it was good enough."""
    checkpoint_step: int | None = None
    failure: str = ""
    diverged: bool = False
    """It failed because training went wrong: going on from its checkpoint would go wrong again."""
    warnings: list[str] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    """Step of each point of the curves."""
    terms: dict[str, list[float | None]] = field(default_factory=lambda: {term: [] for term in TERMS})
    previews: list[Preview] = field(default_factory=list)

    @classmethod
    def of(cls, events: Iterable[Event]) -> TrainingProgress:
        progress = cls()
        for event in events:
            progress.add(event)
        return progress

    @property
    def nsr(self) -> float | None:
        """The latest share of samples that are not sensitive."""
        return next((preview.nsr for preview in reversed(self.previews) if preview.nsr is not None), None)

    @property
    def present(self) -> list[str]:
        """The terms that this run's objective has."""
        return [term for term in TERMS if any(value is not None for value in self.terms[term])]

    def add(self, event: Event) -> None:
        match event.get("event"):
            case "started":
                self._start(event)
            case "progress":
                done, total = event.get("done") or 0, event.get("total") or 0
                self.preparing = str(event.get("what") or "")
                self.prepared = done / total if total else None
            case "step":
                self._advance(event)
            case "preview":
                step = int(event["step"])
                self.previews = [known for known in self.previews if known.step < step]
                columns, count = int(event.get("columns") or 1), int(event.get("count") or 1)
                self.previews.append(Preview(step, str(event["path"]), columns, count, event.get("nsr")))
            case "preflight":
                needed, there = int(event.get("needed") or 0), int(event.get("there") or 0)
                self.memory = MemoryNeed(needed, there, str(event.get("message") or "")) if there else None
            case "checkpoint":
                self.checkpoint_step = int(event["step"])
            case "warning":
                self.warnings.append(str(event.get("message") or ""))
            case "failed":
                self.failure = str(event.get("message") or "")
                self.diverged = bool(event.get("diverged"))
                if self.diverged:  # the checkpoints of what went wrong are gone
                    self.checkpoint_step = event.get("kept")
            case "finished":
                self.seconds_left = None
                self.seconds = event.get("seconds")
                self.early = bool(event.get("early"))

    def _start(self, event: Event) -> None:
        self.step = int(event.get("step") or 0)
        self.steps = int(event.get("steps") or 0)
        self.device = str(event.get("device") or "")
        self.preparing, self.prepared, self.failure, self.early, self.diverged = "", None, "", False, False
        self.warnings.clear()  # those of an earlier attempt
        self.seconds_left = self.images_per_second = None
        kept = sum(1 for step in self.at if step <= self.step)
        del self.at[kept:]
        for values in self.terms.values():
            del values[kept:]
        self.previews = [preview for preview in self.previews if preview.step <= self.step]

    def _advance(self, event: Event) -> None:
        self.preparing, self.prepared = "", None
        self.step = int(event["step"])
        self.images_per_second = event.get("images_per_second")
        self.seconds_left = event.get("seconds_left")
        self.at.append(self.step)
        for term, values in self.terms.items():
            values.append(event.get(term))
