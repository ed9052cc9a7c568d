"""An experiment at other values: its keys, ranges of them, what is uncertain, prices as algebra.

Read `keys.py` first (where a dotted key stands and what it is now), then `ranges.py` (values as
analysts write them), `overrides.py` and `variant.py` (other tables, other portfolios),
`uncertain.py` and `doubts.py` (what differs between worlds), `prices.py` (what a price changes
without a new draw) and `draw.py` (worlds with any factors and any luck).
"""
