"""The what-if page: sliders over an experiment, its figures after each move, on this machine only.

`controls.py` says which sliders an experiment has, `whatif.py` runs it at their positions,
`drawing.py` draws the distributions as SVG, `server.py` hands the page (`page.html`, `page.css`,
`page.js`) and the figures to the browser that holds the token.
"""
