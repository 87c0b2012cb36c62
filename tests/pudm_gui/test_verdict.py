"""What a report means, in words."""

from __future__ import annotations

import pytest

from pudm_gui.verdict import format_distance, quality_of, sensitive_share, verdict
from tests.gui.trained_runs import FROM_SCRATCH, LABELS_ONLY, NO_DISTANCE, make_report


def test_fewer_sensitive_images_at_better_quality() -> None:
    judged = verdict(make_report())
    assert judged.text == "Of 1,000 images about 6 [2, 13] would be sensitive (before: 132). Quality better."
    assert judged.level == "success"
    assert "Fréchet distance 15.1, before 27.0" in judged.quality_detail
    assert "48 dimensions" in judged.quality_detail
    assert "480 normal images" in judged.quality_detail


@pytest.mark.parametrize(
    ("fid", "before", "quality"),
    [
        (27.0, 27.0, "unchanged"),
        (31.0, 27.0, "unchanged"),
        (23.0, 27.0, "unchanged"),
        (22.9, 27.0, "better"),
        (31.1, 27.0, "worse"),
        (53.9, 27.0, "worse"),
        (54.0, 27.0, "much worse"),
        (0.0, 0.0, "unchanged"),
        (1.0, 0.0, "much worse"),
        (None, 27.0, "unknown"),
        (27.0, None, "unknown"),
    ],
)
def test_quality_has_a_tolerance(fid: float | None, before: float | None, quality: str) -> None:
    assert quality_of(fid, before) == quality


def test_a_difference_within_chance_is_called_so() -> None:
    judged = verdict(make_report(nsr_before=0.992, nsr_before_interval=(0.98, 0.997)))
    assert "a difference this small can be chance" in judged.sentence
    assert judged.level == "warning"


def test_less_than_before_is_not_yet_few() -> None:
    judged = verdict(make_report(nsr=0.94, nsr_interval=(0.916, 0.958)))
    assert judged.level == "warning"
    assert any("label more images like them" in advice for advice in judged.surer)


def test_more_sensitive_images_than_before_is_a_danger() -> None:
    judged = verdict(make_report(nsr=0.7, nsr_interval=(0.66, 0.74)))
    assert judged.sentence == "Of 1,000 images about 300 [260, 340] would be sensitive, more than before (132)."
    assert judged.level == "danger"


def test_ruined_quality_is_a_danger_whatever_was_removed() -> None:
    judged = verdict(make_report(fid=1062.0))
    assert judged.quality == "Quality much worse."
    assert judged.level == "danger"
    assert any("smaller β" in advice for advice in judged.surer)


def test_without_a_distance_the_reason_is_told() -> None:
    judged = verdict(make_report(**NO_DISTANCE))
    assert judged.quality == "Quality not measured."
    assert judged.quality_detail == NO_DISTANCE["fid_note"]
    assert judged.level == "warning"


def test_from_scratch_there_is_no_before() -> None:
    judged = verdict(make_report(**FROM_SCRATCH))
    assert judged.sentence == "Of 1,000 images about 6 [2, 13] would be sensitive."
    assert judged.quality == "Quality: nothing to compare with."
    assert judged.level == "success"
    assert verdict(make_report(**FROM_SCRATCH, nsr=0.91, nsr_interval=(0.88, 0.93))).level == "warning"
    assert judged.quality_detail.startswith("Fréchet distance 15.1 on ")


def test_ones_own_labels_cannot_acquit() -> None:
    judged = verdict(make_report(**LABELS_ONLY))
    assert judged.level == "warning"
    assert "Nothing independent of your labels has checked it" in judged.trust
    assert judged.surer[0] == "Give a list of images with their true label, under More options."
    assert any("60 so far" in advice for advice in judged.surer)


def test_fewer_found_than_the_judge_errs_is_told() -> None:
    assert "It errs on about 18 in 1,000, so 6 means few" in verdict(make_report()).trust
    assert "It errs" not in verdict(make_report(judge_accuracy=0.999)).trust


def test_a_wide_interval_asks_for_more_samples() -> None:
    wide = make_report(n_samples=200, nsr=0.95, nsr_interval=(0.91, 0.97))
    assert any("Judge 2,000 images" in a and "about 19 in 1,000 wide, now 60" in a for a in verdict(wide).surer)
    assert not any("2,000" in advice for advice in verdict(make_report()).surer)


def test_shares_stay_within_their_range() -> None:
    assert sensitive_share(1.0, (0.99, 1.0)) == pytest.approx((0.0, 0.0, 0.01))


@pytest.mark.parametrize(("value", "text"), [(0.934, "0.93"), (15.13, "15.1"), (1062.4, "1,062"), (None, "–")])
def test_distances_have_about_three_figures(value: float | None, text: str) -> None:
    assert format_distance(value) == text
