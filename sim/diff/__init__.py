"""Two runs side by side: which assumptions changed, and what that did to the answer.

`keys.py` finds the keys with another value, `measures.py` subtracts measures with the error that
the worlds they share leave, `answer.py` holds and words the changes, `runs.py` puts it together.
"""

from .answer import Changes, Moved
from .keys import Changed
from .runs import changes

__all__ = [
    "Changed",
    "Changes",
    "Moved",
    "changes",
]
