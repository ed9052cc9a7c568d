"""The commands of this folder: what they print, and that the presets are what they print."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from sim.experiment.fill import presets

POSTS = Path(__file__).parents[3] / "shared" / "data"


def test_without_posts_the_check_says_so_and_ends(
    check: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert check.main(["check.py", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("skipped: no posts in")


def test_the_check_prints_model_beside_data_per_platform_and_tier(
    check: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (POSTS / "tiktok_videos.csv").is_file():
        pytest.skip("no posts in ../shared/data")
    assert check.main(["check.py", str(POSTS)]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split("  ")[0] for line in lines if line.endswith("model / data")]
    tiers = ("nano", "micro", "mid", "macro", "mega")
    assert [head.strip() for head in heads] == [
        f"{platform}, {tier}" for platform in ("instagram", "tiktok") for tier in tiers
    ]
    assert sum("views_exceedance_50" in line for line in lines) == 5
    # 35 shares; each real one is itself off by more than 1.96 of its errors once in 20 samples
    (told,) = (line for line in lines if line.startswith("tiktok: "))
    assert int(told.split()[1]) >= 32


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("group", "tier"), [("small", "micro"), ("middle", "mid"), ("mega", "mega")]
)
def test_presets_are_what_the_calibration_prints(
    calibrate: ModuleType, group: str, tier: str
) -> None:
    # a fit on fixed scores: equal to the last digit that the presets keep
    law = presets()["tiktok"][tier]["amplification"]
    b, tail_index = calibrate.fit_cascade(calibrate.GROUPS[group], calibrate.Views())
    assert law["cascade"] == {"b": round(b, 2), "tail_index": round(tail_index, 2)}
    assert law["cap"] == calibrate.CAP
    fit = calibrate.fit_tier(tier, (round(b, 2), round(tail_index, 2)))
    reach = presets()["tiktok"][tier]["reach_rate"]["logitnormal"]
    assert reach["median"] == pytest.approx(fit.reach_median, abs=0.0015)
    assert reach["logit_sd"] == pytest.approx(fit.reach_logit_sd, abs=0.015)
    rate = presets()["tiktok"][tier]["engagement_rate"]["lognormal"]
    assert rate["mean"] == pytest.approx(fit.engagement_mean, abs=0.0015)
    assert presets()["tiktok"][tier]["amplified_engagement"] == pytest.approx(
        fit.amplified_engagement, abs=0.015
    )
