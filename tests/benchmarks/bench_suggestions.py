"""How good and how quick suggestions are: ``python -m tests.benchmarks.bench_suggestions DATA [--only PART …]``.

DATA is the folder of real images of `tests/README.md`. Every draw has a seed; figures are means over the draws.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pudm_gui.project.model import Label
from pudm_gui.project.project import Project
from pudm_gui.suggest.classifier import rank
from pudm_gui.suggest.coverage import coverage
from pudm_gui.suggest.diversity import diverse
from pudm_gui.suggest.duplicates import duplicate_groups
from pudm_gui.suggest.index import FeatureIndex
from pudm_gui.suggest.similar import similar
from tests.benchmarks.suggestion_data import Pool, baselines, described, pools
from tests.benchmarks.timing import Watch, timed
from tests.pudm_gui.suggest.stores import write_store
from training.feature_writer import unit_rows
from training.spec import FeaturesSpec

FIRST, LABELED, DRAWS = 200, 50, 3
ROUNDS, A_ROUND = 6, 50
GAP_DRAWS = 5
SHOWN = 12
"""Images of a gap that a panel shows at first."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", choices=(*MEASURES, "speed"), default=(*MEASURES, "speed"))
    parser.add_argument("--base", type=Path, help="a diffusion model of MNIST, to describe the digits with its network")
    parser.add_argument("--cache", type=Path, help="a folder that keeps features from one run to the next")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.cache or Path(temporary)
        if set(options.only) != {"speed"}:
            for pool, encoder, index in _indexes(options, folder):
                print(
                    f"\n{pool.name}, {encoder}: {len(index):,} images, {pool.sensitive.sum():,} sensitive", flush=True
                )
                for part in (name for name in MEASURES if name in options.only):
                    MEASURES[part](pool, index)
        if "speed" in options.only:
            for images in (20_000, 1_000_000):
                speed(images, Path(temporary) / str(images))


def _indexes(options: argparse.Namespace, folder: Path) -> Iterator[tuple[Pool, str, FeatureIndex]]:
    for pool in pools(options.data):
        encoders = [FeaturesSpec(encoder="imagenet"), FeaturesSpec(encoder="pixels")]
        if options.base is not None and pool.name.startswith("MNIST"):
            encoders.append(FeaturesSpec(encoder="base", source=str(options.base.absolute())))
        for encoder in encoders:
            yield pool, encoder.encoder, described(pool, encoder, folder)


def ranking(pool: Pool, index: FeatureIndex) -> None:
    """Of the first 200 suggested with 50 labeled, the share that is sensitive; and how the levels hold."""
    found: dict[str, list[float]] = {}
    levels: dict[str, list[tuple[int, int]]] = {"very likely": [], "likely": []}
    for seed in range(DRAWS):
        labels = _labels(pool, seed)
        open_ = labels == Label.UNLABELED
        most = min(FIRST, int((pool.sensitive & open_).sum()))
        suggestions = rank(index, labels)
        lists = {
            "ours": suggestions.ranking.ids - 1,
            "ours, diverse": diverse(index, suggestions.ranking, most).ids - 1,
        }
        values = index.values(index.rows)
        full = index.values(index.rows, "features")
        full = unit_rows(full - full.mean(axis=0))
        for name, score in baselines().items():
            lists[name] = _order(score(values, np.flatnonzero(~open_)), open_)
            if name.startswith(("nearest", "logistic")):
                lists[f"{name}, full features"] = _order(score(full, np.flatnonzero(~open_)), open_)
        for name, order in lists.items():
            found.setdefault(name, []).append(float(pool.sensitive[order[:most]].mean()))
        ends = np.cumsum([0, suggestions.very_likely, suggestions.likely])
        for level, start, end in zip(levels, ends, ends[1:], strict=False):
            right = pool.sensitive[suggestions.ranking.ids[start:end] - 1]
            levels[level].append((int(right.sum()), len(right)))
    print(
        f"  sensitive of the first {most}: " + ", ".join(f"{name} {np.mean(all_):.3f}" for name, all_ in found.items())
    )
    for level, counts in levels.items():
        right, total = np.sum(counts, axis=0)
        print(f"  {level}: {total / DRAWS:.0f} images, {right / max(total, 1):.2f} of them sensitive", flush=True)


def rounds(pool: Pool, index: FeatureIndex) -> None:
    """From 10 labeled on, 50 suggestions a round are judged: how many of all sensitive images are found."""
    for name, spread in (("in order", False), ("diverse", True)):
        shares = []
        for seed in range(DRAWS):
            labels, share = _labels(pool, seed, 10), []
            for _ in range(ROUNDS):
                ranked = rank(index, labels).ranking
                shown = (diverse(index, ranked, A_ROUND) if spread else ranked.first(A_ROUND)).ids - 1
                labels[shown] = np.where(pool.sensitive[shown], Label.SENSITIVE, Label.NORMAL)
                share.append((labels == Label.SENSITIVE).sum() / pool.sensitive.sum())
            shares.append(share)
        print(f"  share of all sensitive found by round, {name}: {np.mean(shares, axis=0).round(3).tolist()}")
    at_random = [(10 + A_ROUND * (n + 1) * pool.sensitive.mean()) / pool.sensitive.sum() for n in range(ROUNDS)]
    print(f"  … at random: {np.round(at_random, 3).tolist()}", flush=True)


def likeness(pool: Pool, index: FeatureIndex) -> None:
    """Of the first 20, how many are of the kind that was asked for: reduced and full features, and ways to join."""
    rng = np.random.default_rng(0)
    values, full = index.values(index.rows), index.values(index.rows, "features")
    asked = rng.choice(len(index), min(200, len(index)), replace=False)
    right = [
        np.mean(pool.kinds[similar(index, index.ids[[place]], 20).ids - 1] == pool.kinds[place]) for place in asked
    ]
    full_right = [np.mean(pool.kinds[_others(full @ full[place], [place])] == pool.kinds[place]) for place in asked]
    print(f"  same kind in the first 20: reduced {np.mean(right):.3f}, full {np.mean(full_right):.3f}")
    joined: dict[str, list[float]] = {"soft maximum": [], "maximum": [], "mean": []}
    for place in asked[:60]:
        some = rng.choice(np.flatnonzero(pool.kinds == pool.kinds[place]), 10, replace=False)
        cosines = values @ values[some].T
        found = {
            "soft maximum": similar(index, index.ids[some], 20).ids - 1,
            "maximum": _others(cosines.max(axis=1), some),
            "mean": _others(cosines.mean(axis=1), some),
        }
        for name, places in found.items():
            joined[name].append(float(np.mean(pool.kinds[places] == pool.kinds[place])))
    print("  … for 10 images: " + ", ".join(f"{name} {np.mean(each):.3f}" for name, each in joined.items()), flush=True)


def duplicates(pool: Pool, index: FeatureIndex) -> None:
    """Near duplicates among real images, and whether they are of one kind."""
    groups = duplicate_groups(index)
    images = sum(len(group.ids) for group in groups)
    pure = [np.mean(pool.kinds[group.ids - 1] == pool.kinds[group.ids[0] - 1]) for group in groups]
    print(
        f"  near duplicates: {len(groups)} groups, {images} images, of one kind {np.mean(pure or [1]):.3f}", flush=True
    )


def gaps(pool: Pool, index: FeatureIndex) -> None:
    """One kind after another is never labeled: where in the list of gaps it comes, and how pure what is shown is."""
    kinds = sorted(set(pool.kinds[pool.sensitive].tolist()))
    for labeled in (100, 400):
        for missed in [*(kinds if len(kinds) > 1 else []), None]:
            ranks, purities, right, counts = [], [], [], []
            for seed in range(GAP_DRAWS):
                allowed = pool.sensitive & (pool.kinds != missed)
                labels = _labels(pool, seed, labeled, allowed)
                shown = [gap.ids[:SHOWN] - 1 for gap in coverage(index, labels)]
                shares = [float(np.mean(pool.kinds[places] == missed)) for places in shown]
                ranks.append(next((place for place, share in enumerate(shares, 1) if share >= 0.5), 0))
                purities.append(max(shares, default=0.0))
                right.append(np.mean([pool.sensitive[places].mean() >= 0.5 for places in shown] or [1]))
                counts.append(len(shown))
            where = f"first gap of it {ranks} (0: none), of what is shown at best {np.round(purities, 2).tolist()}"
            told = f"{missed} missed: {where}" if missed else "all kinds labeled"
            listed = f"{np.mean(counts):.0f} gaps, {np.mean(right):.2f} of them mostly sensitive"
            print(f"  {labeled} labels, {told}; {listed}", flush=True)


def speed(images: int, folder: Path) -> None:
    """Seconds and memory on made-up features, and how long another thread, such as the window's, waits meanwhile."""
    project, store = _made_up(images, folder)
    _say(f"{images:,} images: load the index", lambda: FeatureIndex.load(project, store))
    index = FeatureIndex.load(project, store)
    labels = np.zeros(len(index), np.uint8)
    labels[: 40 * 60 : 40] = Label.SENSITIVE
    labels[20 : 40 * 60 : 40] = Label.NORMAL
    for what, action in (
        ("rank, first", lambda: rank(index, labels)),
        ("rank, again", lambda: rank(index, labels)),
        ("similar to one", lambda: similar(index, index.ids[:1])),
        ("similar to 100", lambda: similar(index, index.ids[:100])),
        ("coverage", lambda: coverage(index, labels)),
        ("duplicates", lambda: duplicate_groups(index)),
    ):
        _say(what, action)
    project.close()


def _made_up(images: int, folder: Path) -> tuple[Project, object]:
    """A project of files that are not there, with features of 50 kinds; each tenth image nearly has its forerunner's
    perceptual hash."""
    rng = np.random.default_rng(0)
    digests = rng.integers(0, 256, (images, 32), np.uint8)
    middles = rng.normal(size=(50, 128)).astype(np.float32)
    values = middles[np.arange(images) % 50]
    for start in range(0, images, 100_000):
        values[start : start + 100_000] += rng.normal(size=values[start : start + 100_000].shape).astype(np.float32)
    phash = rng.integers(0, 2**64, images, np.uint64)
    phash[10::10] = phash[9:-1:10] ^ np.uint64(1 << 17)
    values[10::10] = values[9:-1:10]
    values = unit_rows(values)
    store = write_store(folder / "features", values[:, :8], digests=digests, phash=phash, reduced=values)
    project = Project.create(folder / "speed.pudm")
    with project.writing() as db:
        db.execute("INSERT INTO roots (id, path) VALUES (1, '/nowhere')")
        rows = ((f"{n:07d}.jpg", digest.tobytes().hex()) for n, digest in enumerate(digests))
        db.executemany(
            "INSERT INTO images (root_id, path, size, mtime_ns, state, sha256) VALUES (1, ?, 1, 0, 1, ?)", rows
        )
    return project, store


def _say(what: str, action: Callable[[], object]) -> None:
    with Watch() as watch:
        seconds = timed(action)
    print(
        f"  {what:34} {seconds:7.2f} s, {watch.most:5.0f} MB more at most, another thread waited "
        f"{1e3 * watch.longest:.0f} ms",
        flush=True,
    )


def _labels(pool: Pool, seed: int, count: int = LABELED, allowed: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    places = np.flatnonzero(pool.sensitive if allowed is None else allowed)
    labels = np.zeros(len(pool.kinds), np.uint8)
    labels[np.random.default_rng(seed).choice(places, min(count, len(places) // 2), replace=False)] = Label.SENSITIVE
    return labels


def _order(scores: NDArray[np.floating], open_: NDArray[np.bool_]) -> NDArray[np.int64]:
    places = np.flatnonzero(open_)
    return places[np.argsort(-scores[places], kind="stable")]


def _others(scores: NDArray[np.floating], asked: object) -> NDArray[np.int64]:
    """The first 20 but those asked for."""
    order = np.argsort(-scores, kind="stable")
    return order[~np.isin(order, asked)][:20]


MEASURES: dict[str, Callable[[Pool, FeatureIndex], None]] = {
    "ranking": ranking,
    "rounds": rounds,
    "similar": likeness,
    "duplicates": duplicates,
    "coverage": gaps,
}

if __name__ == "__main__":
    main()
