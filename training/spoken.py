"""What a run tells, also as lines to read: for whoever started the engine by hand, or looks into its log."""

from __future__ import annotations

from typing import Any

from training.events import EventLog

PARTS = 20
"""Lines about steps of a whole run."""


class SpokenLog(EventLog):
    """Appends events to the run's file, and prints the gist of them."""

    _steps = 0
    _part = -1

    def emit(self, event: str, **fields: Any) -> None:
        super().emit(event, **fields)
        line = self._words(event, fields)
        if line is not None:
            print(line, flush=True)  # noqa: T201  this is what the stage says

    def _words(self, event: str, said: dict[str, Any]) -> str | None:
        match event:
            case "started":
                self._steps = said["steps"]
                return f"Training from step {said['step']} of {said['steps']} on {said['device']}, {said['precision']}"
            case "progress" if said["done"] == said["total"]:
                return f"{said['what']}: {said['total']:,} of {said['total']:,}"
            case "step" if self._is_due(said["step"]):
                left = f"{said['seconds_left']:,.0f} s left"
                pace = f"{said['images_per_second']:.3g} images/s"
                return f"Step {said['step']} of {self._steps}: loss {said['loss']:.4g}, {pace}, {left}"
            case "preview" if "nsr" in said:
                return f"Step {said['step']}: {said['nsr']:.1%} of the samples are not sensitive, as the labels tell"
            case "warning" | "preflight":
                return str(said["message"])
            case "checkpoint":
                return f"Saved {said['path']}"
            case "paused" | "resumed" | "stopped":
                return f"{event.capitalize()} at step {said['step']}"
            case "finished":
                folder = self.path.parent
                return (
                    f"Finished at step {said['step']} in {said['seconds']:,.0f} s. "
                    f"Next: pudm evaluate {folder}, pudm export {folder} OUT_DIR"
                )
        return None

    def _is_due(self, step: int) -> bool:
        """Whether a step is the first to be told of its part of the run."""
        part = step * PARTS // max(self._steps, 1)
        due, self._part = part != self._part, part
        return due
