"""The figures behind the verdict: a bar for the sensitive share, and the settings that it came from."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from pudm_gui.review.share_bar import ShareBar, ShareRow
from pudm_gui.theme import SPACE_L, SPACE_S, SPACE_XL
from pudm_gui.verdict import format_distance, sensitive_share
from pudm_gui.widgets.elided import ElidedLabel
from training.report import Report

COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its name and, on hover, what it means."""

    name: str
    figure: str
    meaning: str


class EvidenceStrip(QWidget):
    """Bar at the left, facts at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = ShareBar()
        self.cells = [(QLabel(), ElidedLabel(mode=Qt.TextElideMode.ElideRight)) for _ in range(2 * COLUMNS)]
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_L)
        grid.setVerticalSpacing(0)
        for position, (name, figure) in enumerate(self.cells):
            row, column = divmod(position, COLUMNS)
            name.setProperty("role", "small")
            grid.addWidget(name, 3 * row, column)
            grid.addWidget(figure, 3 * row + 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowMinimumHeight(2, SPACE_S)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XL)
        layout.addWidget(self.bar, 4, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(grid, 8)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_report(self, report: Report) -> None:
        self.bar.set_rows(share_rows(report))
        for (name, figure), fact in zip(self.cells, facts(report), strict=True):
            name.setText(fact.name)
            name.setToolTip(fact.meaning)
            figure.setText(fact.figure)


def share_rows(report: Report) -> list[ShareRow]:
    """What the bar shows: before, if there was one, then after."""
    rows = []
    if report.nsr_before is not None:
        interval = None
        if report.nsr_before_interval is not None:
            _, low, high = sensitive_share(report.nsr_before, report.nsr_before_interval)
            interval = (low, high)
        rows.append(ShareRow(_tr("Before"), 1 - report.nsr_before, interval, strong=False))
    share, low, high = sensitive_share(report.nsr, report.nsr_interval)
    rows.append(ShareRow(_tr("After"), share, (low, high), strong=True))
    return rows


def facts(report: Report) -> list[Fact]:
    """What the verdict rests on, two rows of ``COLUMNS``."""
    counts = report.label_counts
    return [
        Fact(
            _tr("Non-sensitive rate (NSR)"),
            "{:.3f} [{:.3f}, {:.3f}]".format(report.nsr, *report.nsr_interval),
            _tr("Share of generated images that the judge calls normal, with its 95 % interval."),
        ),
        Fact(_tr("Fréchet distance"), _distance(report), f"{report.fid_features}\n{report.fid_reference}"),
        Fact(
            _tr("Images judged"),
            _tr("{count:,} a model, seed {seed}").format(count=report.n_samples, seed=report.evaluation_seed),
            _tr("Each drawn in {steps} steps.").format(steps=report.sampling_steps),
        ),
        Fact(
            _tr("Weights"),
            {"ema": _tr("EMA (averaged)"), "raw": _tr("raw (last step)")}[report.weights],
            _tr("Which weights of the run were judged."),
        ),
        Fact(
            _tr("Sensitive share β"),
            f"{report.beta:.3g}, {_beta_source(report.beta_source)}",
            _tr("The share of sensitive images among the unlabeled ones that training assumed."),
        ),
        Fact(
            _tr("Objective"),
            _objective(report),
            _tr("What training minimised, and how it counted the loss of an image."),
        ),
        Fact(
            _tr("Trained"),
            _tr("{steps:,} steps, seed {seed}").format(steps=report.steps, seed=report.seed),
            ""
            if report.images_per_second is None
            else _tr("{speed:,.0f} images a second.").format(speed=report.images_per_second),
        ),
        Fact(
            _tr("Labels"),
            _tr("{sensitive:,} of {total:,} sensitive").format(
                sensitive=counts.get("sensitive", 0), total=sum(counts.values())
            ),
            _tr("{unlabeled:,} unlabeled, {normal:,} normal").format(
                unlabeled=counts.get("unlabeled", 0), normal=counts.get("normal", 0)
            ),
        ),
    ]


def _distance(report: Report) -> str:
    if report.fid is None:
        return _tr("not measured")
    if report.fid_before is None:
        return format_distance(report.fid)
    return _tr("{after}, before {before}").format(
        after=format_distance(report.fid), before=format_distance(report.fid_before)
    )


def _objective(report: Report) -> str:
    names = {
        "pu": _tr("PU"),
        "pnu": _tr("PNU"),
        "supervised": _tr("supervised"),
        "unsupervised": _tr("unsupervised"),
    }
    return ", ".join((names.get(report.objective, report.objective), report.correction, report.reduction))


def _beta_source(source: str) -> str:
    known = {
        "default": _tr("the default"),
        "user": _tr("set by hand"),
        "prior": _tr("estimated"),
        "audit": _tr("from an audit"),
    }
    return known.get(source, source)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Evidence", text)
