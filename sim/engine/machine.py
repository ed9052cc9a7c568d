"""Entry points of compiled code: made by numba once, kept as machine code, called without numba.

Importing numba and letting it resolve what it kept takes half a second, linking machine code a few
milliseconds. So numba is imported where something is to be compiled, and nowhere else. What it makes
is an object file; beside it lies a second one, made here of LLVM's text: what Python calls, which
takes arrays apart as numba wants them, and the memory of arrays that compiled code makes itself.
llvmlite links the two.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import sys
import threading
from collections.abc import Callable
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from . import kept

#: Type of an argument: numba's name of a number's; of an array its dtype, its dimensions, and
#: whether it is contiguous.
Kind = str | tuple[str, int, bool]

#: Nothing is reordered and nothing fuses by itself; a sum that begins with zero is not computed.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"nsz"}}
#: Of what Python does not call through numba: its wrappers would take half of the time to compile.
BARE = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

#: Numbers by their type in Python: numba's name, and what ctypes takes.
_NUMBERS: dict[type, tuple[str, type]] = {
    int: ("int64", int), np.int64: ("int64", int), np.uint64: ("uint64", int),
    np.uint32: ("uint32", int), float: ("float64", float), np.float64: ("float64", float),
    np.float32: ("float32", float),
}  # fmt: skip
#: By numba's names: what C and LLVM call them.
_TYPES: dict[str, tuple[Any, str]] = {
    "int64": (ctypes.c_int64, "i64"), "uint64": (ctypes.c_uint64, "i64"),
    "uint32": (ctypes.c_uint32, "i32"), "float64": (ctypes.c_double, "double"),
    "float32": (ctypes.c_float, "float"),
}  # fmt: skip

_LOCK = threading.RLock()
_NUMBER = count()
_NAME = "creator_roi_entry"
#: Bytes at the head of machine code that hold the length of the first object.
_HEAD = 8


class Entry:
    """A function that Python calls, compiled for each list of kinds of arguments that it meets.

    It takes numbers and arrays, fills arrays and returns nothing; while it runs, the GIL is free.

    Parameters
    ----------
    name
        Of the function.
    make
        Returns the function, where it is to be compiled.
    text
        Returns what tells its source from any other of that name.

    Attributes
    ----------
    made
        How often it was compiled in this process.
    """

    def __init__(
        self, name: str, make: Callable[[], Callable[..., None]], text: Callable[[], str]
    ) -> None:
        self.name = name
        self.made = 0
        self._make, self._text = make, text
        self._code: dict[tuple[Kind, ...], Any] = {}

    @staticmethod
    def of(function: Callable[..., None]) -> Entry:
        """Return the entry point of a function, which goes by the file that it stands in."""
        file = Path(function.__code__.co_filename)
        entry = Entry(
            function.__name__, lambda: function, lambda: function.__module__ + kept.digest_of(file)
        )
        functools.update_wrapper(entry, function)
        return entry

    def __call__(self, *arguments: Any) -> None:
        """Run it.

        Raises
        ------
        MemoryError
            Where there is none for arrays that it makes.
        TypeError
            For arguments that are neither numbers nor arrays, and arrays in another machine's byte order.
        """
        kinds: list[Kind] = []
        values: list[Any] = []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                flags = argument.flags
                kinds.append((argument.dtype.str, argument.ndim, flags.c_contiguous))
                values.append(argument)
            else:
                name, number = _number(argument)
                kinds.append(name)
                values.append(number(argument))
        key = tuple(kinds)
        code = self._code.get(key) or self._linked(key)
        if code(*values):
            raise MemoryError(f"{self.name}: no memory for its arrays")

    @property
    def kinds(self) -> frozenset[tuple[Kind, ...]]:
        """Kinds of arguments that it was called with in this process."""
        return frozenset(self._code)

    @cached_property
    def function(self) -> Callable[..., None]:
        """The function as written."""
        return self._make()

    @cached_property
    def dispatcher(self) -> Any:
        """What numba compiles."""
        import numba

        return numba.njit(**BARE)(self.function)

    def is_kept(self) -> bool | None:
        """Return whether it has been compiled before; None where nothing is kept."""
        folder = kept.cache_folder()
        return None if folder is None else any(folder.glob(f"{self._name}-*.code"))

    @cached_property
    def _name(self) -> str:
        """How its files begin: by its name, its source, and what code depends on beside."""
        return f"{self.name}-{_short(self._text(), _platform())}"

    def _linked(self, kinds: tuple[Kind, ...]) -> Any:
        """Return what calls the machine code for kinds of arguments, kept or made here."""
        with _LOCK:
            if kinds not in self._code:
                name = f"{self._name}-{_short(kinds)}.code"
                address = _link_kept(name)
                if address is None:
                    code = self._compile(kinds)
                    try:
                        address = _link(code)
                    except RuntimeError:
                        # A system whose libraries llvmlite cannot link to: numba can.
                        self._code[kinds] = _called_by_numba(self.function)
                        return self._code[kinds]
                    kept.write(name, code)
                types = [_TYPES[k][0] if isinstance(k, str) else ctypes.py_object for k in kinds]
                self._code[kinds] = ctypes.CFUNCTYPE(ctypes.c_int32, *types)(address)
            return self._code[kinds]

    def _compile(self, kinds: tuple[Kind, ...]) -> bytes:
        """Return machine code: the length of numba's object, that, and the one beside it."""
        from numba.core import types

        signature = tuple(map(_numba_type, kinds))
        self.dispatcher.compile(signature)
        result = self.dispatcher.overloads[signature]
        if result.signature.return_type != types.none:
            raise TypeError(f"{self.name} returns something, and must fill an array")
        self.made += 1
        _, _, (code, _) = result.library.serialize_using_object_code()
        beside = _object(_MEMORY + _entry(result.fndesc.llvm_func_name, kinds))
        return b"".join((len(code).to_bytes(_HEAD, "little"), code, beside))


def _called_by_numba(function: Callable[..., None]) -> Callable[..., None]:
    import numba

    return numba.njit(**OPTIONS)(function)  # type: ignore[no-any-return]


def _number(argument: Any) -> tuple[str, type]:
    """Return the kind of a number, and what makes it one that ctypes takes."""
    try:
        return _NUMBERS[type(argument)]
    except KeyError:
        raise TypeError(f"compiled code takes numbers and arrays (got {argument!r})") from None


def _short(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _numba_type(kind: Kind) -> Any:
    from numba.core import types
    from numba.np.numpy_support import from_dtype

    if isinstance(kind, str):
        return getattr(types, kind)
    dtype, dimensions, contiguous = kind
    if not np.dtype(dtype).isnative:
        raise TypeError(f"compiled code takes arrays in this machine's byte order (got {dtype})")
    return types.Array(from_dtype(np.dtype(dtype)), dimensions, "C" if contiguous else "A")


# --- What lies beside numba's code --------------------------------------------------------------------

#: Memory for arrays, in words of eight bytes: first how many references there are, fourth where the
#: data begin.
_MEMORY = """
declare noalias i8* @malloc(i64)
declare void @free(i8*)

define i8* @NRT_MemInfo_alloc_aligned(i64 %size, i32 %align) {
  %unit = zext i32 %align to i64
  %head = add i64 %unit, 48
  %all = add i64 %head, %size
  %block = call i8* @malloc(i64 %all)
  %none = icmp eq i8* %block, null
  br i1 %none, label %end, label %fill
fill:
  %references = bitcast i8* %block to i64*
  store i64 1, i64* %references
  %address = ptrtoint i8* %block to i64
  %after = add i64 %address, %head
  %past = urem i64 %after, %unit
  %data = sub i64 %after, %past
  %place = getelementptr i8, i8* %block, i64 24
  %pointer = bitcast i8* %place to i64*
  store i64 %data, i64* %pointer
  br label %end
end:
  ret i8* %block
}

define void @NRT_MemInfo_call_dtor(i8* %block) {
  call void @free(i8* %block)
  ret void
}
"""

#: Where an array of numpy keeps the address of its data, and those of its shape and strides: behind
#: what every object begins with (`PyArrayObject_fields` of its C interface).
_DATA, _SHAPE, _STRIDES = (object.__basicsize__ + offset for offset in (0, 16, 24))


def _entry(symbol: str, kinds: tuple[Kind, ...]) -> str:
    """Return LLVM's text of what Python calls with numbers and arrays.

    Numba's code takes a place for what comes back and one for what is raised, then the arguments:
    an array as two pointers of no use here, number and bytes of its items, data, shape and strides.
    """
    lines, passed = [], ["i8** %back", "i8** %raised"]
    taken = []
    for k, kind in enumerate(kinds):
        if isinstance(kind, str):
            taken.append(f"{_TYPES[kind][1]} %a{k}")
            passed.append(f"{_TYPES[kind][1]} %a{k}")
            continue
        dtype, dimensions, _ = kind
        taken.append(f"i8* %a{k}")
        for name, offset in (("data", _DATA), ("shape", _SHAPE), ("strides", _STRIDES)):
            lines += [
                f"%{name}.at{k} = getelementptr i8, i8* %a{k}, i64 {offset}",
                f"%{name}.of{k} = bitcast i8* %{name}.at{k} to i8**",
                f"%{name}{k} = load i8*, i8** %{name}.of{k}",
            ]
        sizes: list[str] = []
        steps: list[str] = []
        items = "1"
        for d in range(dimensions):
            for name, row in (("shape", sizes), ("strides", steps)):
                own = f"{name}{k}.{d}"
                lines += [
                    f"%{own}.at = getelementptr i8, i8* %{name}{k}, i64 {8 * d}",
                    f"%{own}.of = bitcast i8* %{own}.at to i64*",
                    f"%{own} = load i64, i64* %{own}.of",
                ]
                row.append(f"i64 %{own}")
            lines.append(f"%items{k}.{d} = mul i64 {items}, %shape{k}.{d}")
            items = f"%items{k}.{d}"
        passed += ["i8* null", "i8* null", f"i64 {items}", f"i64 {np.dtype(dtype).itemsize}"]
        passed += [f"i8* %data{k}", *sizes, *steps]
    types = ", ".join(one.split()[0] for one in passed)
    body = "\n  ".join(lines)
    return f"""
declare i32 @"{symbol}"({types})

define i32 @{_NAME}({", ".join(taken)}) {{
  %back = alloca i8*
  %raised = alloca i8*
  {body}
  %status = call i32 @"{symbol}"({", ".join(passed)})
  ret i32 %status
}}
"""


# --- Through LLVM -----------------------------------------------------------------------------------


@cache
def _machine() -> Any:
    """Return what describes this machine to LLVM."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)


@cache
def _linker() -> Any:
    import llvmlite.binding as llvm

    return llvm.create_lljit_compiler(_machine(), suppress_errors=True)


@cache
def _platform() -> str:
    """Return what machine code depends on beside its source."""
    from importlib.metadata import version

    import llvmlite.binding as llvm

    settings = {name: value for name, value in os.environ.items() if name.startswith("NUMBA_")}
    settings.pop("NUMBA_CACHE_DIR", None)
    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    versions = version("numba"), version("llvmlite"), version("numpy"), sys.version_info[:2]
    return repr((versions, llvm.get_process_triple(), processor, sorted(settings.items())))


def _object(text: str) -> bytes:
    """Return machine code of LLVM's text."""
    import llvmlite.binding as llvm

    return bytes(_machine().emit_object(llvm.parse_assembly(text)))


#: Machine code is there as long as what tells of it.
_there: list[Any] = []


def _link(code: bytes) -> int:
    """Return the address of what Python calls in machine code."""
    import llvmlite.binding as llvm

    end = _HEAD + int.from_bytes(code[:_HEAD], "little")
    builder = llvm.JITLibraryBuilder().add_current_process().export_symbol(_NAME)
    for one in (code[_HEAD:end], code[end:]):
        builder.add_object_img(one)
    linked = builder.link(_linker(), f"entry{next(_NUMBER)}")
    _there.append(linked)
    return int(linked[_NAME])


def _link_kept(name: str) -> int | None:
    """Return the address of what Python calls in kept code; None where it is not, or unfit."""
    code = kept.read(name)
    if code is None:
        return None
    try:
        return _link(code)
    except RuntimeError:
        return None
