"""scipy.special without what its package brings along, for commands.

The functions that a plan needs lie in one compiled module. The package around it wraps them for
other array libraries and copies all of numpy's names for that: a fifth of a second of processor
time, in every command. Done where a command starts, before there are threads; whoever uses this
tool from Python gets scipy as it is.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


class _Light(ModuleType):
    """Gives the compiled functions; whatever else is asked for makes it the whole package."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            function = getattr(import_module("scipy.special._ufuncs"), name, None)
            if function is not None:
                return function
        # From here on it is the module that it stands for.
        self.__class__ = ModuleType  # type: ignore[assignment]
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def light_special() -> None:
    """Put the light module in the place of scipy.special, where that is not imported yet."""
    spec = None if "scipy.special" in sys.modules else find_spec("scipy.special")
    if spec is not None:
        module = module_from_spec(spec)
        module.__class__ = _Light
        sys.modules["scipy.special"] = module
