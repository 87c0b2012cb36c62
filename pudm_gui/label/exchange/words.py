"""What the preview of an import says, in sentences."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from pudm_gui.project.exchange.formats import Format
from pudm_gui.project.exchange.planning import ImportPlan

GIVERS_NAMED = 3


def tr(text: str) -> str:
    return QCoreApplication.translate("Exchange", text)


def number(count: int) -> str:
    return QLocale().toString(count)


def format_names() -> dict[Format, str]:
    return {
        "csv": tr("Table (CSV)"),
        "jsonl": tr("JSON Lines"),
        "folder": tr("Folders named after labels"),
        "sidecar": tr("Text files with tags"),
    }


def button_text(plan: ImportPlan) -> str:
    """What the button of the preview does."""
    if plan.problems.count:
        return tr("Import")
    if plan.labeled:
        return tr("Import 1 label") if plan.labeled == 1 else tr("Import {n} labels").format(n=number(plan.labeled))
    if count := len(plan.changed):
        return tr("Import tags of 1 image") if count == 1 else tr("Import tags of {n} images").format(n=number(count))
    if plan.confirmed == 1:
        return tr("Import 1 second opinion")
    if plan.confirmed:
        return tr("Import {n} second opinions").format(n=number(plan.confirmed))
    return tr("Nothing to import")


def overwritten(plan: ImportPlan) -> str:
    """Whose labels would be replaced."""
    count = len(plan.overwritten)
    named = list(plan.overwritten_of.items())
    givers = ", ".join(f"{name} ({number(n)})" for name, n in named[:GIVERS_NAMED])
    if len(named) > GIVERS_NAMED:
        givers += tr(" and others")
    if count == 1:
        return tr("1 image has another label now, given by {who}.").format(who=named[0][0] if named else "")
    return tr("{n} images have another label now, given by {who}.").format(n=number(count), who=givers)


def kept(plan: ImportPlan) -> str:
    if len(plan.kept) == 1:
        return tr("1 image keeps the label it has, though the file has another.")
    return tr("{n} images keep the label they have, though the file has another.").format(n=number(len(plan.kept)))


def problems(plan: ImportPlan) -> str:
    if plan.problems.count == 1:
        return tr("Nothing can be imported yet: one place in the file is wrong. Correct it and read the file again.")
    return tr(
        "Nothing can be imported yet: {n} places in the file are wrong. Correct them and read the file again."
    ).format(n=number(plan.problems.count))


def remarks(plan: ImportPlan) -> str:
    """Everything else worth knowing, in a line; "" where there is nothing."""
    counted = (
        (plan.by_content, tr("1 found by its content"), tr("{n} found by their content")),
        (plan.other_content, tr("1 file has changed since"), tr("{n} files have changed since")),
        (plan.confirmed, tr("1 label said again by somebody else"), tr("{n} labels said again by somebody else")),
        (plan.duplicates, tr("1 repetition"), tr("{n} repetitions")),
        (len(plan.names) if len(plan.names) > 1 else 0, "", tr("labels of {n} people")),
    )
    said = [one if count == 1 else many.format(n=number(count)) for count, one, many in counted if count]
    return " · ".join(said)


def nothing_changes(plan: ImportPlan) -> tuple[str, str]:
    """A title and a sentence for a plan without changes."""
    if plan.confirmed:
        text = tr("Labels that somebody else gave are kept beside theirs, so that you can see where people agree.")
        return tr("No label would change"), text
    if plan.unknown.count == plan.rows:
        text = tr("Paths are relative to an image folder of this project, or absolute.")
        return tr("No image of this project is in the file"), text
    return tr("Nothing would change"), tr("The images have these labels and tags already.")


def imported(plan: ImportPlan) -> str:
    """What was done, for the line below the grid."""
    name = plan.source.name
    if plan.labeled == 1:
        text = tr("1 image labeled from {file}").format(file=name)
    elif plan.labeled:
        text = tr("{n} images labeled from {file}").format(n=number(plan.labeled), file=name)
    elif len(plan.changed):
        text = tr("Tags of {n} images taken from {file}").format(n=number(len(plan.changed)), file=name)
    else:
        text = tr("{n} second opinions taken from {file}").format(n=number(plan.confirmed), file=name)
    if plan.unknown.count:
        text += tr("; {n} are not in this project").format(n=number(plan.unknown.count))
    return text
