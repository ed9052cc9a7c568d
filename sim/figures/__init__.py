"""Figures as data, and what draws them.

`spec.py` says what a figure is: plain numbers in panels, a finding in words, how both were made.
Nothing in it knows how it will be shown: `matplotlib.py` draws it for files and the page, `pptx.py`
as native charts and tables that can be edited, `record.py` as its words and numbers, for tests.
"""
