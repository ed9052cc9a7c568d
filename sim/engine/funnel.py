"""MODEL: the funnel of one creator, line by line as README.md writes it.

Plain assignments. `emit.py` makes one loop over worlds of them, in single precision; `exact.py` runs
the same text in double precision. Names that are known:

- ``log_x`` of an input (its logarithm), ``x`` of one that is an amount, ``has_x`` of one that a
  creator has (1) or has not (0);
- the `FIGURES` of a line, ``repeat`` and ``reach_of_post`` of a post, ``new`` (1 in the first stage, else 0);
- the running `SUMS` of `line.py`, and the `STATES` of a world;
- the `HISTORY` of a creator between stages;
- what is kept for boosting, `OF_POST` and `OF_CREATOR`, and ``boosted_posts``, how many there are;
- ``min``, ``max``, ``exp`` and ``where``.
"""

from __future__ import annotations

from .structure import Structure, line_numbers

FIGURES = (
    "basis",  # 1 where engagement is quoted per follower, 0 per impression
    "log_mean_authentic",  # log of the tier's mean authentic share
    "q",  # engagement of people reached by amplification, relative to followers
    "w",  # their conversion
    "audience",  # of the platform: cap of impressions per post
    "market",  # addressable accounts of the niche
    "viral_excess",  # A - 1 from which a post counts as viral
    "loss",  # share of a creator's orders that an incident takes
    "pay_per_engagement",
    "pay_per_order",
    "pay_least",
    "pay_most",
    "stages",  # how many there are
    "money",  # USD that a line may commit
    "due",  # USD committed for a creator whatever it asks
    "due_of_fee",  # the same per USD of fee, hour and USD of goods
    "due_of_hours",
    "due_of_goods",
)

#: The figures of a line that boosts its posts.
BOOST_FIGURES = (
    "boost_money",  # USD that a line spends on boosting
    "right_of_fee",  # USD for the right to boost a post, per USD of its fee
    "noise",  # sd of the log of what the first days show, over the whole of a post
    "per_follower",  # 1 where posts are ranked by engagements per follower, 0 by engagements
    "carried",  # share of the log of a post's luck that goes over to paid viewers
    "log_mean_carried",  # log of the mean of what goes over
)

#: What a world remembers while creators pass, with its value before the first.
STATES = {"expected_orders_largest": 0.0, "hiring": 1.0, "committed": 0.0, "rounded_up": 0.0}
#: Figures of each stage where a budget pays: they stand behind all others, stage by stage.
STAGE_FIGURES = (
    "money",  # USD that may be committed up to the end of the stage
    "due",  # USD committed for a creator whatever it asks, in this stage
    "due_of_fee",  # the same per USD of fee
    "due_again",  # both in the next stage
    "due_of_fee_again",
)

#: What a creator has of earlier stages, with its value before the first: whether it takes part, its
#: expected orders, the share of its followers and of the market it has not reached, what was seen.
HISTORY = {"chosen": 1.0, "before": 0.0, "unreached": 1.0, "free": 1.0, "seen": 0.0}
#: And, where a budget pays, its quote for the stage to come.
QUOTED_HISTORY = HISTORY | {"again": 0.0}

#: What is kept of a post until the best are chosen: what its first days show (below zero of one that
#: never came), paid engagements per impression, impressions up to the platform's audience, whether
#: it is boosted.
OF_POST = ("shown_early", "answer", "room", "boosted")
#: And of its creator: expected orders, orders per engagement, fee, share of the market not reached.
OF_CREATOR = ("gave", "sells", "asked", "left")

#: A budget is a cap: the first creator who does not fit ends hiring. What rounding added to the sum is
#: carried to the next quote (Kahan, 1965): of thousands of quotes it would be more than one of them.
HIRE = """
quote = due + due_of_fee * fee + due_of_hours * management_hours + due_of_goods * product_cost
asked_now = quote - rounded_up
with_it = committed + asked_now
hiring = where(with_it <= money, hiring, 0)
rounded_up = where(hiring > 0, with_it - committed - asked_now, rounded_up)
committed = where(hiring > 0, with_it, committed)
hired += hiring
chosen = hiring
"""

#: In later stages those who fit are chosen already, and no money ends hiring.
HIRE_IN_STAGES = """
quote = due + due_of_fee * fee + due_of_hours * management_hours + due_of_goods * product_cost
asked_now = quote - rounded_up
with_it = committed + asked_now
hiring = where(with_it <= money, hiring, 0)
chosen *= hiring
rounded_up = where(chosen > 0, with_it - committed - asked_now, rounded_up)
committed = where(chosen > 0, with_it, committed)
hired += chosen
"""

CREATOR = """
here = has_delivery * chosen
a = min(log_authentic_share, 0)
r = min(log_reach_rate, 0)
people = here * exp(log_followers + a)
rate = exp(log_engagement_rate - basis * (a + r))
worth = exp(log_conversion_rate + log_fit + basis * (a - log_mean_authentic))
reached = 0
beyond = 0
engaged = 0
total = 0
"""

INCIDENT = """
incident = has_incident * here
incidents += new * incident
worth *= 1 - loss * incident
"""

SHARE = "share = exp(r + log_post_luck)\n"
SHARE_BY_FORMAT = "share = reach_of_post * exp(r + log_post_luck)\n"
POST = """
reached += (unreached - reached) * min(share, 1)
organic = people * share
wanted = organic + organic * amplification
organic = min(organic, audience)
extra = min(wanted, audience) - organic
g = repeat * rate
capped_engagements += where(g > 1, here, 0)
g = min(g, 1)
beyond += extra
engaged += g * (organic + q * extra)
total += g * worth * (organic + q * w * extra)
impressions += organic + extra
capped_impressions += where(wanted > audience, 1, 0)
viral_posts += where(amplification >= viral_excess, here, 0)
"""

#: What the first days show of a post, and what boosting it would do.
FIRST_DAYS = """
lifted = exp(carried * log_post_luck - log_mean_carried)
answer = min(g * paid_engagement * lifted, 1)
room = max(audience - organic - extra, 0)
early = exp(noise * n_first_days - per_follower * log_followers)
shown_early = where(here > 0, g * (organic + q * extra) * early, -1)
"""

ACCOUNT = """
engagements += engaged
expected_orders += total
expected_orders_squared += total * (total + 2 * before)
expected_orders_largest = max(expected_orders_largest, before + total)
exposed = beyond + people * reached
exposure += exposed
delivered += here
"""

FEE_ON_DELIVERY = "fees += here * fee\n"
FEE_AT_SIGNING = "fees += chosen * fee\n"
HOURS = "hours += chosen * management_hours\n"
GOODS = "goods += chosen * product_cost\n"

#: Reach in a market: M (1 - exp(-t)), by its series where the difference would cancel.
MARKET = """
t = exposed / market
series = t * (1 - t * (1/2 - t * (1/6 - t * (1/24 - t * (1/120 - t * (1/720))))))
met = where(t < 0.1, series, 1 - exp(0 - t))
reach += market * free * met
"""

#: What boosting a creator's posts will need.
OFFER = """
gave = total
sells = worth
asked = fee
"""
OFFER_IN_MARKET = "left = free - free * met\n"

#: Once the best posts are known, each gets as much money: rights first, then impressions.
BOOST_CREATOR = """
each = boost_money / max(boosted_posts, 1)
right = right_of_fee * asked
bought = 0
gained = 0
sold = 0
"""
BOOST_POST = """
paid = boosted * min(max(each - right, 0) * impressions_per_cost, room)
boosting += where(paid > 0, right + paid / impressions_per_cost, 0)
bought += paid
gained += answer * paid
sold += answer * paid * paid_conversion * sells
"""
BOOST_ACCOUNT = """
impressions += bought
engagements += gained
expected_orders += sold
expected_orders_squared += sold * (sold + 2 * gave)
expected_orders_largest = max(expected_orders_largest, gave + sold)
exposure += bought
"""
BOOST_IN_MARKET = """
t = bought / market
series = t * (1 - t * (1/2 - t * (1/6 - t * (1/24 - t * (1/120 - t * (1/720))))))
met = where(t < 0.1, series, 1 - exp(0 - t))
reach += market * left * met
"""

#: Means of the orders that a brand sees of a creator, and of those that it does not.
OWN_MEANS = """
seen_mean = tracked * total
other_mean = total - tracked * total
"""

#: Once they are drawn: what the brand pays for.
RESULTS = """
own_orders += seen_orders + other_orders
earned = pay_per_engagement * engaged + pay_per_order * seen_orders
pay += here * min(max(earned, pay_least), pay_most)
"""

#: What the brand goes by when it chooses: orders, engagements between creators with as many.
SHOWN_ORDERS = "shown = seen_orders + engaged / ((1 + engaged) * stages)\n"
SHOWN_ENGAGEMENTS = "shown = engaged\n"
#: What was seen in this stage; who was not chosen is never chosen again.
STAGE = """
noticed += where(chosen > 0, shown, 0)
seen = where(chosen > 0, seen + shown, -1)
before += total
unreached -= reached
"""
STAGE_IN_MARKET = "free -= free * met\n"
#: What it asks for the next stage.
STAGE_QUOTED = (
    "again = due_again + due_of_fee_again * fee + due_of_hours * management_hours"
    " + due_of_goods * product_cost\n"
)


def text_of(structure: Structure) -> dict[str, str]:
    """Return the parts of the funnel that a line needs, in the order in which they run.

    ``creator`` and ``account`` run once per creator and stage, ``post`` for each of its posts;
    ``whole`` is the three as one where there is one post. ``results`` runs when the means of
    `OWN_MEANS` have become orders. Parts of boosting run when all creators are done and the best
    posts are known.
    """
    post = SHARE_BY_FORMAT if structure.formats else SHARE
    post += POST + (FIRST_DAYS if structure.boosted else "")
    creator = "" if not structure.quoted else HIRE_IN_STAGES if structure.stages else HIRE
    creator += CREATOR
    creator += INCIDENT if structure.incident else ""
    account = ACCOUNT
    account += FEE_ON_DELIVERY if structure.fee_on_delivery else FEE_AT_SIGNING
    account += HOURS if sums_in_loop(structure, "management_hours") else ""
    account += GOODS if sums_in_loop(structure, "product_cost") else ""
    account += MARKET if structure.market else ""
    account += OWN_MEANS if structure.results else ""
    account += OFFER if structure.boosted else ""
    account += OFFER_IN_MARKET if structure.boosted and structure.market else ""
    results = RESULTS
    results += SHOWN_ORDERS if structure.by_orders else SHOWN_ENGAGEMENTS
    after = STAGE if structure.stages else ""
    after += STAGE_IN_MARKET if structure.stages and structure.market else ""
    after += STAGE_QUOTED if structure.stages and structure.quoted else ""
    if structure.one_post:
        parts = {"whole": creator + post + account}
    else:
        parts = {"creator": creator, "post": post, "account": account}
    if structure.results:
        parts["results"] = results + after
    if structure.boosted:
        end = BOOST_ACCOUNT + (BOOST_IN_MARKET if structure.market else "")
        parts |= {"boost_creator": BOOST_CREATOR, "boost_post": BOOST_POST, "boost_account": end}
    return parts


def history_of(structure: Structure) -> dict[str, float]:
    """Return what a creator has of earlier stages, with its value before the first."""
    return QUOTED_HISTORY if structure.quoted else HISTORY


def figure_names(structure: Structure) -> tuple[str, ...]:
    """Return the names of all numbers of a line, in the order in which a loop reads them."""
    own = (*FIGURES, *line_numbers(structure))
    return (*own, *BOOST_FIGURES) if structure.boosted else own


def sums_in_loop(structure: Structure, name: str) -> bool:
    """Whether an amount must be added up creator by creator, not just counted."""
    fixed = structure.of(name).kind == "fixed" and not structure.known
    return not (fixed and structure.all_take_part)


def neutral(structure: Structure) -> dict[str, float]:
    """Return the names that are numbers in a structure, because what they tell of is absent."""
    numbers = {} if structure.stages else dict(HISTORY)
    if structure.quoted:
        numbers.pop("chosen", None)
    if not structure.stages:
        numbers["new"] = 1.0
    return numbers
