"""Imports go one way: parts by the table below, server and command line without JAX, areas by their api."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import manyhands

PACKAGE = Path(manyhands.__file__).parent
BASE = {"types", "errors", "settings"}
RULES = BASE | {"envs", "policies", "learners", "judging"}
STORES = BASE | {"ledger", "storage", "jobs"}
ALLOWED = {
    "types": set(),
    "errors": set(),
    "settings": {"types", "errors"},
    "envs": BASE,
    "policies": BASE | {"envs"},
    "learners": BASE | {"envs", "policies"},
    "judging": BASE | {"envs", "policies", "learners"},
    "storage": BASE,
    "ledger": BASE | {"storage"},
    "jobs": BASE | {"storage"},
    "computing": set(),
    "arena": RULES | STORES | {"computing"},
    "lab": RULES | STORES,
    "garage": BASE | {"envs", "policies", "learners", "storage", "ledger", "jobs"},
    "league": BASE | {"envs", "policies", "garage", "storage", "ledger", "jobs"},
    # Tracks and their pictures; that nothing of it needs JAX is shown below.
    "server": BASE | {"storage", "arena", "lab", "garage", "league", "envs"},
    "crowd": BASE | {"envs", "policies", "computing"},
    "processes": BASE,
    "work": BASE | {"storage", "jobs", "arena", "lab", "garage", "league", "computing"},
    "app": BASE | {"storage", "arena", "server", "processes"},
    "terminal": BASE | {"storage"},
    "cli": {part.stem for part in PACKAGE.iterdir()},
}
AREAS = ("arena", "lab", "garage", "league")
# What an area shows to the server side, beside `api` itself.
JUDGE_SIDE = {
    "audit",
    "lots",
    "referee",
    "remote_audit",
    "replaying",
    "rounds",
    "shelf",
    "trainer",
    "scout",
    "steward",
    "verdicts",
    "halfway",
    "tutor",
    "coach",
    "driving",
    "evaluation",
    "head_to_head",
    "learning",
    "networks",
    "orders",
    "outputs",
    "ppo",
    "redriving",
    "reinforce",
    "sac",
    "training",
}
HEAVY = ("jax", "jaxlib", "optax")


def module_name(path: Path) -> str:
    """Dotted name inside the package, `arena.api` for one."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    """Dotted names inside the package that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "manyhands":
            inside = node.module.removeprefix("manyhands").removeprefix(".")
            found |= {f"{inside}.{alias.name}".removeprefix(".") for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.removeprefix("manyhands.")
                for alias in node.names
                if alias.name.startswith("manyhands.")
            }
    return found - {"__version__"}


MODULES = {module_name(path): imported(path) for path in sorted(PACKAGE.rglob("*.py"))}


def test_the_table_names_every_part() -> None:
    parts = {name.split(".")[0] for name in MODULES} - {"", "__main__"}
    assert parts <= ALLOWED.keys()


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    wrong = {
        f"{name} imports {other}"
        for name, others in MODULES.items()
        if name.split(".")[0] == part
        for other in others
        if other.split(".")[0] not in ALLOWED[part] | {part}
    }
    assert not wrong


def test_the_server_uses_areas_by_their_api() -> None:
    wrong = {
        f"{name} imports {other}"
        for name, others in MODULES.items()
        if name.split(".")[0] in ("server", "app")
        for other in others
        if other.split(".")[0] in AREAS
        and not f"{other}.".startswith(tuple(f"{area}.api." for area in AREAS))
    }
    assert not wrong


def test_the_api_side_of_an_area_never_touches_its_judge_side() -> None:
    wrong = {
        f"{name} imports {other}"
        for name, others in MODULES.items()
        if name.split(".")[0] in AREAS and "." in name and name.split(".")[1] not in JUDGE_SIDE
        for other in others
        # What an environment says of recorded games, and the ONNX form, need no JAX, as is shown below.
        if (other.split(".")[0] in ("policies", "learners", "judging") and other != "policies.onnx_form")
        or (other.startswith("envs.") and not name.startswith(("lab.", "garage.")))
        or (other.split(".")[0] in AREAS and other.split(".")[1:2] and other.split(".")[1] in JUDGE_SIDE)
    }
    assert not wrong


@pytest.mark.parametrize(
    "module",
    ["manyhands.app", "manyhands.cli", "manyhands.server.application", "manyhands.garage.rewards.check"],
)
def test_the_server_process_never_imports_jax(module: str) -> None:
    program = f"import sys, {module}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & set(HEAVY)
