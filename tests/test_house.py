"""The house stands as ARCHITECTURE.md says: arrows run down, no circles, every third-party package at home."""

from __future__ import annotations

import ast
import dataclasses
import graphlib
import importlib
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import evalkit
from evalkit.cli.main import COMMANDS, module_of
from evalkit.gates import METRICS
from evalkit.suite import limits

SOURCE = Path(evalkit.__file__).parent
FLOORS = {
    "types": 1, "errors": 1, "display": 1,
    "registry": 2, "run_folder": 2, "lookups": 2, "findings": 2,
    "suite": 3, "checks": 3, "apis": 3, "costs": 3, "journal": 3,
    "gateway": 4, "analysis": 4, "stored": 4,
    "gates": 5, "pacing": 5, "report": 5, "compare": 5, "baselines": 5, "estimate": 5,
    "running": 6,
    "cli": 7, "__main__": 7,
}  # fmt: skip
BESIDE = "simulator"
DOORS = {"evalkit.simulator.child", "evalkit.simulator.__main__"}
"""All of the stand-in that the command line may know."""
HOMES = {
    "yaml": ("suite.source", "checks.yaml_text"),
    "pydantic": ("suite",),
    "jinja2": ("suite.templates",),
    "jmespath": ("lookups",),
    "PIL": ("suite.media",),
    "pyarrow": ("suite.parquet",),
    "aiohttp": ("gateway.engine",),
    "httpx": ("gateway",),
    "tenacity": ("gateway",),
    "pandas": ("analysis",),
    "numpy": ("analysis", "estimate"),
    "scipy": ("analysis",),
    "regex": ("checks",),
    "rapidfuzz": ("checks",),
    "sacrebleu": ("checks.overlap",),
    "jsonschema": ("checks",),
    "jsonschema_specifications": ("checks",),
    "referencing": ("checks",),
    "splintr": ("costs.vocabularies",),
    "genai_prices": ("costs.list_prices",),
    "starlette": ("simulator",),
    "uvicorn": ("simulator",),
    "click": ("cli",),
    "tqdm": ("cli",),
    "dotenv": ("cli",),
    "wcwidth": ("display",),
    "anyio": ("gateway", "pacing", "running", "cli", "simulator"),
    "msgspec": ("",),
}
"""Package → the rooms or modules that may import it."""
HEAVY = {
    "pandas", "numpy", "aiohttp", "httpx", "pydantic", "jinja2", "yaml", "PIL", "tenacity", "anyio", "asyncio",
    "msgspec", "splintr", "genai_prices", "pyarrow",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        return room_of(self.name)

    def imports(self, *, when_running: bool = True) -> Iterator[str]:
        """Every module named in an import statement, wherever it stands; `from a import b` as `a.b`."""
        for node in _running(self.tree) if when_running else ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: relative import"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _running(node)


def room_of(name: str) -> str:
    return name.removeprefix("evalkit").removeprefix(".").partition(".")[0]


def _module(path: Path) -> Module:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    name = ".".join(parts).removesuffix(".__init__")
    return Module(name, path, ast.parse(path.read_text(encoding="utf-8")))


MODULES = {module.name: module for module in map(_module, sorted(SOURCE.rglob("*.py")))}


def ours(module: Module, **options: bool) -> set[str]:
    """The modules of evalkit that a module imports."""
    names = {name for name in module.imports(**options) if name.split(".")[0] == "evalkit"}
    return {name if name in MODULES else name.rpartition(".")[0] for name in names}


def test_every_room_has_its_floor():
    rooms = {module.room for module in MODULES.values()} - {""}
    assert rooms - FLOORS.keys() == {BESIDE}


@pytest.mark.parametrize("name", [name for name, module in MODULES.items() if module.room in FLOORS])
def test_a_module_imports_only_from_floors_below_it_or_its_own_room(name):
    module = MODULES[name]
    wrong = {
        target
        for target in ours(module, when_running=False)
        if (room := room_of(target)) not in ("", module.room, BESIDE) and FLOORS[room] >= FLOORS[module.room]
    }
    assert not wrong - ({"evalkit.cli.main"} if name == "evalkit.__main__" else set())


def test_the_package_itself_imports_nothing_until_it_is_asked():
    packages = {target.partition(".")[0] for target in MODULES["evalkit"].imports()}
    assert packages == {"__future__", "typing", "importlib"}


def test_the_stand_in_knows_nothing_of_evalkit_but_its_version():
    inside = [module for module in MODULES.values() if module.room == BESIDE]
    foreign = {target for module in inside for target in ours(module, when_running=False) if room_of(target) != BESIDE}
    assert inside
    assert foreign <= {"evalkit"}


def test_only_the_command_line_knows_the_stand_in_and_only_its_doors():
    users = {
        (module.room, target)
        for module in MODULES.values()
        if module.room != BESIDE
        for target in ours(module, when_running=False)
        if room_of(target) == BESIDE
    }
    assert users == {("cli", door) for door in DOORS}


def test_no_module_comes_round_to_itself():
    graph = {name: ours(module) - {name} for name, module in MODULES.items()}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert len(order) == len(MODULES)


def test_third_party_packages_stay_at_home():
    abroad = []
    for module in MODULES.values():
        for target in module.imports(when_running=False):
            package = target.split(".")[0]
            if package in ("evalkit", "__future__") or package in sys.stdlib_module_names:
                continue
            place = module.name.removeprefix("evalkit.") + "."
            if not any(place.startswith(f"{home}." if home else "") for home in HOMES.get(package, ())):
                abroad.append(f"{module.name} imports {package}")
    assert abroad == []


def test_every_module_says_what_it_is_for():
    assert [name for name, module in MODULES.items() if not ast.get_docstring(module.tree)] == []


def test_no_module_grows_beyond_350_lines():
    # types.py is the one vocabulary of all rooms; torn apart it would be harder to read.
    long = {name for name, module in MODULES.items() if len(module.path.read_text("utf-8").splitlines()) > 350}
    assert long <= {"evalkit.types"}


def test_no_module_is_a_drawer_for_everything():
    words = {"utils", "util", "common", "helpers", "misc"}
    assert [name for name in MODULES if name.rpartition(".")[2] in words] == []


@pytest.mark.parametrize(
    "program",
    ["import evalkit", "import sys; sys.argv[1:] = ['--help']; from evalkit.cli.main import main; main()"],
    ids=["import", "help"],
)
def test_nothing_heavy_is_imported_for_nothing(program):
    report = "import sys; sys.stderr.write(' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"{program}\n{report}"], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stderr.split()) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_all_commands_says_what_each_says_of_itself(command):
    own = importlib.import_module(module_of(command)).command
    assert isinstance(own, click.Command)
    assert own.name == command
    assert own.get_short_help_str(limit=200) == COMMANDS[command]


def test_every_command_file_is_listed():
    files = {f"evalkit.cli.{path.stem}" for path in (SOURCE / "cli").glob("*_command.py")}
    assert files == set(map(module_of, COMMANDS))


def test_what_a_suite_can_gate_on_is_what_a_run_is_judged_by():
    assert METRICS.keys() == {*limits.METRICS, "p95_ttft_s"}


def _cpu_s(arguments: list[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_costs_at_most_eight_times_an_empty_python(record_property):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    help_, empty = ["-m", "evalkit", "--help"], ["-c", "pass"]
    for arguments in (help_, empty):  # compiles what is not compiled yet
        _cpu_s(arguments, environment)
    pairs = [(_cpu_s(help_, environment), _cpu_s(empty, environment)) for _ in range(9)]
    ratio = statistics.median(pair[0] for pair in pairs) / statistics.median(pair[1] for pair in pairs)
    record_property("cpu_of_help_in_empty_pythons", round(ratio, 2))
    assert ratio <= 8
