"""The engine: keys, streams, tables, the compiled funnel, and blocks of worlds.

Read README.md in this folder first; then `line.py` (what goes in and out), `kernel.py`, `run.py`.
"""
