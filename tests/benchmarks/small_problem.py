"""A smaller problem that general tools can express: 200 creators, a product of six lognormals each.

Expected orders of a creator are followers x authentic share x reach x engagement per impression x
conversion x fit; a world is their sum. No shared factors, caps, posts or costs. Tools that are not
installed are skipped with a line.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.experiment import build
from sim.plan import make_plan

Array = npt.NDArray[np.float64]
CREATORS = 200
#: Median and standard deviation of the logarithm.
INPUTS: Mapping[str, tuple[float, float]] = {
    "followers": (20_000.0, 0.7),
    "authentic_share": (0.5, 0.1),
    "reach_rate": (0.1, 0.3),
    "engagement_rate": (0.03, 0.5),
    "conversion_rate": (0.03, 0.5),
    "fit": (1.0, 0.3),
}
MEAN = CREATORS * math.prod(m * math.exp(s * s / 2.0) for m, s in INPUTS.values())
SPREAD = math.sqrt(math.expm1(sum(s * s for _, s in INPUTS.values())) / CREATORS)
Run = Callable[[int], npt.NDArray[Any]]


def engine() -> Run:
    """Return the engine on a tier without anything but the six inputs."""
    from sim.engine.run import line_block

    laws = {name: {"lognormal": {"median": m, "log_sd": s}} for name, (m, s) in INPUTS.items()}
    plain = {
        "follower_range": [1, 1e12], "reach_basis": "authentic_followers",
        "engagement_basis": "impressions", "fee": 100, "management_hours": 1, "delivery_rate": 1,
        "post_luck": 1, "amplification": {}, "fee_elasticity": 0,
        "followers_engagement_correlation": 0, "engagement_reach_correlation": 0,
    }  # fmt: skip
    loaded = ("engagement_rate", "conversion_rate", "reach_rate", "amplification")
    believed = ("engagement_rate", "conversion_rate", "reach_rate", "fee")
    tables = {
        "simulation": {"worlds": 1 << 20, "seed": 1},
        "portfolio": {"micro": {"tier": "micro", "creators": CREATORS}},
        "tier": {"micro": laws | plain},
        "shocks": {"loadings": {name: {} for name in loaded}},
        "beliefs": {name: {"sd": 0} for name in believed},
    }
    plan = make_plan(build(tables))
    return lambda worlds: line_block(plan, 0, worlds)[1][0][-1, 2]


def with_numpy() -> Run:
    """Return one lognormal array per input, in chunks of 64 worlds."""
    rng = np.random.default_rng(1)

    def chunk(worlds: int) -> Array:
        product = np.ones((worlds, CREATORS))
        for median, sd in INPUTS.values():
            product *= rng.lognormal(math.log(median), sd, product.shape)
        return np.asarray(product.sum(axis=1))

    return lambda worlds: np.concatenate([chunk(min(64, worlds - i)) for i in range(0, worlds, 64)])


def with_jax() -> Run:
    """Return the same, jitted, on the processor and in JAX's default single precision."""
    import jax
    import jax.numpy as jnp

    log_median = jnp.log(jnp.array([m for m, _ in INPUTS.values()]))
    sd = jnp.array([s for _, s in INPUTS.values()])

    def sums(key: Any, worlds: int) -> Any:
        z = jax.random.normal(key, (worlds, CREATORS, len(INPUTS)))
        return jnp.exp((log_median + sd * z).sum(axis=2)).sum(axis=1)

    jitted = jax.jit(sums, static_argnums=1)
    keys = iter(range(1 << 30))
    return lambda worlds: np.asarray(jitted(jax.random.key(next(keys)), worlds).block_until_ready())


def with_monaco() -> Run:
    """Return monaco: one Python call per case, a creator being a case."""
    import monaco
    from scipy import stats

    names = list(INPUTS)

    def run(worlds: int) -> Array:
        cases = worlds * CREATORS
        simulation = monaco.Sim(
            name="small", ndraws=cases, seed=1, singlethreaded=True, verbose=False, debug=False,
            savecasedata=False, savesimdata=False,
            fcns={
                monaco.SimFunctions.PREPROCESS: lambda case: [case.invals[n].val for n in names],
                monaco.SimFunctions.RUN: lambda *x: (math.prod(x),),
                monaco.SimFunctions.POSTPROCESS: lambda case, x: case.addOutVal("orders", x),
            },
        )  # fmt: skip
        for name, (median, sd) in INPUTS.items():
            simulation.addInVar(name, dist=stats.lognorm, distkwargs={"s": sd, "scale": median})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            simulation.runSim()
        orders = np.array(simulation.outvars["orders"].nums)
        return np.asarray(orders.reshape(worlds, CREATORS).sum(axis=1))

    return run


def with_squigglepy() -> Run:
    """Return squigglepy: samples of the product of six of its lognormals."""
    import squigglepy as sq

    laws = [sq.lognorm(lognorm_mean=None, lognorm_sd=None, norm_mean=math.log(m), norm_sd=s)
            for m, s in INPUTS.values()]  # fmt: skip

    def run(worlds: int) -> Array:
        product = math.prod(laws[1:], start=laws[0])
        samples = np.asarray(sq.sample(product, n=worlds * CREATORS))
        return np.asarray(samples.reshape(worlds, CREATORS).sum(axis=1))

    return run


#: Tool, how to make it, worlds per call.
TOOLS: tuple[tuple[str, Callable[[], Run], int], ...] = (
    ("engine", engine, 4096),
    ("numpy", with_numpy, 1024),
    ("jax", with_jax, 512),
    ("squigglepy", with_squigglepy, 256),
    ("monaco", with_monaco, 4),
)


def distance(worlds: Array) -> float:
    """Return how many standard errors the mean lies from the closed form, signed."""
    error = MEAN * SPREAD / math.sqrt(worlds.size)
    return float((worlds.mean() - MEAN) / error)
