"""The left side of the page: what to train, and the button that starts it."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from pudm_gui import theme
from pudm_gui.project.model import Counts
from pudm_gui.train.beta_advice import enough_words, suggest
from pudm_gui.train.beta_field import BetaField
from pudm_gui.train.condition_check import ConditionStatus, Question
from pudm_gui.train.conditions_panel import ConditionsPanel
from pudm_gui.train.defaults import defaults
from pudm_gui.train.model_chooser import ModelChooser
from pudm_gui.train.options_form import OptionsForm
from pudm_gui.widgets.icons import icon
from pudm_gui.widgets.message import InlineMessage
from pudm_gui.widgets.parts import set_role
from training.errors import UserError
from training.spec import RunSpec, with_settings

WIDTH = 348


class SetupPanel(QFrame):
    """Collects the settings of a run.

    Signals
    -------
    start_clicked
        The run is to be made and started.
    label_clicked
        There are too few labels, and the person wants to make some.
    conditions_changed
        A `Question` about other captions or classes; None where there is nothing to look up.
    """

    start_clicked = Signal()
    label_clicked = Signal()
    conditions_changed = Signal(object)

    def __init__(self, settings_key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts = Counts(0, 0, 0, 0, 0)
        self._busy = ""
        self._read_only = False
        self._conditions_good: bool | None = None
        self.setProperty("role", "side")
        self.setFixedWidth(WIDTH)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.model = ModelChooser(settings_key)
        self.conditions = ConditionsPanel()
        self.beta = BetaField()
        self.options = OptionsForm()
        outer.addWidget(self._build_scroll(), 1)
        outer.addWidget(self._build_footer())
        self.model.changed.connect(self._model_changed)
        self.conditions.changed.connect(self._conditions_edited)
        self.options.changed.connect(self._refresh)
        self._model_changed()

    def spec(self) -> RunSpec:
        """The run that is set up.

        Raises
        ------
        UserError
            Some value cannot be used.
        """
        beta = {"objective.beta": self.beta.value, "objective.beta_source": self.beta.source}
        chosen = self.options.values() | self.model.settings() | self.conditions.settings() | beta
        return with_settings(RunSpec(), chosen)

    def question(self) -> Question | None:
        """What is to be found out about the images; None for a model without conditions, or while some are missing."""
        facts, conditions = self.model.chosen, self.conditions
        if facts is None or conditions.kind == "none" or not conditions.complete:
            return None
        try:
            spec = with_settings(RunSpec(), self.model.settings() | conditions.settings())
        except UserError:  # said when the run is started, as of any setting
            return None
        return Question(spec, conditions.kind, facts.classes)

    def show_conditions(self, status: ConditionStatus) -> None:
        """What was found out about the images' captions or classes."""
        self._conditions_good = status.good
        role = {None: "small", True: "small", False: "warning"}[status.good]
        self.conditions.show_status(status.text, role, status.unnumbered)
        self._refresh()

    def show_counts(self, counts: Counts) -> None:
        self._counts = counts
        self.beta.suggest(suggest(counts))
        self._refresh()

    def set_busy(self, reason: str) -> None:
        """Why no run can be started now; "" where one can."""
        self._busy = reason
        self._refresh()

    def set_prominent(self, prominent: bool) -> None:
        """Whether the start button is the page's next step; a page has only one."""
        set_role(self.start, "primary" if prominent else "")

    def set_read_only(self) -> None:
        self._read_only = True
        for widget in (self.model, self.conditions, self.beta, self.options):
            widget.setEnabled(False)
        self._refresh()

    def _build_scroll(self) -> QScrollArea:
        body = QWidget()
        body.setProperty("role", "scrolled")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        layout.setSpacing(theme.SPACE_S)
        layout.addWidget(_heading(self.tr("Model")))
        self.hint = InlineMessage("", closable=False, stacked=True)
        layout.addWidget(self.hint)
        layout.addWidget(self.model)
        layout.addSpacing(theme.SPACE_M)
        layout.addWidget(self.conditions)
        layout.addWidget(_heading(self.tr("Sensitive share β")))
        layout.addWidget(self.beta)
        layout.addSpacing(theme.SPACE_M)
        self.more = QPushButton(self.tr("More options"))
        self.more.setProperty("role", "link")
        self.more.setIcon(icon("chevron-right", "text_muted"))
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_options)
        layout.addWidget(self.more, alignment=Qt.AlignmentFlag.AlignLeft)
        self.options.hide()
        layout.addWidget(self.options)
        layout.addStretch(1)
        self.scroll_area = QScrollArea()
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.viewport().setAutoFillBackground(False)
        self.scroll_area.setWidget(body)
        bar = self.scroll_area.verticalScrollBar()
        bar.rangeChanged.connect(lambda _, highest: self._make_room(layout, bar.sizeHint().width() if highest else 0))
        return self.scroll_area

    def _make_room(self, layout: QVBoxLayout, bar_width: int) -> None:
        """Take the scroll bar's width from the margin, so that fields stay as wide as the button below."""
        layout.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L - bar_width, theme.SPACE_L)

    def _build_footer(self) -> QWidget:
        footer = QWidget()
        layout = QVBoxLayout(footer)
        layout.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_L)
        layout.setSpacing(theme.SPACE_S)
        self.counts = QLabel()
        self.counts.setWordWrap(True)
        self.reason = QLabel()
        self.reason.setProperty("role", "small")
        self.reason.setWordWrap(True)
        self.label_button = QPushButton(self.tr("Label some images"))
        self.label_button.clicked.connect(self.label_clicked)
        self.start = QPushButton()
        self.start.setProperty("role", "primary")
        self.start.clicked.connect(self.start_clicked)
        for widget in (self.counts, self.reason, self.label_button, self.start):
            layout.addWidget(widget)
        return footer

    def _show_options(self, wanted: bool) -> None:
        self.options.setVisible(wanted)
        self.more.setIcon(icon("chevron-down" if wanted else "chevron-right", "text_muted"))

    def _model_changed(self) -> None:
        facts, lora = self.model.chosen, self.model.lora_rank > 0
        self.options.set_defaults(defaults(facts, from_scratch=self.model.from_scratch, lora=lora))
        self.conditions.show_model(facts)
        self.options.set_conditional(self.conditions.active)
        self._conditions_edited()

    def _conditions_edited(self) -> None:
        self._conditions_good = None
        self.conditions.show_status(self.conditions.missing(), "small")
        self._refresh()
        self.conditions_changed.emit(self.question())

    def _refresh(self) -> None:
        number = QLocale().toString
        verdict, enough = enough_words(self._counts.sensitive)
        self.counts.setText(
            self.tr("{s} sensitive, {u} unlabeled, {verdict}").format(
                s=number(self._counts.sensitive), u=number(self._counts.unlabeled), verdict=verdict
            )
        )
        set_role(self.counts, "" if enough else "warning")
        changed = self.options.changed_count()
        self.more.setText(
            self.tr("More options ({n} changed)").format(n=changed) if changed else self.tr("More options")
        )
        scratch = self.model.from_scratch
        self.start.setText(self.tr("Train a new model") if scratch else self.tr("Sanitize this model"))
        reason = self._why_not()
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        self.start.setEnabled(not reason)
        self.label_button.setVisible(not self._read_only and not enough and self._counts.total > 0)

    def _why_not(self) -> str:
        if self._read_only:
            return self.tr("Another window has this project open, so no run can be started here.")
        if self._busy:
            return self._busy
        if self._counts.sensitive == 0 and self.options.values()["objective.kind"] != "unsupervised":
            return self.tr("Mark at least one image as sensitive first, better 20.")
        if not self.model.ready:
            return self._why_no_model()
        if self.conditions.active and (not self.conditions.complete or self._conditions_good is False):
            caption = self.conditions.kind == "caption"
            return (
                self.tr("Every image needs a caption first.")
                if caption
                else self.tr("Every image needs a class first.")
            )
        return ""

    def _why_no_model(self) -> str:
        if self.model.config_needed and self.model.facts is None:
            return self.tr("Choose the folder that goes with the model's file.")
        return self.tr("Choose another model.") if self.model.problem else self.tr("Choose the model to sanitize.")


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label
