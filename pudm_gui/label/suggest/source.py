"""The image features of the project as the panels use them: which there are, and those that are loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from threadpoolctl import threadpool_limits

from pudm_gui.jobs import JobRunner
from pudm_gui.label.suggest.features_job import FeaturesJob
from pudm_gui.project.project import Project
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread
from training.errors import UserError
from training.feature_store import JOB
from training.runs import RunFolder

if TYPE_CHECKING:
    from pudm_gui.suggest.index import FeatureIndex

SCORER = "nudity"
"""Id of an encoder whose scores are no features to compare images by."""
AGAIN_MS = 1500
"""New images are counted when none has come for so long."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Known:
    """An encoder whose features are there."""

    encoder: str
    name: str
    """For people."""
    model: str = ""
    """Folder or file of its model, where it is one of a base model or from a folder."""


@dataclass(frozen=True, slots=True)
class _Found:
    known: tuple[Known, ...] = ()
    index: FeatureIndex | None = None
    missing: int = 0
    problem: str = ""


class FeatureSource(QObject):
    """Loads features off the GUI thread, and keeps them in step with new images and finished jobs.

    Signals
    -------
    changed
        Which features there are, how many images have none, or what is loaded.
    loaded
        Another `index` is loaded, or none.
    """

    changed = Signal()
    loaded = Signal()

    def __init__(self, session: Session, jobs: JobRunner, encoder: str, parent: QObject) -> None:
        """`encoder`: id of the encoder to use; "" takes the first that has features."""
        super().__init__(parent)
        self._session = session
        self.job = FeaturesJob(session, jobs, self)
        self.known: tuple[Known, ...] = ()
        self.index: FeatureIndex | None = None
        self.missing = 0
        """Readable images without features; 0 while nothing is loaded."""
        self.problem = ""
        """Why features that are there cannot be used."""
        self.ready = False
        """Whether it is known what there is."""
        self._encoder = encoder
        self._begun = False
        self._question = 0
        self._loader = OffThread(self, threads=1)
        self._quick = OffThread(self, threads=1)
        self._slow = OffThread(self, threads=1)
        self._again = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._again.timeout.connect(self.reload)
        self.job.ended.connect(self._job_ended)
        session.images_changed.connect(self._images_changed)
        session.scan_finished.connect(lambda _: self._images_changed())

    @property
    def encoder(self) -> str:
        """Id of the encoder whose features are used, or wanted."""
        return self._encoder

    @property
    def busy(self) -> bool:
        """Whether it is still being found out what there is."""
        return self._begun and not self.ready

    def begin(self) -> None:
        """A panel needs the features: look for them, once."""
        if not self._begun:
            self._begun = True
            self.job.find_running()
            self.reload()

    def choose(self, encoder: str) -> None:
        """Use the features of another encoder."""
        if encoder != self._encoder:
            self._encoder = encoder
            self.reload()

    def reload(self) -> None:
        """Look again at what there is."""
        self._again.stop()
        self._question += 1
        self._loader.cancel_waiting()
        work = partial(find_features, self._session.project, self._encoder)
        found = partial(self._found, self._question)
        self._loader.submit(work, found, failed=lambda: found(self._not_found()))

    def ask(
        self,
        work: Callable[[FeatureIndex], Result],
        then: Callable[[Result], object],
        *,
        failed: Callable[[], object] = lambda: None,
        slow: bool = False,
    ) -> bool:
        """Run `work` on the loaded features on a thread, then `then` on this one; whether there are any.

        An answer about features that have been replaced meanwhile is dropped, and so is a failure, of which `failed`
        tells otherwise. What is `slow` does not hold up the rest.
        """
        index = self.index
        if index is None:
            return False

        def answered(result: Result) -> None:
            if index is self.index:
                then(result)

        def gave_up() -> None:
            if index is self.index:
                failed()

        thread = self._slow if slow else self._quick
        thread.submit(lambda: _on_one_processor(work, index), answered, failed=gave_up)
        return True

    def close(self) -> None:
        """Wait for the threads; what they bring is no longer used."""
        self._question += 1
        self.index = None
        self._again.stop()
        self.job.close()
        for thread in (self._loader, self._quick, self._slow):
            thread.cancel_waiting()
            thread.wait()

    def _images_changed(self) -> None:
        if self._begun and not self._session.scanning:
            self._again.start()

    def _job_ended(self, outcome: str, words: str) -> None:
        if outcome == "failed" or (outcome == "interrupted" and words):
            said = words.splitlines()[-1] if words else ""
            self._session.message.emit(
                self.tr("Looking at the images did not come to its end. {reason}").format(reason=said), "error"
            )
        if outcome == "finished" and self.job.encoder != SCORER:
            self._encoder = self.job.encoder
        if self._begun:
            self.reload()

    def _not_found(self) -> _Found:
        """What is loaded stays."""
        words = self.tr(
            "The program could not find out which images have been looked at. Open the project again to try once more."
        )
        return _Found(self.known, self.index, self.missing, words)

    def _found(self, question: int, found: _Found) -> None:
        if question != self._question:
            return
        index = found.index
        self.known, self.problem, self.ready = found.known, found.problem, True
        self.missing = found.missing
        if index is not None:
            self._encoder = index.store.info.encoder
        if not _same(index, self.index):  # otherwise what was worked out from it still holds
            self.index = index
            self.loaded.emit()
        self.changed.emit()


def _on_one_processor(work: Callable[[FeatureIndex], Result], index: FeatureIndex) -> Result:
    """Several threads of numpy's wait for each other in busy loops: beside a training on all processors, what takes a
    hundredth of a second alone took ten."""
    with threadpool_limits(1, user_api="blas"):
        return work(index)


def find_features(project: Project, encoder: str) -> _Found:
    """Which features the project has, and those of `encoder` loaded; "" takes the first. For threads."""
    from pudm_gui.project.features import features_folder, missing_features
    from pudm_gui.suggest.index import FeatureIndex
    from training.feature_store import FeatureStore

    stores = FeatureStore.available(features_folder(project))
    known = tuple(Known(store.info.encoder, store.info.name, _model(store.folder)) for store in stores)
    store = next((store for store in stores if encoder in ("", store.info.encoder)), None)
    if store is None:
        return _Found(known)
    try:
        index = FeatureIndex.load(project, store)
        # Not index.missing itself: files that the encoder found damaged are not looked at again.
        missing = missing_features(project, store.info.encoder) if index.missing else 0
        return _Found(known, index, missing)
    except UserError as error:
        return _Found(known, problem=str(error))


def _same(one: FeatureIndex | None, other: FeatureIndex | None) -> bool:
    """Whether both are the same features of the same images."""
    if one is None or other is None:
        return one is other
    return (
        one.store.folder == other.store.folder
        and one.store.info.generation == other.store.info.generation
        and len(one.store) == len(other.store)
        and np.array_equal(one.ids, other.ids)
        and np.array_equal(one.rows, other.rows)
    )


def _model(folder: Path) -> str:
    """What the last job on a store was started with."""
    job = RunFolder(folder / JOB)
    try:
        return job.spec().features.source
    except (UserError, OSError):  # made by hand, or copied without it
        return ""
