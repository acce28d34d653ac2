"""A test stands by itself and can fail: what tests share is support, and each asserts something."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
# What fails by itself when the world is not as it says: of pytest, of Playwright, of Hypothesis.
ASSERTING = frozenset({"raises", "warns", "fail", "expect", "run_state_machine_as_test"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a file of the tests as it is written."""
    return ast.parse(path.read_text())


def sources() -> list[Path]:
    """Return every Python file of the tests."""
    return sorted(TESTS.rglob("*.py"))


def module_of(path: Path) -> str:
    """Return the name that a file is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def is_test(module: str) -> bool:
    """Whether this is the name of a module of tests."""
    parts = module.split(".")
    return parts[0] == "tests" and any(part.startswith("test_") for part in parts[1:])


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the name of everything that a file imports, at its head or within a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            # Of a package, a module by its name.
            if (ROOT / (node.module or "").replace(".", "/")).is_dir():
                yield from (f"{node.module}.{one.name}" for one in node.names)


@pytest.mark.parametrize("source", ["import tests.a.test_b", "from tests.a.test_b import c"])
def test_an_import_of_a_test_is_seen(source: str) -> None:
    assert any(map(is_test, imported(ast.parse(source))))
    assert any(map(is_test, imported(ast.parse("from tests.jobs import test_marks"))))
    assert not any(map(is_test, imported(ast.parse("from tests.support.billing import put"))))


def test_no_test_is_imported_by_another() -> None:
    """What two of them need is in tests/support, a fixture in the conftest beside them."""
    found = {
        f"{module_of(path)} imports {name}"
        for path in sources()
        for name in imported(tree_of(path))
        if is_test(name)
    }
    assert found == set()


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method, those within others too."""
    return (
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def called(function: Function) -> set[str]:
    """Return what a function calls, by the last part of its name."""
    callees = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {
        one.id if isinstance(one, ast.Name) else one.attr
        for one in callees
        if isinstance(one, ast.Name | ast.Attribute)
    }


def asserts(function: Function, helpers: Set[str]) -> bool:
    """Whether a function asserts by itself, or calls a helper that does."""
    return bool(called(function) & (ASSERTING | helpers)) or any(
        isinstance(node, ast.Assert) for node in ast.walk(function)
    )


def shared(tree: ast.Module) -> set[Path]:
    """Return the files of the tests that a file imports."""
    files = (ROOT / f"{name.replace('.', '/')}.py" for name in imported(tree) if "tests." in name)
    return {path for path in files if path.is_file()}


@cache
def helpers_in(path: Path) -> frozenset[str]:
    """Return the functions that a file defines and that assert, in the end."""
    tree = tree_of(path)
    known = {name for other in shared(tree) - {path} for name in helpers_in(other)}
    defined = [one for one in functions(tree) if not one.name.startswith("test_")]
    own: set[str] = set()
    while more := {
        one.name for one in defined if one.name not in own and asserts(one, known | own)
    }:
        own |= more
    return frozenset(own)


def helpers_of(path: Path) -> frozenset[str]:
    """Return the asserting functions that a file can call: its own, and those that it imports."""
    others = (helpers_in(other) for other in shared(tree_of(path)))
    return helpers_in(path).union(*others)


def written_tests(path: Path) -> list[Function]:
    """Return the tests of a file."""
    every = functions(tree_of(path)) if path.name.startswith("test_") else ()
    return [one for one in every if one.name.startswith("test_")]


def test_a_test_that_asserts_nothing_is_seen() -> None:
    one, other, by_helper = functions(
        ast.parse(
            """
def test_one(): act()
def test_other(): assert act()
def test_by_helper(): check(act())
"""
        )
    )
    assert not asserts(one, {"check"})
    assert asserts(other, set())
    assert asserts(by_helper, {"check"})
    assert not asserts(by_helper, set())


def test_every_test_asserts_something() -> None:
    """By itself or by a helper of the tests; that nothing raised is said with an assertion."""
    silent = {
        f"{module_of(path)}.{one.name}"
        for path in sources()
        for one in written_tests(path)
        if not asserts(one, helpers_of(path))
    }
    assert silent == set()
