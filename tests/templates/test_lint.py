"""What no template, style sheet or script may contain."""

import re
from pathlib import Path

import pytest

from tests.support.environment import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OURS = [
    *sorted((ROOT / "static" / "css").glob("*.css")),
    *sorted((ROOT / "static" / "js").glob("*.js")),
]
LONGEST = 120
WIDEST = 140

# htmx 4 renamed or dropped these; they would be ignored in silence.
HTMX_2 = re.compile(
    r"hx-ext=|hx-vars=|hx-params=|hx-disinherit|hx-inherit=|hx-history=|hx-request=|hx-disabled-elt"
    r"|hx-prompt=|sse-connect|sse-swap|ws-connect|htmx:[a-z]+[A-Z]"
)
# The content policy would refuse these: in a browser they do nothing, or worse, half of it.
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|js:\{|<script(?![^>]*src=)")
SCRIPTED = re.compile(r"\son[a-z]+=|javascript:|<script|<img|url\(")
TRIGGER_FILTER = re.compile(r'hx-trigger="[^"]*\[')
# In htmx 4 these pass to children only with the suffix `:inherited`.
INHERITABLE = re.compile(r"<body[^>]*\shx-(target|headers|boost|confirm|swap)=")
# Of mails: their programs know no style sheet of ours.
STYLED = ("bill.html",)
ANOTHER_HOST = re.compile(r"(src|href|action)=\"(https?:)?//|url\(['\"]?(https?:)?//|@import")


def named(paths: list[Path]) -> list[object]:
    """Return the files as parameters that read like their names."""
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_a_template_uses_htmx_4_and_nothing_inline(path: Path) -> None:
    text = path.read_text()
    inline = SCRIPTED if path.parent.name == "mail" and path.name in STYLED else INLINE
    for pattern in (HTMX_2, inline, TRIGGER_FILTER, INHERITABLE):
        assert pattern.search(text) is None, pattern.pattern


@pytest.mark.parametrize("path", named([*TEMPLATES, *OURS]))
def test_a_file_loads_nothing_from_another_host(path: Path) -> None:
    assert ANOTHER_HOST.search(path.read_text()) is None


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_a_template_stays_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_every_form_that_changes_something_carries_a_token(path: Path) -> None:
    text = path.read_text()
    forms = len(re.findall(r'<form[^>]*method="post"', text))
    assert len(re.findall(r"{{ csrf\([^)]*\) }}", text)) == forms


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_a_template_has_no_line_that_is_read_sideways(path: Path) -> None:
    lines = enumerate(path.read_text().splitlines(), 1)
    assert [number for number, line in lines if len(line) > WIDEST] == []


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_links_to_other_windows_tell_them_nothing(path: Path) -> None:
    for tag in re.findall(r"<a [^>]*target=\"_blank\"[^>]*>", path.read_text()):
        assert 'rel="noopener noreferrer"' in tag


def test_every_variable_that_our_sheets_read_is_named_in_one_of_them() -> None:
    text = "\n".join(path.read_text() for path in OURS if path.suffix == ".css")
    named = set(re.findall(r"(--[\w-]+)\s*:", text))
    read = {one for one in re.findall(r"var\((--[\w-]+)", text) if not one.startswith("--tblr-")}
    assert read - named == set()
