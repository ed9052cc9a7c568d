"""The command of this folder that compares: what it prints."""

from __future__ import annotations

from types import ModuleType

import pytest


def test_the_check_prints_model_beside_data_per_platform_kind_and_half(
    check: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.main() == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split("  ")[0] for line in lines if line.endswith("model / data")]
    assert heads == [
        f"{kind}, fit on {half} creators, {judged}"
        for kind in ("instagram, sponsored", "instagram, organic", "tiktok, organic")
        for half, judged in (
            ("even", "judged on odd"), ("odd", "judged on even"), ("all", "seen by the fit"),
        )
    ]  # fmt: skip
    assert sum("views_exceedance_50" in line for line in lines) == 15
    assert any("90% range covers" in line for line in lines)
