"""A run: an experiment's worlds, what is said of them, and the folder that holds both.

Read in this order: `simulate.py` (blocks of worlds into memory or onto disk), `dataset.py` (the
labelled result and its file; `netcdf.py` writes one, `quantities.py` says what costs are charged on
in it), `provenance.py` (what two runs of the same numbers have in common) and `cautions.py`,
`written.py` (a run's files), `folder.py` (the only place where files are written), `answers.py`
(what was asked of a run since).
"""
