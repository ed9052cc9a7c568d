"""Every message of the reader, one row each: what is written, and the lines that come back."""

from __future__ import annotations

import pytest

import sim

NUMBER = 'must be a number such as 250, "10k" or "3 %"'
PERCENT = 'write 5 % as 0.05 or "5 %"'
FAMILIES = (
    "a distribution names one family: lognormal, normal, logitnormal, beta, gamma, uniform, "
    "triangular, pert, pareto, empirical, scipy"
)
LOGNORMAL = "mean and sd; mean and log_sd; median and log_sd; or two quantiles (p05, p95)"


def row(name: str, text: str, *lines: str):
    return pytest.param(text, list(lines), id=name)


MISSPELT = [
    row(
        "tables",
        "[economcis]\norder_value = 3\n[costz]\nshipping = 1",
        "economcis: is not a table of an experiment; did you mean `economics`?",
        "costz: is not a table of an experiment; did you mean `costs`?",
    ),
    row(
        "key of a plain table",
        "[costs]\nhourlyrate = 3",
        "costs.hourlyrate: is not a key here; did you mean `hourly_rate`?",
    ),
    row(
        "key like nothing known",
        "[decision]\na = 'micro'\nb = 'macro'\nxyzzy = 3",
        "decision.xyzzy: is not a key here; known here: a, b, measure",
    ),
    row(
        "key in capitals",
        "[costs]\nHOURLY_RATE = 3",
        "costs.HOURLY_RATE: is not a key here; did you mean `hourly_rate`?",
    ),
    row(
        "key of a tier",
        "[tier.micro]\nengagment_rate = 0.04",
        "tier.micro.engagment_rate: is not a key here; did you mean `engagement_rate`?",
    ),
    row(
        "key of a tier on a platform",
        "[tier.micro.on.instagram]\nengagment_rate = 0.04",
        "tier.micro.on.instagram.engagment_rate: is not a key here; "
        "did you mean `engagement_rate`?",
    ),
    row(
        "platform of a tier",
        "[tier.micro.on.instagarm]\nengagement_rate = 0.04",
        "tier.micro.on.instagarm: no platform of that name; did you mean `instagram`?",
    ),
    row(
        "tier that is described",
        "[tier.micor]\nengagement_rate = 0.04",
        "tier.micor: is used by no portfolio and has no preset; did you mean `micro`?",
    ),
    row(
        "compensation that is described",
        "[compensation.piad]\nfee_share = 0.5",
        "compensation.piad: is used by no portfolio and has no preset; did you mean `paid`?",
    ),
    row(
        "sizes and tier of a portfolio, without complaints that they lack",
        '[portfolio.x]\ntire = "micro"\ncreaters = 5',
        "portfolio.x.tire: is not a key here; did you mean `tier`?",
        "portfolio.x.creaters: is not a key here; did you mean `creators`?",
    ),
    row(
        "key of a line of a mix",
        '[portfolio.x]\ncreators = 10\nmix = { micro = {share=0.5, platfrom="x"}, macro = 0.5 }',
        "portfolio.x.mix.micro.platfrom: is not a key here; did you mean `platform`?",
    ),
    row(
        "input of a loading",
        "[shocks.loadings]\nconversoin_rate = { campaign = 0.3 }",
        "shocks.loadings.conversoin_rate: is not a key here; did you mean `conversion_rate`?",
    ),
    row(
        "factor of a loading",
        "[shocks.loadings]\nconversion_rate = { campaing = 0.3 }",
        "shocks.loadings.conversion_rate.campaing: is not a key here; did you mean `campaign`?",
    ),
    row(
        "belief",
        "[beliefs]\nconversoin_rate = 0.3",
        "beliefs.conversoin_rate: is not a key here; did you mean `conversion_rate`?",
    ),
    row(
        "key of a belief",
        "[beliefs]\nconversion_rate = { sd = 0.3, comon = 0.2 }",
        "beliefs.conversion_rate.comon: is not a key here; did you mean `common`?",
    ),
    row(
        "law of amplification",
        "[tier.micro]\namplification = { spkie = { probability = 0.1 } }",
        "tier.micro.amplification.spkie: is not a key here; did you mean `spike`?",
    ),
    row(
        "key of a source",
        "[tier.micro.source]\nfeee = 'contracts'",
        "tier.micro.source.feee: is not a key here; did you mean `fee`?",
    ),
    row(
        "family",
        "[tier.micro]\nfee = { lognormall = { mean = 3, sd = 1 } }",
        "tier.micro.fee: no continuous family is called `lognormall`, here or in scipy.stats; "
        "did you mean `lognormal`? (got { lognormall = { mean = 3, sd = 1 } })",
    ),
    row(
        "family of scipy",
        "[tier.micro]\nfee = { weibul_min = { c = 1.5 } }",
        "tier.micro.fee: no continuous family is called `weibul_min`, here or in scipy.stats; "
        "did you mean `weibull_min`? (got { weibul_min = { c = 1.5 } })",
    ),
    row(
        "parameter",
        "[tier.micro]\nfee = { lognormal = { maen = 3, sd = 1 } }",
        f"tier.micro.fee: lognormal takes {LOGNORMAL}, not maen, sd "
        "(got { lognormal = { maen = 3, sd = 1 } })",
    ),
    row(
        "truncate",
        "[tier.micro]\nfee = { lognormal = { mean = 3, sd = 1 }, trunkate = [1, 2] }",
        "tier.micro.fee: `trunkate` is not a key here; did you mean `truncate`? "
        "(got { lognormal = { mean = 3, sd = 1 }, trunkate = [1, 2] })",
    ),
]

REFERENCES = [
    row(
        "tier",
        '[portfolio.x]\ncreators = 1\ntier = "micor"',
        'portfolio.x.tier: no tier of that name; did you mean `micro`? (got "micor")',
    ),
    row(
        "tier by the name of a line",
        "[portfolio.x]\ncreators = 10\nmix = { micor = 0.5, macro = 0.5 }",
        'portfolio.x.mix.micor: no tier of that name; did you mean `micro`? (got "micor")',
    ),
    row(
        "tier of a line",
        '[portfolio.x]\ncreators = 10\nmix = { a = { share = 0.5, tier = "micor" }, macro = 0.5 }',
        'portfolio.x.mix.a.tier: no tier of that name; did you mean `micro`? (got "micor")',
    ),
    row(
        "platform, without complaints about its tiers",
        '[portfolio.x]\ntier = "macro"\nbudget = 50000\nplatform = "instgram"',
        'portfolio.x.platform: is unknown; did you mean `instagram`? (got "instgram")',
    ),
    row(
        "platform of a portfolio with lines",
        '[portfolio.x]\nbudget = 50000\nplatform = "instgram"\nmix = { micro = 0.5, macro = 0.5 }',
        'portfolio.x.platform: is unknown; did you mean `instagram`? (got "instgram")',
    ),
    row(
        "tier without a preset on a new platform",
        '[portfolio.x]\ntier = "micro"\nbudget = 50000\nplatform = "threads"\n'
        "[platform.threads]\naudience = 3e8\nviral_from = 5",
        'portfolio.x.tier: has no preset on threads: describe it in [tier.micro] (got "micro")',
    ),
    row(
        "compensation",
        '[portfolio.x]\ntier = "macro"\nbudget = 50000\ncompensation = "piad"',
        'portfolio.x.compensation: is unknown; did you mean `paid`? (got "piad")',
    ),
    row(
        "niche, where one is nearly called so",
        '[portfolio.x]\ntier = "macro"\nbudget = 50000\nniche = "beuty"\n'
        "[niche.beauty]\nmarket = 1e6",
        'portfolio.x.niche: did you mean `beauty`? If not, add [niche.beuty] (got "beuty")',
    ),
    row(
        "portfolio of the decision",
        '[decision]\na = "micor"\nb = "macro"',
        'decision.a: no such portfolio; did you mean `micro`? (got "micor")',
    ),
    row(
        "decision between the same",
        '[decision]\na = "micro"\nb = "micro"',
        'decision.b: is the same portfolio as `a` (got "micro")',
    ),
    row("half a decision", '[decision]\na = "micro"', "decision.b: is missing"),
    row(
        "a compensation of one's own is complete",
        '[portfolio.x]\ntier = "macro"\nbudget = 50000\ncompensation = "barter"\n'
        "[compensation.barter]\nfee_share = 0.5\ncommission_rate = 0",
        "compensation.barter.engagement_factor: is missing: no preset has it",
    ),
]

TYPES = [
    row("table", "[tier]\nmicro = 3", "tier.micro: must be a table: [tier.micro] (got 3)"),
    row(
        "table of platforms",
        "[tier.micro]\non = 3",
        "tier.micro.on: must be a table: [tier.micro.on] (got 3)",
    ),
    row(
        "table of a platform",
        "[tier.micro.on]\ninstagram = []",
        "tier.micro.on.instagram: must be a table: [tier.micro.on.instagram] (got [])",
    ),
    row("portfolio", "[portfolio]\nx = 4", "portfolio.x: must be a table: [portfolio.x] (got 4)"),
    row(
        "mix",
        '[portfolio.x]\ncreators = 10\nmix = ["micro", "macro"]',
        'portfolio.x.mix: must be a table (got ["micro", "macro"])',
    ),
    row(
        "loadings",
        "[shocks]\nloadings = 0.4",
        "shocks.loadings: must be a table: [shocks.loadings] (got 0.4)",
    ),
    row(
        "loading",
        "[shocks.loadings]\nfee = 0.4",
        "shocks.loadings.fee: must be a table (got 0.4)",
    ),
    row(
        "amplification",
        "[tier.micro]\namplification = 3",
        "tier.micro.amplification: must be a table (got 3)",
    ),
    row(
        "source",
        "[economics.source]\norder_value = 3",
        "economics.source.order_value: must say in words where the value comes from (got 3)",
    ),
    row(
        "text for a number",
        '[costs]\nshipping = "a lot"',
        f'costs.shipping: {NUMBER} (got "a lot")',
    ),
    row(
        "currency",
        '[portfolio.x]\ntier = "macro"\nbudget = "$50,000 or so"',
        f'portfolio.x.budget: {NUMBER} (got "$50,000 or so")',
    ),
    row(
        "comma for a point",
        '[costs]\nshipping = "7,5"',
        f'costs.shipping: {NUMBER}; a comma separates thousands, a point decimals (got "7,5")',
    ),
    row("yes for a number", "[costs]\nshipping = true", f"costs.shipping: {NUMBER} (got true)"),
    row("list for a number", "[costs]\nshipping = [1]", f"costs.shipping: {NUMBER} (got [1])"),
    row(
        "date for a number",
        "[costs]\nshipping = 2025-01-01",
        f"costs.shipping: {NUMBER} (got 2025-01-01)",
    ),
    row("nan", "[costs]\nshipping = nan", "costs.shipping: must be a finite number (got nan)"),
    row("inf", "[costs]\nshipping = -inf", "costs.shipping: must be a finite number (got -inf)"),
    row(
        "nan for a distribution",
        "[tier.micro]\nfee = nan",
        "tier.micro.fee: must be a finite number (got nan)",
    ),
    row(
        "nan for an elasticity",
        "[tier.micro]\nfee_elasticity = nan",
        "tier.micro.fee_elasticity: must be a finite number (got nan)",
    ),
    row(
        "too large",
        "[costs]\nshipping = 1e16",
        "costs.shipping: must lie within 1e+15 of zero (got 1e+16)",
    ),
    row(
        "larger than any float",
        "[costs]\nshipping = 1" + "0" * 400,
        f"costs.shipping: must be a finite number (got 1{'0' * 116}...)",
    ),
    row(
        "number for text",
        '[portfolio.x]\ntier = "macro"\nbudget = 50000\nplatform = 3',
        "portfolio.x.platform: must be text in quotes (got 3)",
    ),
    row(
        "word that is none of the choices",
        '[costs]\nfee_due = "later"',
        'costs.fee_due: must be "delivery" or "signing" (got "later")',
    ),
    row(
        "number for true",
        "[shocks]\npreserve_mean = 1",
        "shocks.preserve_mean: must be true or false (got 1)",
    ),
    row(
        "text of several lines",
        '[costs]\nshipping = """a\nb"""',
        f'costs.shipping: {NUMBER} (got "a\\nb")',
    ),
]

NUMBERS = [
    row("negative amount", "[costs]\nshipping = -1", "costs.shipping: cannot be negative (got -1)"),
    row("negative fee", "[tier.micro]\nfee = -5", "tier.micro.fee: cannot be negative (got -5)"),
    row(
        "zero that must be positive",
        "[platform.instagram]\naudience = 0",
        "platform.instagram.audience: must be positive (got 0)",
    ),
    row(
        "spread too small to compute with",
        "[economics]\norder_value_cv = 1e-300",
        "economics.order_value_cv: must be 0, all orders alike, or at least 1e-06 (got 1e-300)",
    ),
    row(
        "spread too large to compute with",
        "[economics]\norder_value_cv = 1e300",
        "economics.order_value_cv: must lie within 1e+15 of zero (got 1e+300)",
    ),
    row(
        "chance too small to compute with",
        "[tier.micro.amplification.spike]\nprobability = 1e-300\nminimum = 1\ntail_index = 2",
        "tier.micro.amplification.spike.probability: must be 0, which is never, or at least 1e-09 "
        "(got 1e-300)",
    ),
    row(
        "spread that no run would see",
        "[tier.micro]\nconversion_rate = { lognormal = { mean = 0.01, log_sd = 1000 } }",
        "tier.micro.conversion_rate: spreads too far (a log_sd of 1000): half of its mean would "
        "come from draws too rare to be seen; stay within 5, or truncate it from above: "
        "truncate = [0, ...] (got { lognormal = { mean = 0.01, log_sd = 1000 } })",
    ),
    row(
        "half a post to boost",
        "[boost]\nposts = 2.5",
        'boost.posts: must be "all" or a whole number of posts, at least 1 (got 2.5)',
    ),
    row(
        "share above one",
        "[tier.micro]\nengagement_rate = 4",
        f"tier.micro.engagement_rate: is a share and cannot be above 1; {PERCENT} (got 4)",
    ),
    row(
        "plain share above one",
        "[tier.micro]\ndelivery_rate = 97",
        f"tier.micro.delivery_rate: cannot be above 1; {PERCENT} (got 97)",
    ),
    row(
        "share that is divided by",
        "[tier.micro]\nauthentic_share = 0",
        "tier.micro.authentic_share: must be positive (got 0)",
    ),
    row(
        "correlation",
        "[tier.micro]\nfollowers_engagement_correlation = 2",
        "tier.micro.followers_engagement_correlation: cannot be above 1 (got 2)",
    ),
    row(
        "zero worlds",
        "[simulation]\nworlds = 0",
        "simulation.worlds: must be a whole number of at least 1 (got 0)",
    ),
    row(
        "half a world",
        "[simulation]\nworlds = 2.5",
        "simulation.worlds: must be a whole number of at least 1 (got 2.5)",
    ),
    row(
        "worlds beyond any machine",
        "[simulation]\nworlds = 1e12",
        "simulation.worlds: cannot be above 1,000,000,000 (got 1000000000000)",
    ),
    row(
        "negative seed",
        "[simulation]\nseed = -1",
        "simulation.seed: must be a whole number of at least 0 (got -1)",
    ),
    row("seed by name", '[simulation]\nseed = "a"', f'simulation.seed: {NUMBER} (got "a")'),
    row(
        "seed beyond 63 bits",
        "[simulation]\nseed = 9223372036854775808",
        "simulation.seed: cannot be above 9,223,372,036,854,775,807 (got 9223372036854775808)",
    ),
    row(
        "draws of beliefs without replicates",
        "[simulation]\nbeliefs = 5",
        "simulation.beliefs: goes with `replicates` above 1, the worlds for each draw of the "
        "beliefs (got 5)",
    ),
    row(
        "strata and replicates",
        '[simulation]\nreplicates = 5\nsampling = "stratified"',
        "simulation.sampling: does not go with `replicates` above 1; leave one out "
        '(got "stratified")',
    ),
    row(
        "follower range reversed",
        "[tier.micro]\nfollower_range = [100000, 10000]",
        "tier.micro.follower_range: the first number must be below the second "
        "(got [100000, 10000])",
    ),
    row(
        "follower range as text",
        '[tier.micro]\nfollower_range = "10k to 100k"',
        "tier.micro.follower_range: must be two numbers such as [10_000, 100_000] "
        '(got "10k to 100k")',
    ),
    row(
        "follower range of three",
        "[tier.micro]\nfollower_range = [1, 2, 3]",
        "tier.micro.follower_range: must be two numbers such as [10_000, 100_000] (got [1, 2, 3])",
    ),
    row(
        "end of a follower range",
        '[tier.micro]\nfollower_range = [10, "many"]',
        f'tier.micro.follower_range: entry 2: {NUMBER} (got "many")',
    ),
    row(
        "followers outside their range",
        "[tier.micro]\nfollowers = 5",
        "tier.micro.followers: lies outside follower_range, 10000 to 100000 (got 5)",
    ),
    row(
        "loading above one",
        "[shocks.loadings]\nconversion_rate = { campaign = 1.3 }",
        "shocks.loadings.conversion_rate.campaign: cannot be above 1 (got 1.3)",
    ),
    row(
        "squared loadings above one",
        "[shocks.loadings]\nconversion_rate = { campaign = 0.8, niche = 0.8 }",
        "shocks.loadings.conversion_rate: squared loadings add up to 1.28, more than 1: nothing "
        "would be left to the creator (got { campaign = 0.8, niche = 0.8 })",
    ),
    row(
        "scale that makes them so, once for all inputs",
        "[shocks]\nscale = 10\n[shocks.loadings]\nconversion_rate = { campaign = 0.7, niche = 0.1 }",
        # 1 / sqrt(0.7^2 + 0.1^2)
        "shocks.scale: times the loadings of `conversion_rate` is more than 1: nothing would be "
        "left to the creator; cannot be above 1.4142 (got 10)",
    ),
    row(
        "belief that may be anything",
        "[beliefs]\nconversion_rate = 4",
        "beliefs.conversion_rate: cannot be above 3 (got 4)",
    ),
    row(
        "two laws of amplification",
        "[tier.micro]\namplification = { spike = { probability = 0.1, minimum = 1, "
        "tail_index = 2 }, cascade = { b = 1, tail_index = 2 } }",
        "tier.micro.amplification: has both `spike` and `cascade`: keep one (got { spike = "
        "{ probability = 0.1, minimum = 1, tail_index = 2 }, cascade = { b = 1, tail_index = 2 "
        "} })",
    ),
    row(
        "infinite mean of amplification",
        "[tier.micro]\namplification = { cascade = { b = 1, tail_index = 0.9 } }",
        "tier.micro.amplification.cascade.tail_index: at or below 1 the mean is infinite; set "
        "`cap` beside it, the largest A (got 0.9)",
    ),
    row(
        "infinite mean of amplification on a platform",
        "[tier.micro.on.instagram]\namplification = { spike = { probability = 0.1, minimum = 1, "
        "tail_index = 1 } }",
        "tier.micro.on.instagram.amplification.spike.tail_index: at or below 1 the mean is "
        "infinite; set `cap` beside it, the largest A (got 1)",
    ),
    row(
        "a spike for everybody",
        "[tier.micro]\namplification = { spike = { probability = 1, minimum = 1, "
        "tail_index = 2 } }",
        f"tier.micro.amplification.spike.probability: must be below 1; {PERCENT} (got 1)",
    ),
    row(
        "cap below every post",
        "[tier.micro]\namplification = { cap = 1 }",
        "tier.micro.amplification.cap: must be above 1 (got 1)",
    ),
    row(
        "half a spike",
        "[tier.micro]\namplification = { spike = { probability = 0.1, minimum = 1 } }",
        "tier.micro.amplification.spike.tail_index: is missing: no preset has it",
    ),
]

PORTFOLIOS = [
    row(
        "neither creators nor budget",
        '[portfolio.x]\ntier = "micro"',
        "portfolio.x: needs either `creators` (a number) or `budget` (USD)",
    ),
    row(
        "both",
        '[portfolio.x]\ncreators = 10\nbudget = 100000\ntier = "micro"',
        "portfolio.x: has both `creators` and `budget`: keep one",
    ),
    row(
        "no tier",
        "[portfolio.x]\ncreators = 3",
        "portfolio.x: needs `tier`, or `mix` with several",
    ),
    row(
        "name of nearly another",
        "[portfolio.micr]\ncreators = 3",
        "portfolio.micr: needs `tier`, or `mix` with several; or did you mean portfolio `micro`?",
    ),
    row(
        "zero creators",
        '[portfolio.x]\ntier = "micro"\ncreators = 0',
        "portfolio.x.creators: must be a whole number of at least 1 (got 0)",
    ),
    row(
        "creators beyond any machine",
        '[portfolio.x]\ntier = "micro"\ncreators = 1e9',
        "portfolio.x.creators: cannot be above 10,000,000 (got 1000000000)",
    ),
    row(
        "negative budget",
        '[portfolio.x]\ntier = "macro"\nbudget = -50',
        "portfolio.x.budget: must be positive (got -50)",
    ),
    row(
        "empty mix",
        "[portfolio.x]\ncreators = 10\nmix = {}",
        "portfolio.x.mix: is empty: name at least one line with its share",
    ),
    row(
        "shares that do not add up",
        "[portfolio.x]\ncreators = 10\nmix = { micro = 0.5, macro = 0.4 }",
        "portfolio.x.mix: shares must add up to 1 (got 0.9)",
    ),
    row(
        "percent as numbers, without a complaint about their sum",
        "[portfolio.x]\ncreators = 10\nmix = { micro = 60, macro = 40 }",
        f"portfolio.x.mix.micro: cannot be above 1; {PERCENT} (got 60)",
        f"portfolio.x.mix.macro: cannot be above 1; {PERCENT} (got 40)",
    ),
    row(
        "negative share",
        "[portfolio.x]\ncreators = 10\nmix = { micro = 1, macro = -0.5 }",
        "portfolio.x.mix.macro: must be positive (got -0.5)",
    ),
    row(
        "line without a share",
        "[portfolio.x]\ncreators = 10\nmix = { micro = {}, macro = 0.5 }",
        "portfolio.x.mix.micro.share: is missing",
    ),
    row(
        "zero posts",
        '[portfolio.x]\ntier = "macro"\ncreators = 5\nposts = 0',
        "portfolio.x.posts: must be a whole number of at least 1 (got 0)",
    ),
    row(
        "trust that explodes",
        '[portfolio.x]\ntier = "macro"\ncreators = 5\nposts = 50\nrepeat_factor = 2',
        "portfolio.x.repeat_factor: makes the last of 50 posts more than a million times the "
        "first (got 2)",
    ),
    row(
        "empty name",
        '[portfolio.""]\ntier = "micro"\ncreators = 3',
        'portfolio."": a name must not be empty',
    ),
    row(
        "name with a slash",
        '[portfolio."a/b"]\ntier = "micro"\ncreators = 3',
        'portfolio."a/b": a name must not hold /, which parts names in tables and files',
    ),
    row(
        "name of a line",
        '[portfolio.x]\ncreators = 3\nmix = { " a" = { share = 1, tier = "micro" } }',
        'portfolio.x.mix." a": a name must not begin or end with a blank, or hold two in a row',
    ),
]

NAMES = [
    row(
        "names that differ by capitals",
        '[portfolio.Micro]\ntier = "micro"\ncreators = 3',
        "portfolio.Micro: differs from `micro` by capitals or marks alone; give it a name of its own",
    ),
    row(
        "lines that differ by an invisible mark",
        "[portfolio.x]\ncreators = 3\n"
        'mix = { micro = 0.5, "mi\u200dcro" = { share = 0.5, tier = "micro" } }',
        'portfolio.x.mix."mi\u200dcro": differs from `micro` by capitals or marks alone; '
        "give it a name of its own",
    ),
    row(
        "niche as a value",
        '[portfolio.x]\ntier = "micro"\ncreators = 3\nniche = "food/vegan"',
        "portfolio.x.niche: a name must not hold /, which parts names in tables and files "
        '(got "food/vegan")',
    ),
    row(
        "niches in two spellings",
        '[portfolio.x]\ntier = "micro"\ncreators = 3\nniche = "Tea"\n'
        '[portfolio.y]\ntier = "micro"\ncreators = 3\nniche = "tea"',
        "portfolio.y.niche: differs from niche `Tea` by capitals or marks alone: write one of them "
        '(got "tea")',
    ),
    row(
        "scenario",
        '[scenario."a:b"]\ncosts.fixed = 1',
        'scenario."a:b": a name must not hold :, which parts names in tables',
    ),
    row(
        "no character in a source",
        '[economics.source]\norder_value = "shop\\uffff"',
        "economics.source.order_value: holds U+FFFF, which cannot be shown; leave it out "
        '(got "shop\\uffff")',
    ),
    row(
        "null in the name of a file",
        '[tier.micro]\nfee = { empirical = "a\\u0000.csv:fee" }',
        "tier.micro.fee: holds U+0000, which cannot be shown; leave it out "
        '(got "a\\u0000.csv:fee")',
        "tier.micro.fee: a\\u0000.csv: cannot be read: embedded null byte "
        '(got { empirical = "a\\u0000.csv:fee" })',
    ),
]

AMOUNT = "is an amount, no share of anything: a percent sign cannot be right"
AMOUNTS = [
    row(
        f"percent on {key}",
        f'[{table}]\n{key} = "{text}"',
        f'{table}.{key}: {AMOUNT} (got "{text}")',
    )
    for table, key, text in (
        ("economics", "order_value", "65 %"),
        ("economics", "earned_media_value", "2%"),
        ("costs", "hourly_rate", "20 %"),
        ("costs", "fixed", "1 %"),
        ("tier.micro", "fee", "50 % to 250 %"),
        ("tier.micro", "management_hours", "10 %"),
        ("compensation.paid", "pay_per_order", "10 %"),
        ("niche.tea", "market", "30 %"),
        ("platform.instagram", "half_life_days", "80 %"),
    )
] + [
    row(
        "percent within a distribution of money",
        '[costs]\ncost_of_goods = { pert = { low = 5, mode = "10 %", high = 20 } }',
        f'costs.cost_of_goods: {AMOUNT} (got {{ pert = {{ low = 5, mode = "10 %", high = 20 }} }})',
    ),
    row(
        "a fraction of a world",
        "[simulation]\nworlds = 20.000",
        "simulation.worlds: is a count, and in 20.000 the point parts decimals; write 20, or 20000 where thousands were meant (got 20)",
    ),
    row(
        "creators in thousands with a point",
        '[portfolio.x]\ntier = "micro"\ncreators = 1.000',
        "portfolio.x.creators: is a count, and in 1.000 the point parts decimals; write 1, or 1000 where thousands were meant (got 1)",
    ),
    row(
        "percent of creators",
        '[portfolio.x]\ntier = "micro"\ncreators = "500 %"',
        f'portfolio.x.creators: {AMOUNT} (got "500 %")',
    ),
]

DISTRIBUTIONS = [
    row(
        "range from zero proposes a pert",
        '[tier.micro]\nfee = "0 to 50"',
        "tier.micro.fee: cannot be zero or negative, and a range that starts at 0 would be; write "
        "{ pert = { low = 0, mode = 25, high = 50 } }, or a beta for a share "
        '(got "0 to 50")',
    ),
    row(
        "range from below zero",
        '[economics]\norder_value = "-5 to 50"',
        "economics.order_value: cannot be zero or negative, and a range that starts at -5 would "
        "be; write { pert = { low = 0, mode = 25, high = 50 } }, or a beta for a share "
        '(got "-5 to 50")',
    ),
    row(
        "range below zero",
        '[economics]\norder_value = "-5 to -1"',
        'economics.order_value: cannot be negative (got "-5 to -1")',
    ),
    row(
        "range of shares from zero",
        '[tier.micro]\nengagement_rate = "0 % to 5 %"',
        "tier.micro.engagement_rate: a range of shares must lie strictly between 0 % and 100 %; "
        "to reach the ends write { beta = { mean = 0.025, sd = 0.00625 } } or { pert = { low = 0, "
        'mode = 0.025, high = 0.05 } } (got "0 % to 5 %")',
    ),
    row(
        "range of shares in whole numbers",
        '[tier.micro]\nengagement_rate = "3 to 8"',
        "tier.micro.engagement_rate: a range of shares must lie between 0 and 1; write percent "
        'as "3 % to 8 %" (got "3 to 8")',
    ),
    row(
        "percent at the first end only",
        '[tier.micro]\nengagement_rate = "3 % to 8"',
        "tier.micro.engagement_rate: has a unit at one end only; write it at both: "
        '"3 % to 8 %" (got "3 % to 8")',
    ),
    row(
        "thousands at the second end only",
        '[tier.micro]\nfee = "10 to 100k"',
        'tier.micro.fee: has a unit at one end only; write it at both: "10k to 100k" '
        '(got "10 to 100k")',
    ),
    row(
        "dash",
        '[tier.micro]\nfee = "150–600"',
        'tier.micro.fee: a range is written with the word to: "150 to 600" (got "150–600")',
    ),
    row(
        "reversed range",
        '[tier.micro]\nfee = "600 to 150"',
        'tier.micro.fee: the first end of a range must be below the second (got "600 to 150")',
    ),
    row(
        "range of words",
        '[tier.micro]\nfee = "low to high"',
        f'tier.micro.fee: {NUMBER} (got "low to high")',
    ),
    row("no family", "[tier.micro]\nfee = {}", f"tier.micro.fee: {FAMILIES} (got {{}})"),
    row(
        "two families",
        "[tier.micro]\nfee = { gamma = { mean = 3, sd = 1 }, normal = { mean = 3, sd = 1 } }",
        f"tier.micro.fee: {FAMILIES} "
        "(got { gamma = { mean = 3, sd = 1 }, normal = { mean = 3, sd = 1 } })",
    ),
    row(
        "family without a table",
        "[tier.micro]\nfee = { gamma = [3, 1] }",
        "tier.micro.fee: gamma takes a table of mean and sd (got { gamma = [3, 1] })",
    ),
    row(
        "parameter missing",
        "[tier.micro]\nfee = { gamma = { mean = 3 } }",
        "tier.micro.fee: gamma takes mean and sd, not mean (got { gamma = { mean = 3 } })",
    ),
    row(
        "parameter as text",
        '[tier.micro]\nfee = { gamma = { mean = "a", sd = 1 } }',
        f'tier.micro.fee: mean {NUMBER} (got {{ gamma = {{ mean = "a", sd = 1 }} }})',
    ),
    row(
        "negative sd",
        "[tier.micro]\nfee = { lognormal = { mean = 3, sd = -1 } }",
        "tier.micro.fee: sd must be positive, not -1 (got { lognormal = { mean = 3, sd = -1 } })",
    ),
    row(
        "quantile of probability zero",
        "[tier.micro]\nfee = { lognormal = { p00 = 3, p95 = 9 } }",
        f"tier.micro.fee: lognormal takes {LOGNORMAL}, not p00, p95 "
        "(got { lognormal = { p00 = 3, p95 = 9 } })",
    ),
    row(
        "quantiles that fall",
        "[tier.micro]\nfee = { lognormal = { p05 = 9, p95 = 3 } }",
        "tier.micro.fee: quantiles must increase with their probability "
        "(got { lognormal = { p05 = 9, p95 = 3 } })",
    ),
    row(
        "parameters beyond floats",
        "[tier.micro]\nengagement_rate = { beta = { mean = 0.5, sd = 1e-300 } }",
        "tier.micro.engagement_rate: its numbers are too large or too small to compute with "
        "(got { beta = { mean = 0.5, sd = 1e-300 } })",
    ),
    row(
        "sd that no beta has",
        "[tier.micro]\nengagement_rate = { beta = { mean = 0.5, sd = 0.6 } }",
        "tier.micro.engagement_rate: sd of a beta with mean 0.5 must be below 0.5 "
        "(got { beta = { mean = 0.5, sd = 0.6 } })",
    ),
    row(
        "mode outside",
        "[tier.micro]\nfee = { pert = { low = 1, mode = 5, high = 3 } }",
        "tier.micro.fee: low, mode and high must not decrease "
        "(got { pert = { low = 1, mode = 5, high = 3 } })",
    ),
    row(
        "logit-normal outside",
        "[tier.micro]\nreach_rate = { logitnormal = { median = 1, logit_sd = 1 } }",
        "tier.micro.reach_rate: median must lie between 0 and 1, not 1 "
        "(got { logitnormal = { median = 1, logit_sd = 1 } })",
    ),
    row(
        "normal that reaches below zero",
        "[tier.micro]\nfee = { normal = { mean = 300, sd = 10 } }",
        "tier.micro.fee: cannot be negative; truncate it at 0, or write a lognormal, gamma, beta "
        "or pert (got { normal = { mean = 300, sd = 10 } })",
    ),
    row(
        "share that reaches above one",
        "[tier.micro]\nengagement_rate = { gamma = { mean = 0.4, sd = 0.4 } }",
        "tier.micro.engagement_rate: is a share and cannot be above 1; write a range in percent, "
        "a beta or a pert, or truncate it at 1 (got { gamma = { mean = 0.4, sd = 0.4 } })",
    ),
    row(
        "truncation reversed",
        "[tier.micro]\nfee = { gamma = { mean = 3, sd = 1 }, truncate = [2, 1] }",
        "tier.micro.fee: the first number of truncate must be below the second "
        "(got { gamma = { mean = 3, sd = 1 }, truncate = [2, 1] })",
    ),
    row(
        "truncation as text",
        '[tier.micro]\nfee = { gamma = { mean = 3, sd = 1 }, truncate = "0 to 9" }',
        "tier.micro.fee: truncate takes two numbers, [lowest, highest] "
        '(got { gamma = { mean = 3, sd = 1 }, truncate = "0 to 9" })',
    ),
    row(
        "end of a truncation",
        '[tier.micro]\nfee = { gamma = { mean = 3, sd = 1 }, truncate = ["a", 9] }',
        f"tier.micro.fee: truncate: {NUMBER} "
        '(got { gamma = { mean = 3, sd = 1 }, truncate = ["a", 9] })',
    ),
    row(
        "truncation outside",
        "[tier.micro]\nfee = { uniform = { low = 3, high = 10 }, truncate = [20, 30] }",
        "tier.micro.fee: nothing of it lies within 20 to 30 "
        "(got { uniform = { low = 3, high = 10 }, truncate = [20, 30] })",
    ),
    row(
        "pareto without a mean",
        "[tier.micro]\nfee = { pareto = { minimum = 50, tail_index = 0.9 } }",
        "tier.micro.fee: its mean is infinite or beyond 1e15; truncate it from above: "
        "truncate = [0, ...] (got { pareto = { minimum = 50, tail_index = 0.9 } })",
    ),
    row(
        "pareto without a mean, truncated at infinity",
        "[tier.micro]\nfee = { pareto = { minimum = 50, tail_index = 1 }, truncate = [50, inf] }",
        "tier.micro.fee: its mean is infinite or beyond 1e15; truncate it from above: "
        "truncate = [0, ...] "
        "(got { pareto = { minimum = 50, tail_index = 1 }, truncate = [50, inf] })",
    ),
    row(
        "lognormal with a mean beyond reason",
        "[tier.micro]\nfit = { lognormal = { median = 1, log_sd = 30 } }",
        "tier.micro.fit: its mean is infinite or beyond 1e15; truncate it from above: "
        "truncate = [0, ...] (got { lognormal = { median = 1, log_sd = 30 } })",
    ),
    row(
        "family of scipy without a mean",
        "[tier.micro]\nfee = { halfcauchy = { scale = 5 } }",
        "tier.micro.fee: its mean is infinite or beyond 1e15; truncate it from above: "
        "truncate = [0, ...] (got { halfcauchy = { scale = 5 } })",
    ),
    row(
        "shape of a family of scipy",
        "[tier.micro]\nfee = { weibull_min = { k = 1.5 } }",
        "tier.micro.fee: scipy.stats.weibull_min takes c, loc, scale, not k "
        "(got { weibull_min = { k = 1.5 } })",
    ),
    row(
        "shape that scipy refuses",
        "[tier.micro]\nfee = { weibull_min = { c = -1.5 } }",
        "tier.micro.fee: scipy.stats.weibull_min is not defined for these parameters "
        "(got { weibull_min = { c = -1.5 } })",
    ),
    row(
        "family of scipy that reaches below zero",
        "[tier.micro]\nfee = { norm = { loc = 5 } }",
        "tier.micro.fee: cannot be negative; truncate it at 0, or write a lognormal, gamma, beta "
        "or pert (got { norm = { loc = 5 } })",
    ),
    row(
        "discrete family of scipy",
        "[tier.micro]\nfee = { poisson = { mu = 5 } }",
        "tier.micro.fee: no continuous family is called `poisson`, here or in scipy.stats "
        "(got { poisson = { mu = 5 } })",
    ),
    row(
        "something else of scipy",
        "[tier.micro]\nfee = { rv_continuous = { a = 5 } }",
        "tier.micro.fee: no continuous family is called `rv_continuous`, here or in scipy.stats "
        "(got { rv_continuous = { a = 5 } })",
    ),
    row(
        "scipy without a name",
        '[tier.micro]\nfee = { scipy = { nam = "gamma" } }',
        'tier.micro.fee: scipy takes name = "..." and the parameters of that family '
        '(got { scipy = { nam = "gamma" } })',
    ),
    row(
        "family that takes minutes",
        "[tier.micro]\nfee = { studentized_range = { k = 3, df = 10 } }",
        "tier.micro.fee: scipy.stats.studentized_range is too slow; choose another family "
        "(got { studentized_range = { k = 3, df = 10 } })",
    ),
]

EMPIRICAL = [
    row("no form", "posts.csv", 'empirical takes "FILE.csv:COLUMN"'),
    row("no file", "none.csv:fee", "none.csv: cannot be read: No such file or directory"),
    row("folder", "folder:fee", "folder: cannot be read: is a folder"),
    row("device", "/dev/zero:fee", "/dev/zero: cannot be read: is a device"),
    row("no column", "posts.csv:feee", "posts.csv: has no column `feee`; did you mean 'fee'?"),
    row("no rows", "empty.csv:fee", "empty.csv: is empty; its first row must name the columns"),
    row("text", "posts.csv:name", "posts.csv: line 2, name: 'anna' is no number; "
        "line 3, name: 'bob' is no number"),
    row("negative", "posts.csv:low", "cannot be negative"),
    row("one value", "one.csv:fee", "one.csv:fee has fewer than two values to draw from"),
    row("open", "open.csv:fee", "open.csv: fee: '1.250' is taken as 1,250, or is it not? "
        "Write it without the mark"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lines"),
    [*MISSPELT, *REFERENCES, *TYPES, *NUMBERS, *PORTFOLIOS, *NAMES, *AMOUNTS, *DISTRIBUTIONS],
)
def test_message(complaints, text, lines):
    assert complaints(text) == lines


@pytest.mark.parametrize(("written", "line"), EMPIRICAL)
def test_message_about_a_file_of_observations(complaints, tmp_path, written, line):
    (tmp_path / "posts.csv").write_text("fee,name,low\n100,anna,-1\n200,bob,3\n")
    (tmp_path / "one.csv").write_text("fee,b\n100,1\n,2\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "open.csv").write_text("fee,b\n1.250,1\n900,2\n")
    (tmp_path / "folder").mkdir()
    found = complaints(f'[tier.micro]\nfee = {{ empirical = "{written}" }}')
    assert found == [f'tier.micro.fee: {line[0]} (got {{ empirical = "{written}" }})']


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        row("nothing", "", "portfolio: is missing: name at least one, such as [portfolio.micro]"),
        row(
            "no portfolio",
            "[portfolio]",
            "portfolio: is missing: name at least one, such as [portfolio.micro]",
        ),
        row("text", 'portfolio = "x"', 'portfolio: must be a table: [portfolio] (got "x")'),
        row(
            "list of tables",
            '[[portfolio]]\ntier = "micro"',
            'portfolio: must be a table: [portfolio] (got [{ tier = "micro" }])',
        ),
        row(
            "misspelt, without the complaint that it is missing",
            '[portfolo.x]\ntier = "micro"',
            "portfolo: is not a table of an experiment; did you mean `portfolio`?",
        ),
        row(
            "text for a table",
            'simulation = "x"\n[portfolio.x]\ntier = "micro"\ncreators = 3',
            'simulation: must be a table: [simulation] (got "x")',
        ),
        row(
            "title",
            'title = 3\n[portfolio.x]\ntier = "micro"\ncreators = 3',
            "title: must be text in quotes (got 3)",
        ),
    ],
)
def test_message_about_the_whole(complaints, text, lines):
    assert complaints(text, base="") == lines


def test_all_faults_come_at_once_and_in_the_order_of_the_file(complaints):
    text = """
[economics]
order_value = -5
gross_margin = 1.4
ordr_value_cv = 3
[tier.micro]
fee = "600 to 150"
[portfolio.x]
tier = "micor"
creators = 0
[shocks]
scale = -1
"""
    keys = [line.split(":")[0] for line in complaints(text)]
    assert keys == [
        "portfolio.x.tier",
        "portfolio.x.creators",
        "economics.order_value",
        "economics.gross_margin",
        "economics.ordr_value_cv",
        "tier.micro.fee",
        "shocks.scale",
    ]


def test_a_fault_on_two_platforms_is_said_once(complaints):
    text = (
        '[portfolio.x]\ntier = "micro"\ncreators = 3\nplatform = "tiktok"\n[tier.micro]\nfee = -1'
    )
    assert complaints(text) == ["tier.micro.fee: cannot be negative (got -1)"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[portfolio.x]\ncreators = "1k"\ntier = "micro"', id="1k"),
        pytest.param(
            '[portfolio.x]\ncreators = 9\nmix = {micro="50 %", macro="50%"}', id="percent"
        ),
        pytest.param('[portfolio."viele kleine"]\ncreators = 9\ntier = "micro"', id="blank"),
        pytest.param('[portfolio."a.b"]\ncreators = 9\ntier = "micro"', id="dot"),
        pytest.param('[portfolio.x]\ncreators = 9\ntier = "micro"\nniche = "chess"', id="niche"),
        pytest.param("[economics]\norder_value = 0", id="free orders"),
        pytest.param("[tier.micro]\nfee = { weibull_min = { c = 1.5, scale = 200 } }", id="scipy"),
        pytest.param('[tier.micro]\nengagement_rate = "3 to 8 %"', id="3 to 8 %"),
        pytest.param('[tier.micro]\nfee = "500 to 5k"', id="500 to 5k"),
        pytest.param(
            "[tier.micro]\nfee = { normal = {mean=9, sd=9}, truncate = [0, inf] }", id="inf"
        ),
        pytest.param(
            "[tier.micro]\nfollowers = { pareto = {minimum=1e4, tail_index=0.8} }", id="cut"
        ),
        pytest.param("[economics.source]\norder_value = 'shop'", id="source"),
        pytest.param("[compensation.gifted]\ndelivery_rate = '80 %'", id="compensation"),
        pytest.param("[simulation]\nworlds = 1e5", id="exponent"),
        pytest.param("[simulation]\nworlds = '1.5k'", id="1.5k"),
        pytest.param("[economics]\nhalo = '20 %'\nrepeat_value = '150 %'", id="ratios"),
        pytest.param("[costs]\nagency_share = '15 %'", id="agency"),
        pytest.param("[tier.micro]\nfit = '120 %'", id="fit"),
    ],
)
def test_what_is_fine(complaints, text):
    assert complaints(text) == []


def test_a_title_holds_what_can_be_shown(complaints, fine):
    assert complaints(fine, 'title = "tea ☕ é 日本\\nin two lines"\n') == []
    (line,) = complaints(fine, 'title = "\\u001b[31mred"\n')
    assert line == (
        'title: holds U+001B, which cannot be shown; leave it out (got "\\u001b[31mred")'
    )


def test_errors_travel_between_processes():
    import pickle

    error = sim.ExperimentError("launch.toml", [])
    assert pickle.loads(pickle.dumps(error)).file == "launch.toml"
