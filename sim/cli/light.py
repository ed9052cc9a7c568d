"""How commands load what they need: in the least time, and scipy without its packages.

A plan takes a few functions of scipy.special, which lie in one compiled module; numba looks whether
scipy.linalg has one. The packages around them copy all of numpy's names for other array libraries:
a fifth of a second of processor time, in every command. Done where a command starts, before there
are threads; whoever uses this tool from Python gets scipy, and everything else, as it is.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

#: Packages, and the compiled module that holds their functions, where it takes no more than that.
_PACKAGES = {"scipy.special": "scipy.special._ufuncs", "scipy.linalg": "scipy.linalg.cython_blas"}


class _Light(ModuleType):
    """Gives the compiled functions; whatever else is asked for makes it the whole package."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            function = getattr(import_module(_PACKAGES[self.__name__]), name, None)
            if function is not None:
                return function
        # From here on it is the module that it stands for.
        self.__class__ = ModuleType  # type: ignore[assignment]
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def light_scipy() -> None:
    """Put light modules in the place of scipy's packages, where they are not imported yet."""
    for package in _PACKAGES:
        spec = None if package in sys.modules else find_spec(package)
        if spec is not None:
            module = module_from_spec(spec)
            module.__class__ = _Light
            sys.modules[package] = module


@contextmanager
def loading() -> Iterator[None]:
    """Load code without looking for garbage: what is loaded stays, and is not looked at again."""
    was, before = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > before:
            gc.freeze()
        if was:
            gc.enable()
