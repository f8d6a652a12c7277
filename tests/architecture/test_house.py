"""The laws that an import contract cannot say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("tracker", "partners", "webhooks", "sandbox", "wiring")
LINES_IN_A_FILE = 300
LINES_IN_A_FUNCTION = 70


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def names(paths: Iterator[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("name", names(sources(*PRODUCT, "migrations", "tests", "benchmarks")))
def test_files_and_functions_stay_small(name: str) -> None:
    text = (ROOT / name).read_text()
    assert text.count("\n") <= LINES_IN_A_FILE, "split the room"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and "migrations" not in name:
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LINES_IN_A_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("name", names(sources(*PRODUCT)))
def test_imports_stand_at_the_top(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [one for one in ast.walk(node) if isinstance(one, ast.Import | ast.ImportFrom)]
            assert not inner, f"{node.name} imports: untie the cycle instead"


@pytest.mark.parametrize("name", names(sources(*PRODUCT)))
def test_every_module_says_what_it_is_for(name: str) -> None:
    assert ast.get_docstring(ast.parse((ROOT / name).read_text()))


def test_only_edges_commit() -> None:
    """Services flush; a request, a job or a command is one unit of work."""
    inner = ("service.py", "queries.py", "models.py", "rules.py", "dossiers.py", "work.py")
    for path in sources(*PRODUCT):
        if path.name in inner:
            assert ".commit(" not in path.read_text(), path
            assert "unit_of_work(" not in path.read_text(), path


def test_no_float_comes_near_money() -> None:
    for room in ("ledger", "purchases", "settlement", "clicks"):
        for path in sources(f"tracker/{room}"):
            assert "float(" not in path.read_text(), path


def test_chances_are_the_only_floats_of_the_forecast() -> None:
    """They stay within what estimates and plays; what keeps, asks and tells knows whole numbers."""
    chances = {"curves.py", "futures.py", "simulation.py", "quantiles.py", "unlike.py"}
    for path in sources("tracker/forecast"):
        if path.name not in chances:
            assert "float(" not in path.read_text(), path
            assert "Float" not in path.read_text(), path


def test_rules_never_look_at_a_clock() -> None:
    for path in sources(*PRODUCT):
        if path.name in ("rules.py", "bonus.py", "signatures.py"):
            text = path.read_text()
            assert ".now(" not in text, path
            assert "time()" not in text, path


def test_http_statuses_stand_at_the_edges() -> None:
    """A status is known to kit/http.py and to the rooms' edges, to nothing below them."""
    for path in sources("tracker", "partners", "webhooks"):
        if path.name in ("service.py", "queries.py", "models.py", "rules.py", "jobs.py"):
            assert "HTTPStatus" not in path.read_text(), path
