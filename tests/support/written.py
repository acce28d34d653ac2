"""Where the words are that a person reads: pages, messages, e-mails and documents."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.environment import ROOT

LISTED = {"organization.changed", "usage.reassigned"}

# Attributes of elements that are read out or shown.
SHOWN = re.compile(r'\b(?:aria-label|title|placeholder|alt|data-label|data-announce)="([^"]*)"')
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'')
TAG = re.compile(r"<[^<>]*>", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`|\]\([^)\n]*\)", re.DOTALL)
SQL = re.compile(r"\s*(?:select|insert|update|delete|with|create|alter|set|lock|group by|case)\s")
# A value for machines is one word; a sentence has a space or begins with a capital.
SENTENCE = re.compile(r"\S\s\S|^[A-Z][a-z]")


class Written(NamedTuple):
    """A piece of text, and the line it begins on."""

    path: str
    line: int
    text: str


def everything() -> Iterator[Written]:
    """Yield every piece of text that reaches people."""
    for path in sorted((ROOT / "templates").rglob("*.*")):
        yield from of_template(path)
    for folder in ("dashboard", "jobs", "simulator", "demo"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from of_python(path)
    for path in sorted((ROOT / "simulator" / "pages" / "templates").glob("*.html")):
        yield from of_template(path)
    for path in sorted((ROOT / "static" / "js").glob("*.js")):
        yield from _quoted(path, re.sub(r"//[^\n]*", "", path.read_text()))
    documents = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for path in documents:
        yield _written(path, 0, CODE.sub(_blank, path.read_text()))


def of_template(path: Path) -> Iterator[Written]:
    """Yield the text of a template: between its tags, in shown attributes, in its strings."""
    source = path.read_text()
    code = [match for match in JINJA.finditer(source) if not match[0].startswith("{#")]
    for match in code:
        yield from _quoted(path, match[0], source.count("\n", 0, match.start()))
    bare = JINJA.sub(_blank, source)
    for match in SHOWN.finditer(bare):
        yield _written(path, source.count("\n", 0, match.start()), match[1])
    yield _written(path, 0, TAG.sub(_blank, bare))


def of_python(path: Path) -> Iterator[Written]:
    """Yield the strings of a module that read as sentences, without what only explains code."""
    tree = ast.parse(path.read_text())
    is_served = "schemas" in path.parts
    explained = {id(node) for node in _explanations(tree, is_served=is_served)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) not in explained and SENTENCE.search(node.value) and not SQL.match(node.value):
            yield _written(path, node.lineno - 1, node.value)


def _explanations(tree: ast.Module, *, is_served: bool) -> Iterator[ast.AST]:
    """Yield docstrings (but for models of the API, which serves them), and SQL in `text(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and not (is_served and isinstance(node, ast.ClassDef)):
                yield first.value
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "text":
            yield from ast.walk(node)


def _quoted(path: Path, source: str, before: int = 0) -> Iterator[Written]:
    for match in QUOTED.finditer(source):
        text = match[1] if match[1] is not None else match[2]
        if SENTENCE.search(text):
            yield _written(path, before + source.count("\n", 0, match.start()), text)


def _written(path: Path, before: int, text: str) -> Written:
    return Written(str(path.relative_to(ROOT)), before + 1, text)


def _blank(match: re.Match[str]) -> str:
    """Take the place of what is no text, keeping its lines."""
    return " " + "\n" * match[0].count("\n")
