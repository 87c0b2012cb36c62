"""What an import has done, or why it cannot be done, in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from pudm_gui.project.exchange.planning import ImportPlan

EXAMPLES = 10


@dataclass(slots=True)
class ImportReport:
    """What an import did."""

    rows: int = 0
    labeled: int = 0
    """Images whose label is different now."""
    unchanged: int = 0
    overwritten: int = 0
    """Images that had another label before."""
    kept: int = 0
    """Images that keep another label than the file has."""
    tags_added: int = 0
    tags_removed: int = 0
    by_content: int = 0
    unknown: int = 0
    """Rows whose file is not in the project."""
    unknown_examples: list[str] = field(default_factory=list)
    """The first few of them."""

    def __str__(self) -> str:
        text = f"{self.labeled:,} labels changed and {self.unchanged:,} were so already"
        if self.tags_added or self.tags_removed:
            text += f", {self.tags_added:,} tags put on and {self.tags_removed:,} taken off"
        if self.kept:
            text += f"; {self.kept:,} images keep the label they had"
        if not self.unknown:
            return f"{text}."
        named = ", ".join(self.unknown_examples)
        more = ", …" if self.unknown > len(self.unknown_examples) else ""
        missing = "1 file is" if self.unknown == 1 else f"{self.unknown:,} files are"
        return f"{text}; {missing} not in the project: {named}{more}."


def report_of(plan: ImportPlan) -> ImportReport:
    """What `plan` does, or has done."""
    return ImportReport(
        rows=plan.rows,
        labeled=plan.labeled,
        unchanged=plan.unchanged,
        overwritten=len(plan.overwritten),
        kept=len(plan.kept),
        tags_added=len(plan.tags.added.ids),
        tags_removed=len(plan.tags.removed.ids),
        by_content=plan.by_content,
        unknown=plan.unknown.count,
        unknown_examples=[problem.words for problem in plan.unknown.first[:EXAMPLES]],
    )


def problem_sentence(plan: ImportPlan) -> str:
    """What is wrong with the file, in one sentence."""
    first, more = plan.problems.first[0], plan.problems.count - 1
    sentence = f"{plan.source}, {first}"
    if not more:
        return sentence
    others = "one more line is" if more == 1 else f"{more:,} more lines are"
    return f"{sentence.rstrip('.')} ({others} wrong too)."
