"""Every reason to hold an invoice, and every need, has its repairs, and the document says them."""

import ast
import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from dashboard.gateway.errors import Refused
from dashboard.needs.hold_recipes import HOLDS
from dashboard.needs.kinds import KINDS
from dashboard.needs.need_recipes import NEEDS, recipe_of_need
from dashboard.needs.recipe import Recipe, Repair
from dashboard.sync import finalize
from dashboard.views.audit_words import SENTENCES
from dashboard.views.repairs import address_of_repair
from tests.support.environment import ROOT
from tests.support.written import LISTED

DOCUMENT = ROOT / "docs" / "repairs.md"
ALL = [
    pytest.param(repair, id=f"{name}: {repair.title}")
    for name, recipe in (HOLDS | NEEDS).items()
    for repair in recipe.repairs
]
HEAD = """\
# Repairs

What needs a person, and how it is repaired; the page of each case shows the same. A test writes
this page from `dashboard/needs/hold_recipes.py` and `need_recipes.py` (`UPDATE_DOCS=1`), and fails
where a reason to hold an invoice has no repair. Calls are those to Stripe; *at Stripe* means in
Stripe's dashboard.
"""


def held_by() -> Iterator[tuple[str, str]]:
    """Yield each code that the product's source puts an invoice on hold with, and where."""
    for path in sorted([*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "jobs").rglob("*.py")]):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id == "put_on_hold":
                yield from codes_of(node.args[1], path)


def codes_of(code: ast.expr, path: Path) -> Iterator[tuple[str, str]]:
    where = str(path.relative_to(ROOT))
    module = importlib.import_module(where.removesuffix(".py").replace("/", "."))
    if isinstance(code, ast.Constant):
        yield code.value, where
    elif ast.unparse(code) == "error.code":
        yield from ((kind.code, where) for kind in [Refused, *every_kind_of(Refused)])
    elif isinstance(code, ast.Starred):
        yield from gate_codes()
    else:
        # A constant of the module, or the code of a class there.
        found = module
        for name in ast.unparse(code).split("."):
            found = getattr(found, name)
        yield str(found), where


def gate_codes() -> Iterator[tuple[str, str]]:
    """Yield why the money gate lets an invoice not leave."""
    path = Path(finalize.__file__)
    [gate] = (
        node for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == "refusal"
    )  # fmt: skip
    for node in ast.walk(gate):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            yield from codes_of(node.value.elts[0], path)


def every_kind_of(error: type[Refused]) -> Iterator[type[Refused]]:
    for kind in error.__subclasses__():
        yield kind
        yield from every_kind_of(kind)


def test_no_reason_to_hold_an_invoice_is_without_repairs() -> None:
    found = dict(held_by())
    # Else it would have looked at nothing.
    assert {"billed_differently", "stuck", "foreign_lines", "stripe_refused"} <= found.keys()
    assert set(HOLDS) == set(found)


def test_every_kind_of_need_has_repairs() -> None:
    assert NEEDS.keys() == KINDS.keys() - {"on_hold"}
    assert recipe_of_need("on_hold", {"code": "stuck"}) is HOLDS["stuck"]
    assert recipe_of_need("on_hold", {"code": "of another release"}) is None


@pytest.mark.parametrize("repair", ALL)
def test_a_repair_says_all_that_one_must_know(app: Flask, repair: Repair) -> None:
    assert repair.plan.endswith(".")
    assert repair.calls
    assert repair.money
    assert not {*repair.audit} - SENTENCES.keys() - LISTED
    assert bool(repair.button) == (repair.page is not None)
    with app.test_request_context():
        address = address_of_repair(repair, "acme", 3, "7")
    assert (address is not None) == (repair.page is not None)


@pytest.mark.parametrize("repair", ALL)
def test_what_moves_money_here_is_on_record_and_can_be_undone_or_says_so(
    app: Flask, repair: Repair
) -> None:
    if repair.reason == "asked" and repair.is_here:
        assert repair.audit


def test_the_document_says_every_repair() -> None:
    wanted = HEAD + "".join(lines())
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(wanted)
    assert DOCUMENT.read_text() == wanted, "UPDATE_DOCS=1 pytest tests/needs/test_recipes.py"


def lines() -> Iterator[str]:
    yield "\n## Invoices on hold\n"
    for code, recipe in HOLDS.items():
        yield from section(f"`{code}`", recipe)
    yield "\n## Other needs\n"
    for name, recipe in NEEDS.items():
        yield from section(KINDS[name].word, recipe)


def section(title: str, recipe: Recipe) -> Iterator[str]:
    yield f"\n### {title}\n\n{recipe.why}\n\n"
    yield "| repair | plan | calls | money | reason | on record | undone by |\n"
    yield "| --- " * 7 + "|\n"
    for one in recipe.repairs:
        told = (
            f"{one.title}{'' if one.is_here else ' (at Stripe)'}", one.plan, one.calls, one.money,
            one.reason, ", ".join(f"`{act}`" for act in one.audit) or "–", one.undo or "–",
        )  # fmt: skip
        yield f"| {' | '.join(told)} |\n"
