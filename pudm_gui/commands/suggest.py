"""`pudm suggest`, `pudm similar`, `pudm duplicates` and `pudm coverage`: what to look at next."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pudm_gui.commands.console import Console
from pudm_gui.project.exchange.csv_table import harmless
from pudm_gui.project.exchange.targets import check_table
from pudm_gui.project.features import features_folder
from pudm_gui.project.images import image_rows, labels_for
from pudm_gui.project.model import Ids, Label
from pudm_gui.project.paths import encode, posix
from pudm_gui.project.project import Project
from pudm_gui.project.roots import roots
from pudm_gui.suggest.classifier import FEW, rank
from pudm_gui.suggest.coverage import coverage
from pudm_gui.suggest.diversity import diverse
from pudm_gui.suggest.duplicates import duplicate_groups
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.model import Labels
from pudm_gui.suggest.similar import similar
from training.atomic import write_atomic
from training.errors import UserError
from training.feature_store import FeatureStore

PREFERRED = ("imagenet", "folder", "base", "pixels")
"""Of several encoders, the first of these kinds is asked."""
COLUMNS = ("path", "probability", "level")
SHOWN = 12
"""Images of a group or gap whose paths are written out as text."""


def add_options(
    suggesting: argparse.ArgumentParser,
    finding: argparse.ArgumentParser,
    grouping: argparse.ArgumentParser,
    covering: argparse.ArgumentParser,
    whole: Any,
) -> None:
    """Give each command its arguments; `whole` makes a parser of whole numbers."""
    for parser, most, what in (
        (suggesting, 200, "images"),
        (finding, 50, "images"),
        (grouping, 50, "groups"),
        (covering, 12, "kinds"),
    ):
        parser.add_argument("project", type=Path, metavar="PROJECT")
        parser.add_argument("--n", type=whole(1), default=most, metavar="N", help=f"at most so many {what}; {most}")
        parser.add_argument("--encoder", metavar="ID", help="which features, such as imagenet; default: the best")
    suggesting.add_argument("--out", type=Path, metavar="FILE.csv", help="write the list there, as path,probability")
    text = "leave out what looks like an earlier one"
    suggesting.add_argument("--diverse", action="store_true", help=text)
    text = "relative to an image folder of the project, or absolute"
    finding.add_argument("images", nargs="+", metavar="IMAGE", help=text)


def suggest(args: argparse.Namespace, console: Console) -> int:
    with _indexed(args, console) as (project, index):
        if args.out is not None:
            check_table(project, args.out.absolute())
        labels = _labels(project, index)
        found = rank(index, labels)
        if not found.reliable:
            console.say(
                "Note: with so few labels, or with these features, the labeled images can hardly be told from the "
                "others; label more, or try another encoder."
            )
        ranking = diverse(index, found.ranking, args.n) if args.diverse else found.ranking.first(args.n)
        places = {int(id_): place for place, id_ in enumerate(found.ranking.ids[: found.very_likely + found.likely])}
        levels = [found.level(places.get(int(id_), len(found.ranking))) for id_ in ranking.ids]
        paths = _paths(project, ranking.ids)
    rows = [
        {"path": path, "probability": round(float(score), 3), "level": level}
        for path, score, level in zip(paths, ranking.scores, levels, strict=True)
    ]
    document = {"basis": found.basis, "reliable": found.reliable, "images": rows}
    if args.out is not None:
        _write_csv(args.out, rows)
        console.result(document | {"file": str(args.out)}, f"{len(rows):,} images written to {args.out}.")
    else:
        lines = [f"{row['probability']:5.2f}  {row['level']:11}  {row['path']}" for row in rows]
        console.result(document, "\n".join(lines) or "Every image with features is labeled.")
    return 0


def find_similar(args: argparse.Namespace, console: Console) -> int:
    with _indexed(args, console) as (project, index):
        ids = _find_images(project, args.images)
        found = similar(index, ids, args.n)
        if not len(index.positions(ids)):
            raise UserError(f"{args.images[0]} has no features yet; compute them first: pudm features {args.project}")
        paths = _paths(project, found.ids)
    rows = [
        {"path": path, "similarity": round(float(score), 3)} for path, score in zip(paths, found.scores, strict=True)
    ]
    console.result({"images": rows}, "\n".join(f"{row['similarity']:6.3f}  {row['path']}" for row in rows))
    return 0


def duplicates(args: argparse.Namespace, console: Console) -> int:
    with _indexed(args, console) as (project, index):
        groups = duplicate_groups(index)
        members = [_paths(project, group.ids) for group in groups[: args.n]]
    images = sum(len(group.ids) for group in groups)
    document = {
        "groups": len(groups),
        "images": images,
        "largest": [{"exact": group.exact, "paths": paths} for group, paths in zip(groups, members, strict=False)],
    }
    many = "" if len(groups) == 1 else "s"
    blocks = [f"{len(groups):,} group{many} of near duplicates, {images:,} images in all."]
    for group, paths in zip(groups, members, strict=False):
        blocks.append(_block(f"{len(paths):,} images{', the same file' if group.exact else ''}", paths))
    console.result(document, "\n".join(blocks))
    return 0


def find_gaps(args: argparse.Namespace, console: Console) -> int:
    with _indexed(args, console) as (project, index):
        labels = _labels(project, index)
        sensitive = int((labels == Label.SENSITIVE).sum())
        if sensitive < FEW:
            raise UserError(
                f"{sensitive} images with features are labeled sensitive, too few to look for kinds that were missed; "
                f"label {FEW} or more."
            )
        gaps = coverage(index, labels, args.n)
        members = [_paths(project, gap.ids) for gap in gaps]
    document = {
        "gaps": [
            {"size": gap.size, "closeness": round(gap.closeness, 3), "paths": paths}
            for gap, paths in zip(gaps, members, strict=True)
        ]
    }
    blocks = [
        _block(f"{gap.size:,} images, likelier sensitive than {gap.closeness:.0%} of the unlabeled", paths)
        for gap, paths in zip(gaps, members, strict=True)
    ]
    console.result(document, "\n".join(blocks) or "Every kind that looks like the sensitive images has a label.")
    return 0


@contextmanager
def _indexed(args: argparse.Namespace, console: Console) -> Iterator[tuple[Project, FeatureIndex]]:
    """The project, read only, and the images that have features of the wanted encoder."""
    with Project.open(args.project, read_only=True) as project:
        index = FeatureIndex.load(project, _store(project, args.encoder))
        if not len(index):
            raise UserError(f"No image of the project has features; compute them first: pudm features {args.project}")
        if index.missing:
            console.say(f"Note: {index.missing:,} images have no features yet; add them with pudm features.")
        yield project, index


def _store(project: Project, encoder: str | None) -> FeatureStore:
    stores = {store.info.encoder: store for store in FeatureStore.available(features_folder(project))}
    if not stores:
        raise UserError(f"The project has no image features; compute features first: pudm features {project.path}")
    if encoder is None:
        return min(stores.values(), key=lambda store: _preference(store.info.encoder))
    if encoder not in stores:
        raise UserError(f"There are no features of {encoder}; there are those of {', '.join(sorted(stores))}.")
    return stores[encoder]


def _preference(encoder: str) -> int:
    kind = encoder.partition("-")[0]
    return PREFERRED.index(kind) if kind in PREFERRED else len(PREFERRED)


def _labels(project: Project, index: FeatureIndex) -> Labels:
    labels = labels_for(project, index.ids)
    if not (labels == Label.SENSITIVE).any():
        raise UserError(
            "No image with features is labeled sensitive yet; label some in the window, or import labels with "
            "pudm labels import."
        )
    return labels


def _find_images(project: Project, names: Sequence[str]) -> Ids:
    """The ids of images named by paths.

    Raises
    ------
    UserError
        The project has no such image.
    """
    folders = roots(project)
    found: list[int] = []
    for name in names:
        places = [(root.id, posix(name)) for root in folders]
        whole = Path(name).absolute()
        places += [
            (root.id, whole.relative_to(root.path).as_posix()) for root in folders if whole.is_relative_to(root.path)
        ]
        ids = [
            id_
            for place in places
            for (id_,) in project.db.execute(
                "SELECT id FROM images WHERE root_id = ? AND path = CAST(? AS TEXT)", (place[0], encode(place[1]))
            )
        ]
        if not ids:
            raise UserError(
                f"The project has no image {name}; give a path relative to one of its image folders, or an absolute "
                "one."
            )
        found += ids
    return np.unique(np.array(found, np.int64))


def _paths(project: Project, ids: Ids) -> list[str]:
    """Relative to the image folder; absolute where the project has several."""
    several = len(roots(project)) > 1
    return [str(row.file) if several else row.path for row in image_rows(project, ids)]


def _write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(row["path"]), row["probability"], row["level"]] for row in rows)
    try:
        write_atomic(path, text.getvalue())
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def _block(title: str, paths: Sequence[str]) -> str:
    more = [f"  and {len(paths) - SHOWN:,} more"] if len(paths) > SHOWN else []
    return "\n".join([f"\n{title}", *(f"  {path}" for path in paths[:SHOWN]), *more])
