"""The features stage: every image of a manifest through an encoder, into the store that the run folder lies in.

The run folder is ``features/<encoder-id>/job``. A job that was stopped or killed goes on where it was: what the store
has is not computed again, and an image that it has under another name neither.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from training.commands import Commands
from training.derive import derive
from training.device import describe, pick_device
from training.digests import Digests, digest_rows, find_rows, first_rows
from training.encoder_ids import encoder_id
from training.encoders import Encoder, load_encoder
from training.errors import UserError
from training.events import EventLog
from training.feature_writer import FeatureWriter
from training.manifest import ManifestEntry, read_manifest
from training.perceptual_hash import perceptual_hashes
from training.preparing import Prepared, Unreadable, prepare_all
from training.progress import Progress, ReadingStoppedError
from training.reading import EntryReader
from training.runs import RunFolder
from training.spec import RunSpec

COMMIT_SECONDS = 2.0
"""Between two commits; what a kill costs at most."""
PACE_BATCHES = 30
"""The speed that is told is that of the last so many batches."""


def featurize(run: RunFolder, log: EventLog) -> bool:
    """Compute and derive what is missing; returns whether all is done, rather than told to stop.

    Raises
    ------
    UserError
        The encoder, the images or the place of the run folder cannot be used, or the disk is full.
    """
    commands = Commands(run, log)
    spec = run.spec()
    _check_place(run, spec)
    device = pick_device(spec.device)
    log.emit("progress", what="Loading the encoder", done=0, total=0)
    encoder = load_encoder(spec.features, device)
    entries = read_manifest(run.manifest_file)
    with FeatureWriter(run.path.parent, encoder.store_info(run.path.parent.name)) as writer:
        try:
            lines = _unseen(entries, writer)
            progress = Progress("Reading the tar files", log, commands.stop_asked)
            reader = EntryReader(spec.data.roots, [entries[line] for line in lines], run.cache / "shards", progress)
            job = _Job(encoder, reader, writer, log, commands)
            done = job.run()
        except ReadingStoppedError:
            done = False
        _derive(writer, spec, log, commands)
    log.emit("result", encoder=writer.info.encoder, rows=writer.info.rows, device=describe(device))
    return done


def _check_place(run: RunFolder, spec: RunSpec) -> None:
    wanted = encoder_id(spec.features)
    if run.path.resolve().parent.name != wanted:
        raise UserError(
            f"A job for this encoder belongs into a folder features/{wanted}, and {run.path} is not in one; start it "
            "with pudm features (the model may have changed since the job was written)."
        )


def _unseen(entries: Sequence[ManifestEntry], writer: FeatureWriter) -> list[int]:
    """Lines of the manifest whose content the store does not have, each content once."""
    known = np.array([bool(entry.sha256) for entry in entries], bool)
    lines = np.flatnonzero(known)
    digests = digest_rows([entries[line].sha256 for line in lines.tolist()])
    fresh = find_rows(digests, writer.seen_digests()) < 0
    lines, digests = lines[fresh], digests[fresh]
    return sorted([*lines[first_rows(digests)].tolist(), *np.flatnonzero(~known).tolist()])


class _Job:
    """One pass over the images of a reader."""

    def __init__(
        self, encoder: Encoder, reader: EntryReader, writer: FeatureWriter, log: EventLog, commands: Commands
    ) -> None:
        self.encoder, self.reader, self.writer, self.log, self.commands = encoder, reader, writer, log, commands
        self.expected = digest_rows([entry.sha256 or "00" * 32 for entry in reader.entries])
        self.unreadable: tuple[int, str] | None = None
        self.failures = 0
        self._pace: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=PACE_BATCHES)
        self._committed = time.monotonic()

    def run(self) -> bool:
        total, done = len(self.reader.entries), 0
        self._tell(0, total)
        outcomes = prepare_all(self.reader, self.encoder)
        try:
            while batch := list(islice(outcomes, self.encoder.batch)):
                if self.commands.wait_or_stop():
                    return False
                self._add(done, batch)
                done += len(batch)
                self._tell(done, total)
        finally:
            outcomes.close()
            self.writer.commit()
        self._warn(total)
        return True

    def _add(self, start: int, batch: Sequence[Prepared | Unreadable]) -> None:
        """Encode a batch and append it; `start` is the line of its first image."""
        for number, outcome in enumerate(batch, start):
            if isinstance(outcome, Unreadable):
                self.failures += 1
                self.unreadable = self.unreadable or (number, outcome.reason)
        damaged = [each.digest for each in batch if isinstance(each, Unreadable) and each.digest is not None]
        if damaged:
            digests = _rows(damaged)
            self.writer.note_damaged(digests[first_rows(digests)])
        lines = [start + number for number, each in enumerate(batch) if isinstance(each, Prepared)]
        images = [each for each in batch if isinstance(each, Prepared)]
        if not images:
            return
        digests = _rows([image.digest for image in images])
        wanted = self._new(digests, self.expected[lines])
        if len(wanted):
            features = self.encoder.encode(np.stack([images[number].array for number in wanted]))
            if not np.isfinite(features).all():
                raise UserError(
                    f"The encoder {self.encoder.name} gives no numbers for some images; choose another one."
                )
            hashes = perceptual_hashes(np.stack([images[number].grey for number in wanted]))
            self.writer.append(digests[wanted], features, hashes)

    def _new(self, digests: Digests, expected: Digests) -> NDArray[np.int64]:
        """Which of a batch to append: the contents that are as expected, and of others those that nothing else has."""
        same = (digests == expected).all(1)
        wanted = same.copy()
        others = np.flatnonzero(~same)
        if len(others):  # changed since the manifest was written, or listed without a digest
            self.writer.commit()
            unknown = (find_rows(digests[others], self.writer.seen_digests()) < 0) & (
                find_rows(digests[others], self.expected) < 0
            )
            others = others[unknown]
            wanted[others[first_rows(digests[others])]] = True
        return np.flatnonzero(wanted)

    def _tell(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._committed >= COMMIT_SECONDS or done == 0:
            self.writer.commit()
            self._committed = now
            begun, before = self._pace[0]
            pace = (done - before) / (now - begun) if now > begun else 0.0
            speed = {"images_per_second": pace, "seconds_left": (total - done) / pace} if pace else {}
            self.log.emit("progress", what="Looking at the images", done=done, total=total, **speed)
        self._pace.append((now, done))

    def _warn(self, total: int) -> None:
        if self.unreadable is None:
            return
        number, reason = self.unreadable
        path = self.reader.entries[number].path
        if self.failures == total and not self.writer.info.rows:
            raise UserError(
                f"None of the {total} images can be read, the first of them, {path}, for this reason: {reason}"
            )
        self.log.emit(
            "warning",
            message=f"{self.failures} of {total} images cannot be read and have no features, the first of them {path}: "
            f"{reason}",
        )


def _derive(writer: FeatureWriter, spec: RunSpec, log: EventLog, commands: Commands) -> None:
    """Also after a stop, so that what was looked at can be used; a second stop leaves it to the next job."""
    if writer.info.kind == "scores" or writer.info.derived_rows == writer.info.rows:
        return
    commands.forget()
    try:
        derive(writer, spec.seed, Progress("Grouping the images", log, commands.stop_asked))
    except ReadingStoppedError:
        return


def _rows(digests: Sequence[bytes]) -> Digests:
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 32)
