"""The example data of experiments/launch.toml: one world of it under another seed, as exports come.

`python tests/tutorial/launch.py` writes experiments/launch_day5.csv and launch_results.csv.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import sim
from sim.plan import make_plan
from sim.plan.release import arrived_by
from sim.vary.draw import draw, shared_scores
from sim.vary.variant import variant

FOLDER = Path(__file__).parents[2] / "experiments"
#: Seed of the world, and which of its worlds.
SEED, WORLD = 77, 9
#: Day of the first file, days over which posts come out, creators.
DAY, RELEASE, CREATORS = 5.0, 14.0, 40


def contents() -> dict[str, str]:
    """Return the content of both files by name."""
    experiment = sim.load(FOLDER / "launch.toml", seed=SEED)
    # The first creators of the wave, and all of them: the same ones, in the same world.
    sizes = {"out": round(CREATORS * DAY / RELEASE), "wave": CREATORS}
    portfolios = {name: {"tier": "micro", "creators": size} for name, size in sizes.items()}
    plan = make_plan(variant(experiment, portfolios=portfolios))
    names = ("cost", "impressions", "engagements", "expected_orders")
    rows = draw(plan, names, worlds=128)
    out, wave = ({name: rows[name][p, WORLD] for name in names} for p in range(2))
    half_life = experiment.platform["instagram"].half_life_days
    due = float(arrived_by(np.array([DAY]), RELEASE, half_life)[0]) * RELEASE / DAY
    table, row = plan.economics["tracked_share"]
    seen = float(table.quantile(shared_scores(plan, 0, 128)[row])[WORLD])
    rng, cv = np.random.default_rng(SEED), experiment.economics.order_value_cv
    so_far = rng.poisson(seen * due * out["expected_orders"])
    orders = so_far + rng.poisson(seen * (wave["expected_orders"] - due * out["expected_orders"]))
    value = float(plan.economics["order_value"][0].quantile(np.zeros(1))[0])
    revenue = value * rng.gamma(orders / cv**2, cv**2)
    cost = f"{out['cost']:,.2f}".translate(str.maketrans(",.", ".,"))
    engagements = f"{due * out['engagements']:,.0f}".replace(",", ".")
    impressions = f"{due * out['impressions'] / 1000:.1f}K".replace(".", ",")
    day = f"${cost};{impressions};{engagements};{so_far}"
    end = (
        f'"${wave["cost"]:,.2f}",{wave["impressions"] / 1000:.1f}K,{wave["engagements"]:.0f},{orders},'
        f'"${revenue:,.2f}"'
    )
    return {
        "launch_day5.csv": (
            f"Campaign;Amount spent;Impressions;Engagements;Code uses\nwave;{day}\nTotal;{day}\n"
        ),
        "launch_results.csv": (
            "Campaign,Amount spent,Impressions,Engagements,Code uses,Revenue\n"
            f"wave,{end}\nTotal,{end}\n"
        ),
    }


if __name__ == "__main__":
    for name, content in contents().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
