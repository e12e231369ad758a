"""Which libraries a reward function may use, and loading them while files can still be opened."""

from __future__ import annotations

import contextlib
import importlib
import io
import itertools
import linecache
import logging
import os
import re
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

THIRD_PARTY = ("numpy", "scipy", "shapely")
# Whatever the functions need that they do not name: modules that others load at their first use.
ALWAYS = [
    "abc",
    "array",
    "bisect",
    "calendar",
    "cmath",
    "collections.abc",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "inspect",
    "io",
    "itertools",
    "json",
    "locale",
    "logging",
    "math",
    "numbers",
    "operator",
    "pprint",
    "queue",
    "random",
    "re",
    "signal",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "threading",
    "time",
    "timeit",
    "tokenize",
    "traceback",
    "types",
    "typing",
    "warnings",
    "weakref",
    "_strptime",
    "encodings.ascii",
    "encodings.cp1252",
    "encodings.base64_codec",
    "encodings.hex_codec",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.rot_13",
    "encodings.utf_8_sig",
    "encodings.utf_16",
    "encodings.utf_32",
    "encodings.unicode_escape",
    "encodings.raw_unicode_escape",
]
_WITH = {
    "numpy": [
        "numpy",
        "numpy.random",
        "numpy.linalg",
        "numpy.fft",
        "numpy.polynomial",
        "numpy.ma",
        "numpy.lib.stride_tricks",
        "numpy.matlib",
        "numpy.char",
        "numpy.rec",
        "numpy.strings",
        "numpy._core._internal",
    ],
    "shapely": [
        "shapely",
        "shapely.geometry",
        "shapely.geometry.polygon",
        "shapely.ops",
        "shapely.affinity",
        "shapely.wkt",
        "shapely.prepared",
        "shapely.strtree",
        "shapely.validation",
    ],
    "scipy": ["scipy", "scipy._lib.pyprima", "multiprocessing", "concurrent.futures.thread", "pickle"],
    "logging": ["logging.handlers", "logging.config"],
    "concurrent": ["concurrent.futures.thread", "concurrent.futures.process"],
    "xml": ["xml.etree.ElementTree", "xml.dom.minidom"],
    "urllib": ["urllib.request", "urllib.parse"],
    "multiprocessing": ["multiprocessing.pool", "multiprocessing.shared_memory"],
    "importlib": ["importlib.util", "importlib.resources"],
    "os": ["os.path"],
    "email": ["email.message"],
    "http": ["http.client"],
}
SCIPY = [
    "cluster",
    "constants",
    "fft",
    "fftpack",
    "integrate",
    "interpolate",
    "io",
    "linalg",
    "ndimage",
    "odr",
    "optimize",
    "signal",
    "sparse",
    "spatial",
    "special",
    "stats",
]
_SCIPY_WITH = {
    "linalg": ("_matfuncs_inv_ssq",),
    "optimize": ("elementwise",),
    "spatial": ("distance", "transform"),
    "sparse": ("linalg", "csgraph", "linalg._onenormest"),
    "cluster": ("vq", "hierarchy"),
}
# They open a browser or a window, print, or exist for the language's own tests. Those that open a window only
# when told to stay: editors write `from turtle import distance` by themselves.
_LEFT_OUT = {
    "antigravity",
    "this",
    "idlelib",
    "turtledemo",
    "test",
    "lib2to3",
    "__main__",
}


_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FROM = re.compile(r"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t]*\(?([\w., \t]+)")
_DOTTED = re.compile(r"\b[A-Za-z]\w*(?:\.[A-Za-z]\w*)+")
_INNER = re.compile(
    r"^[ \t]+(?:import[ \t]+([a-z][\w.]*)|from[ \t]+([a-z][\w.]*)[ \t]+import\b)", re.MULTILINE
)
_MOST_NAMES = 2_000


def wanted(source: str) -> list[str]:
    """Names of the modules to load for a source, as far as they exist.

    The text is looked at and not the imports in it, so that it need not be parsed outside the jail; a word
    that is a module by chance costs a few milliseconds.
    """
    said = set(_WORD.findall(source))
    names = list(ALWAYS)
    standard = set(sys.stdlib_module_names) - _LEFT_OUT
    for word in sorted(said):
        if word in THIRD_PARTY or (word in standard and not word.startswith("_")):
            names += [word, *_WITH.get(word, ())]
    if "scipy" in said or "shapely" in said:
        names += _WITH["numpy"]
    if "numpy" in said and "testing" in said:
        names.append("numpy.testing")
    if "scipy" in said:
        for part in SCIPY:
            if part in said:
                names += [f"scipy.{part}", *(f"scipy.{part}.{inner}" for inner in _SCIPY_WITH.get(part, ()))]
    parts = set(_DOTTED.findall(source))
    for package, given in _FROM.findall(source):
        parts |= {package, *(f"{package}.{part}" for part in _WORD.findall(given))}
    names += sorted(part for part in parts if _is_part(part, standard))
    return list(dict.fromkeys(names))[:_MOST_NAMES]


def _is_part(name: str, standard: set[str]) -> bool:
    """Whether a dotted name may be a module inside a package that is allowed; tests and programs are not."""
    top, *inner = name.split(".")
    return (
        bool(inner)
        and (top in THIRD_PARTY or top in standard)
        and not any(part.startswith("_") or part in ("test", "tests", "conftest") for part in inner)
    )


def _later(name: str) -> list[str]:
    """Modules of the standard library that one of its modules imports only when it is used."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None) or ""
    if name.partition(".")[0] not in sys.stdlib_module_names or not file.endswith(".py"):
        return []
    with open(file, encoding="utf-8") as text:
        told = [first or second for first, second in _INNER.findall(text.read())]
    standard = set(sys.stdlib_module_names) - _LEFT_OUT
    return [one for one in dict.fromkeys(told) if one.partition(".")[0] in standard]


class _Log(io.TextIOBase):
    """A log file: its lines are shown with what is printed, for there are no files."""

    def write(self, text: str) -> int:
        """Pass it on."""
        return sys.stderr.write(text)


def _log_shown(handler: logging.FileHandler) -> _Log:
    """A log file beside the source; anywhere else there is none, as opening it tells."""
    if os.path.dirname(handler.baseFilename) != os.getcwd():
        os.close(os.open(handler.baseFilename, os.O_WRONLY))
    return _Log()


class _Gone:
    """Last in the search for modules: says what may be imported."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        """Refuse every module that is not loaded."""
        raise ModuleNotFoundError(
            f"No module named {name!r}; numpy, scipy, shapely and the standard library are here",
            name=name,
        )


def load(names: Sequence[str]) -> None:
    """Import modules and close the way to any other."""
    named = [name for name in names if name not in ALWAYS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in itertools.chain(names, itertools.chain.from_iterable(map(_later, named))):
            # What this system lacks, or what only looked like a module, is missing for plain CPython too.
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    logging.FileHandler._open = _log_shown  # type: ignore[method-assign, assignment]
    sys.meta_path[:] = [_Gone]
    sys.path_importer_cache.clear()
    sys.path[:] = []
    linecache.clearcache()
