"""Values are written as Jinja's own `escape` writes them."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from dashboard.views.page_environment import PageEnvironment, PageTemplate, written


class Word(str):
    """Text of another kind."""

    __slots__ = ()


class Drawn:
    """What knows its own markup."""

    def __html__(self) -> str:
        return "<b>drawn</b>"


@given(st.text() | st.text("&<>'\"ab ") | st.integers() | st.none())
def test_any_value_is_written_as_it_is_escaped(value: Any) -> None:
    assert written(value) == str(escape(value))


@pytest.mark.parametrize("value", [Word("<b>"), Drawn(), Markup("<i>&"), True, 1.5], ids=type)
def test_other_kinds_are_written_as_they_are_escaped(value: Any) -> None:
    assert written(value) == str(escape(value))


def test_every_template_writes_so(app: Flask) -> None:
    for name in app.jinja_env.list_templates(extensions=["html"]):
        template = app.jinja_env.get_template(name)
        assert isinstance(template, PageTemplate)
        assert template.root_render_func.__globals__["escape"] is written


def test_macros_loops_and_blocks_escape_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "{% macro cell(word) %}<td>{{ word }}</td>{% endmacro %}"
        "{% set kept %}<i>{{ words[0] }}</i>{% endset %}"
        "{% for word in words %}{{ cell(word) }}{% endfor %}{{ kept }}{{ words[0] ~ kept }}"
    )
    monkeypatch.setattr(app.jinja_env, "autoescape", True)
    rendered = app.jinja_env.from_string(source).render(words=["<b>", "&"])
    once = "<i>&lt;b&gt;</i>"
    assert rendered == f"<td>&lt;b&gt;</td><td>&amp;</td>{once}&lt;b&gt;{once}"


def test_a_function_that_wants_the_context_gets_it(app: Flask) -> None:
    @pass_context
    def seen(context: Context, name: str) -> Any:
        return context.get(name)

    names = {"seen": seen, "plain": lambda word, again=1: word * again, "outer": "o"}
    source = (
        "{% for x in [1, 2] %}{% set inner = x %}{{ seen('inner') }}{{ plain(x, again=3) }}"
        "{% endfor %}{{ seen('outer') }}{{ dict(a=1).get('a') }}"
    )
    assert app.jinja_env.from_string(source).render(names) == "1326o1"


FILES = {
    "page": (
        "{% from 'macros' import cell, framed %}{% set a = '<a>' %}{% include 'part' %}"
        "{% for b in [1, 2] %}{% with c = b * 2 %}{% include 'part' %}{% endwith %}{% endfor %}"
        "{% set kept %}{% include 'part' %}{% endset %}[{{ kept }}]"
        "{% include 'missing' ignore missing %}{% include name %}"
        "{% call framed() %}{{ cell(a, class='x') }}{% include 'part' %}{% endcall %}"
    ),
    "part": "{% from 'macros' import cell %}({{ a }}{{ b }}{{ c }}{{ cell(a) }}{{ given }})",
    "macros": (
        "{% macro cell(word, class='') %}<td class='{{ class }}'>{{ word }}</td>{% endmacro %}"
        "{% macro framed() %}<p>{{ caller() }}</p>{% endmacro %}"
    ),
}


def test_parts_and_macros_write_what_jinja_itself_writes(app: Flask) -> None:
    ours = PageEnvironment(app, loader=DictLoader(FILES), autoescape=True)
    theirs = Environment(loader=DictLoader(FILES), autoescape=True)
    pages = [one.get_template("page").render(given="&", name="part") for one in (ours, theirs)]
    assert pages[0] == pages[1]
    assert pages[0].count("&lt;a&gt;") == 2 * 6 + 1


def test_an_included_template_is_one_piece(app: Flask) -> None:
    ours = PageEnvironment(app, loader=DictLoader(FILES | {"two": "{% include 'part' %}!"}))
    assert len(list(ours.get_template("two").generate(a="a"))) == 2
