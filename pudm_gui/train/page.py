"""The Train page: set up a run, start it, watch it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from pudm_gui.base_model import settings_group
from pudm_gui.job_follower import last_words, training_events
from pudm_gui.jobs import Job, JobRunner
from pudm_gui.project.images import counts
from pudm_gui.project.runs import create_run, list_runs
from pudm_gui.session import Session
from pudm_gui.train.condition_check import ConditionChecker
from pudm_gui.train.demo_base import DemoBase
from pudm_gui.train.demo_offer import DemoOffer
from pudm_gui.train.prior_estimate import PriorEstimator
from pudm_gui.train.progress import TrainingProgress
from pudm_gui.train.run_view import RunView
from pudm_gui.train.run_words import RunItem, list_items
from pudm_gui.train.setup_panel import SetupPanel
from pudm_gui.widgets.empty_state import EmptyState
from pudm_gui.widgets.off_thread import OffThread
from pudm_gui.widgets.rail import RailState
from training.errors import UserError
from training.runs import RunFolder

COUNT_DELAY_MS = 60


class TrainPage(QWidget):
    """Left, what to train; right, the run.

    Signals
    -------
    rail_state
        A `RailState`.
    go_to
        Name of another page.
    """

    rail_state = Signal(object)
    go_to = Signal(str)

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._work = OffThread(self, threads=1)
        self._creating = False
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.timeout.connect(self._count)
        self._build()
        self._connect()
        if session.read_only:
            self.setup.set_read_only()
            self.setup.beta.estimate_button.setEnabled(False)
        self._count()
        self.checker.check(self.setup.question())
        self.prior.load_last()
        self._show_current(session.current_run)
        self._list_runs()
        if self.demo is not None:
            self.demo.training.connect(self._show_demo_training)
            self.demo.changed.connect(self._refresh_busy)
            DemoOffer(self.demo, self.setup, read_only=session.read_only, parent=self)
            self._refresh_busy()

    def shown(self) -> None:
        """Called when the page comes to the front."""
        self._count()
        self.checker.check_again()

    def _build(self) -> None:
        self.setup = SetupPanel(settings_group(self._session.project.path))
        self.view = RunView(self._session, self._jobs)
        self.empty = EmptyState(
            self.tr("Nothing is trained yet"),
            self.tr("Choose a model at the left and start. You will see here how it learns, and samples as it goes."),
            icon_name="train",
        )
        self.right = QStackedWidget()
        self.right.addWidget(self.empty)
        self.right.addWidget(self.view)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.setup)
        layout.addWidget(self.right, 1)
        self.checker = ConditionChecker(self._session, self)
        self.prior = PriorEstimator(self._session, self._jobs, self)
        self.demo = DemoBase(self._session, self._jobs, self) if DemoBase.belongs_to(self._session) else None

    def _connect(self) -> None:
        session, view = self._session, self.view
        session.labels_changed.connect(self._count_soon)
        session.images_changed.connect(self._count_soon)
        session.runs_changed.connect(self._list_runs)
        session.current_run_changed.connect(self._show_current)
        self._jobs.active_changed.connect(self._jobs_changed)
        self.setup.start_clicked.connect(self._start)
        self.setup.label_clicked.connect(lambda: self.go_to.emit("label"))
        self.setup.beta.estimate_clicked.connect(self._estimate)
        self.setup.conditions_changed.connect(self.checker.check)
        self.checker.checked.connect(self.setup.show_conditions)
        self.prior.estimated.connect(self.setup.beta.show_estimate)
        self.prior.working.connect(self.setup.beta.set_estimating)
        view.changed.connect(self._tell_rail)
        view.resume_clicked.connect(self._resume)
        view.review_clicked.connect(lambda: self.go_to.emit("review"))
        view.header.run_chosen.connect(self._choose_run)

    def _show_demo_training(self, job: Job) -> None:
        self._session.current_run = job.run
        self._show_job(job)
        self._session.runs_changed.emit()

    # -- labels and estimate

    def _count_soon(self, *_: object) -> None:
        if not self._counting.isActive():
            self._counting.start(COUNT_DELAY_MS)

    def _count(self) -> None:
        self.setup.show_counts(counts(self._session.project))

    def _estimate(self) -> None:
        if self.prior.active:
            self.prior.stop()
            return
        try:
            self.prior.start(self.setup.spec())
        except UserError as error:
            self._session.message.emit(str(error), "error")

    # -- starting

    def _start(self) -> None:
        try:
            spec = self.setup.spec()
        except UserError as error:
            self._session.message.emit(str(error), "error")
            return
        project, name = self._session.project, self.setup.model.name
        self._creating = True
        self._refresh_busy()

        def create() -> RunFolder | UserError:
            try:
                return create_run(project, spec, name=name)
            except UserError as error:
                return error

        self._work.submit(create, self._created, failed=self._end_creating)

    def _end_creating(self) -> None:
        self._creating = False
        self._refresh_busy()

    def _created(self, run: RunFolder | UserError) -> None:
        self._creating = False
        if isinstance(run, UserError):
            self._session.message.emit(str(run), "error")
        else:
            self._begin(run)
        self._refresh_busy()

    def _resume(self) -> None:
        if self.view.run is not None:
            self._begin(self.view.run)

    def _begin(self, run: RunFolder) -> None:
        try:
            job = self._jobs.start("train", run)
        except UserError as error:
            self._session.message.emit(str(error), "error")
            return
        self._session.current_run = run
        self._show_job(job)
        self._session.runs_changed.emit()

    def _training(self) -> Job | None:
        return next((job for job in reversed(self._jobs.active) if job.stage == "train"), None)

    def _jobs_changed(self) -> None:
        self._refresh_busy()
        if self.demo is not None:
            self.demo.follow_running()
        run = self._session.current_run
        job = self._jobs.job_for(run, "train") if run is not None else None
        if job is not None and job is not self.view.job:
            self._show_job(job)
        self._session.runs_changed.emit()

    def _refresh_busy(self) -> None:
        if self._creating:
            self.setup.set_busy(self.tr("Freezing images and labels for the run…"))
        elif self.demo is not None and self.demo.busy:
            self.setup.set_busy(self.tr("The demo's model is on its way."))
        elif self._training() is not None:
            self.setup.set_busy(self.tr("A run is under way. Wait for it to end, or stop it."))
        else:
            self.setup.set_busy("")

    # -- which run is shown

    def _choose_run(self, run: RunFolder) -> None:
        self._session.current_run = run

    def _show_current(self, run: RunFolder | None) -> None:
        self._refresh_busy()
        self.view.header.select_run(run)
        if run is None:
            self.right.setCurrentWidget(self.empty)
            self._tell_rail()
            return
        job = self._jobs.job_for(run, "train")
        if job is not None:
            self._show_job(job)
            return

        def read() -> tuple[TrainingProgress, str, str]:
            return TrainingProgress.of(training_events(run.events())), run.state(), last_words(run.log_file)

        def show(found: tuple[TrainingProgress, str, str]) -> None:
            if self._session.current_run == run and self._jobs.job_for(run, "train") is None:
                self.view.show_past(run, *found)
                self.right.setCurrentWidget(self.view)

        self._work.submit(read, show)

    def _show_job(self, job: Job) -> None:
        if job is not self.view.job:
            self.view.show_job(job)
        self.right.setCurrentWidget(self.view)

    def _list_runs(self) -> None:
        project = self._session.project

        def show(items: list[RunItem]) -> None:
            self.view.header.set_runs(items, self._session.current_run)
            self.view.refresh()

        self._work.submit(lambda: list_items(list_runs(project)), show)

    def _tell_rail(self) -> None:
        self.setup.set_prominent(self.view.run is None or self.view.state != "finished")
        job = self._training()
        if job is None:
            dot = {"failed": "danger", "interrupted": "warning"}.get(self.view.state) if self.view.run else None
            self.rail_state.emit(RailState(dot=dot))
            return
        progress = self.view.progress if self.view.job is job else TrainingProgress.of(job.attempt)
        share = progress.step / progress.steps if progress.steps else 0.0
        text = self.tr("paused") if job.state == "paused" else f"{share:.0%}"
        self.rail_state.emit(RailState(text=text, progress=share))
