"""What can be said of a source without running it: syntax, signature, DeepRacer's rules."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from . import libraries, wire
from .functions import EARLY_COUNTS, NAME, Fault, compiled, readable

_UNSEEN = {"exec", "globals", "vars", "setattr"}
Finding = tuple[int, int, str]
"""line, class of the fault, sentence"""

# Their validator's lists.
_THEIR_IMPORTS = {"math", "random", *libraries.THIRD_PARTY}
_THEIR_BUILTINS = {"open", "exec", "eval", "compile", "input"}
_THEIR_WORDS = (
    "__import__", "load", "fromfile", "genfromtxt", "loadtxt", "tofile", "savez", "save", "savetxt", "memmap",
)  # fmt: skip


def scan(source: bytes) -> list[Finding]:
    """All findings, by line."""
    try:
        compiled(source)
        tree = ast.parse(readable(source))
    except Fault as fault:
        return [(fault.line, wire.SYNTAX, fault.words)]
    words = _words(source.decode("utf-8", "replace"))
    found = [*_signature(tree), *_imports(tree), *_builtins(tree), *words]
    return sorted(dict.fromkeys(found))


def _signature(tree: ast.Module) -> Iterator[Finding]:
    """What is wrong with how the function is called, as far as its name is certain to be a plain definition.

    That is the last statement that could give something this name; whether there is one, loading tells.
    """
    last = next((one for one in reversed(tree.body) if any(map(_is_it, ast.walk(one)))), None)
    if isinstance(last, ast.AsyncFunctionDef) and last.name == NAME:
        yield last.lineno, wire.SIGNATURE, f"{NAME} is async: write def {NAME}(params)."
    if isinstance(last, ast.FunctionDef) and last.name == NAME and not last.decorator_list:
        yield from _parameters(last)


def _is_it(node: ast.AST) -> bool:
    """Whether the node gives something the name of the reward function, or may do so unseen."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name == NAME
    if isinstance(node, ast.alias):
        return (node.asname or node.name) in (NAME, "*")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _UNSEEN
    return isinstance(node, ast.Name) and node.id == NAME and isinstance(node.ctx, ast.Store)


def _parameters(node: ast.FunctionDef) -> Iterator[Finding]:
    given = node.args
    positional = len(given.posonlyargs) + len(given.args)
    needed = positional - len(given.defaults)
    keyword_only = [
        one.arg for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if not default
    ]
    if positional in EARLY_COUNTS and needed > 1:
        yield node.lineno, wire.WARNING, f"DeepRacer's validator wants def {NAME}(params), one parameter."
    elif keyword_only or needed > 1 or (positional == 0 and given.vararg is None):
        words = f"{NAME} takes {needed} parameters; it is called with one, params."
        yield node.lineno, wire.SIGNATURE, words


def _imports(tree: ast.Module) -> Iterator[Finding]:
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or ".").split(".")[0]]
        else:
            continue
        for name in names:
            if name not in libraries.THIRD_PARTY and name not in sys.stdlib_module_names:
                yield node.lineno, wire.WARNING, f"There is no module {name} here."
            elif name not in _THEIR_IMPORTS:
                yield node.lineno, wire.WARNING, f"DeepRacer's validator refuses to import {name}."
        if id(node) not in top:
            yield (
                node.lineno,
                wire.WARNING,
                "DeepRacer's validator refuses imports below the top of the file.",
            )


def _builtins(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _THEIR_BUILTINS:
            yield node.lineno, wire.WARNING, f"DeepRacer's validator refuses {node.func.id}()."


def _words(source: str) -> Iterator[Finding]:
    for number, line in enumerate(source.splitlines(), 1):
        for word in _THEIR_WORDS:
            if word in line:
                words = f"DeepRacer's validator refuses the letters {word!r}, even in comments."
                yield number, wire.WARNING, words
