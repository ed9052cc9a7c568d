"""A commented experiment to start from."""

from __future__ import annotations

_STARTER = """#:schema ./experiment.schema.json
# {name}: what do you want to decide?
#
# Only what differs from the packaged presets needs to stand here.
# `sim explain {file}` lists every input with its unit and source, `sim check {file}` validates,
# `sim run {file}` answers.

title = "Many micro or a few macro creators?"
# currency = "EUR"      # what all money here is counted in; packaged figures in USD are converted

[simulation]
worlds = 100_000   # joint draws of everything that creators share
seed = 1           # same file, same seed: same numbers, to the bit

# What an order is worth to you. Replace these first: they are yours to know.
[economics]
order_value = 71        # USD; a range such as "60 to 85" where you are not sure
gross_margin = 0.71     # of revenue
return_rate = 0.165     # of revenue
incremental_share = 0.8 # of orders that would not have come anyway

# Where your figures come from: `sim explain` and the run's folder keep it beside them.
[economics.source]
# order_value = "shop system, last twelve months"

# What you compare. `budget` hires as many creators as it can pay, `creators` is a count.
[portfolio.micro]
tier = "micro"          # nano, micro, mid, macro, mega
platform = "instagram"
compensation = "paid"   # paid, gifted, affiliate, hybrid
posts = 1               # per creator
budget = 50_000

[portfolio.macro]
tier = "macro"
budget = 50_000

[portfolio.hybrid]
budget = 50_000
mix = {{ micro = 0.6, macro = 0.4 }}  # shares of the budget

# Your own figures for a tier win over the presets. A range is the spread between creators:
# "100 to 500" holds nine creators in ten.
[tier.micro]
# fee = "100 to 500"             # USD per post
# engagement_rate = "1 % to 10 %" # engagements per follower
# conversion_rate = "1 % to 8 %"  # orders per engagement

# What all creators share by chance; 0 means nothing is shared.
[shocks]
scale = 1.0

# How far the mean of a tier is in doubt: sd of its logarithm.
[beliefs]
# conversion_rate = {{ sd = 0.5, common = 0.4 }}

[decision]
a = "micro"
b = "macro"
"""


def starter(name: str, file: str) -> str:
    """Return the text of a new experiment file.

    Parameters
    ----------
    name
        Name of the experiment.
    file
        Path that the comments name.
    """
    return _STARTER.format(name=name, file=file)
