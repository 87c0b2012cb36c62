"""Whether every image has its caption or class, looked up as the engine will."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLocale, QObject, QTimer, Signal

from pudm_gui.project.project import Project
from pudm_gui.project.runs import freeze
from pudm_gui.session import Session
from pudm_gui.widgets.off_thread import OffThread
from training.conditions import Condition, Kind, resolve
from training.errors import UserError
from training.manifest import ManifestEntry
from training.spec import RunSpec

DELAY_MS = 250
EXAMPLE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Question:
    """What `spec` says of where captions or classes come from; `classes` is how many the model has."""

    spec: RunSpec
    kind: Kind
    classes: int | None


@dataclass(frozen=True, slots=True)
class ConditionStatus:
    """One line about the captions or classes of all images."""

    text: str
    good: bool | None
    """None while it is being found out."""
    unnumbered: tuple[str, ...] = ()
    """Names of classes that have no number yet."""


class _OutdatedError(Exception):
    """Something else is to be looked up meanwhile."""


class ConditionChecker(QObject):
    """Looks captions and classes up on a thread; a new question takes the place of the one before.

    Signals
    -------
    checked
        A `ConditionStatus`.
    """

    checked = Signal(object)
    _progressed = Signal(int, int, int)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._work = OffThread(self, threads=1)
        # Shared with the thread; a list, because this object may be gone while that still reads.
        self._number = [0]
        self._question: Question | None = None
        self._delay = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._delay.timeout.connect(self._begin)
        self._progressed.connect(self._tell_progress)
        current = self._number
        self.destroyed.connect(lambda: current.__setitem__(0, -1))

    def check(self, question: Question | None) -> None:
        """Find out for all images of the project, after a moment in which nothing else is asked."""
        self._number[0] += 1
        self._question = question
        if question is None:
            self._delay.stop()
        else:
            self._delay.start()

    def check_again(self) -> None:
        """The images, their labels or what lies beside them may have changed."""
        self.check(self._question)

    def _begin(self) -> None:
        question = self._question
        if question is None:
            return
        number, current, project = self._number[0], self._number, self._session.project

        def tick(done: int, total: int) -> None:
            if current[0] != number:
                raise _OutdatedError
            self._progressed.emit(number, done, total)

        def work() -> ConditionStatus | None:
            try:
                return _status(project, question, tick)
            except _OutdatedError:
                return None
            except UserError as error:
                return ConditionStatus(str(error), good=False)

        self._work.submit(work, lambda status: self._tell(number, status))

    def _tell(self, number: int, status: ConditionStatus | None) -> None:
        if number == self._number[0] and status is not None:
            self.checked.emit(status)

    def _tell_progress(self, number: int, done: int, total: int) -> None:
        if number == self._number[0] and done < total:
            write = QLocale().toString
            words = self.tr("Reading: {done} of {total}").format(done=write(done), total=write(total))
            self.checked.emit(ConditionStatus(words, good=None))


def _status(project: Project, question: Question, tick: Callable[[int, int], None]) -> ConditionStatus:
    spec, entries = freeze(project, question.spec)
    if not entries:
        return ConditionStatus(_tr("The project has no images yet."), good=None)
    texts = resolve(spec, entries, "caption", tick=tick)  # of classes, their names
    if question.kind == "caption":
        return _about_captions(texts)
    return _about_classes(spec, entries, texts, question.classes)


def _about_classes(
    spec: RunSpec, entries: Sequence[ManifestEntry], names: Sequence[Condition], classes: int | None
) -> ConditionStatus:
    number = QLocale().toString
    numbers = spec.conditioning.classes
    used = {
        name: numbers.get(name, int(name) if name.isascii() and name.isdecimal() else -1) for name in map(str, names)
    }
    unnumbered = tuple(sorted(name for name, index in used.items() if index < 0))
    if unnumbered:
        one = _tr("The class “{first}” has no number yet.").format(first=unnumbered[0])
        many = _tr("{n} classes have no number yet, the first of them “{first}”.")
        many = many.format(n=number(len(unnumbered)), first=unnumbered[0])
        return ConditionStatus(one if len(unnumbered) == 1 else many, good=False, unnumbered=unnumbered)
    beyond = next((i for i, name in enumerate(names) if classes is not None and used[str(name)] >= classes), None)
    if beyond is not None:
        told = _tr("{path} is of class {index}, and the model has the classes 0 to {last}.")
        index, last = used[str(names[beyond])], number((classes or 1) - 1)
        return ConditionStatus(told.format(path=entries[beyond].path, index=number(index), last=last), good=False)
    told = _tr("All {n} images have a class; {used} of {classes} classes are used.")
    count, of_all = number(len(set(used.values()))), number(classes or 0)
    return ConditionStatus(told.format(n=number(len(names)), used=count, classes=of_all), good=True)


def _about_captions(values: Sequence[Condition]) -> ConditionStatus:
    first = str(values[0])
    example = first if len(first) <= EXAMPLE_LENGTH else first[: EXAMPLE_LENGTH - 1].rstrip() + "…"
    told = _tr("All {n} images have a caption, such as “{example}”.")
    return ConditionStatus(told.format(n=QLocale().toString(len(values)), example=example), good=True)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ConditionCheck", text)
