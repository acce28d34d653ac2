"""Jinja as the pages use it: the same output, with less done for each name and each value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping
from types import CodeType, FunctionType
from typing import Any

from flask.templating import Environment
from jinja2 import Environment as AnyEnvironment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from markupsafe import Markup, escape

from dashboard.views.address_patterns import Addresses

# What `escape` replaces; text without any of it is its own escaped form.
_special = re.compile("[&<>'\"]").search


# What is called as it is, unless it says that it wants something passed.
PLAIN = frozenset({FunctionType, Addresses})


def written(value: Any) -> str:
    """Return what `escape` returns, as text that is only put between other text.

    A page writes five hundred values, few of which hold anything to escape. To wrap each of them as
    markup, which nothing reads before all are joined, took longer than to look for that.
    """
    kind = type(value)
    if kind is Markup or (kind is str and _special(value) is None):
        return value  # type: ignore[no-any-return]  # both are text
    return str(value) if kind is int else escape(value)


class PageContext(Context):
    """Calls functions and macros, which nearly all are, without looking for what they want passed.

    Every template has the same common names (see `PageEnvironment`), so none is told which those
    are: each import of a macro compared them with those of the page around it.
    """

    def __init__(
        self,
        environment: AnyEnvironment,
        parent: dict[str, Any],
        name: str | None,
        blocks: dict[str, Callable[[Context], Iterator[str]]],
        globals: MutableMapping[str, Any] | None = None,  # noqa: ARG002  as above
    ) -> None:
        super().__init__(environment, parent, name, blocks)

    def call(__self, __obj: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Return what `__obj` returns. With names that no template uses, as Jinja has it."""
        kind = type(__obj)
        if kind is Macro:
            args = (__self.eval_ctx, *args)
        elif kind not in PLAIN or hasattr(__obj, "jinja_pass_arg"):
            return super().call(__obj, *args, **kwargs)
        # What is set in a loop or block around the call is for those that want the context.
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return __obj(*args, **kwargs)


class PageCode(CodeGenerator):
    """Hands on what an included template writes in one piece, not each of its pieces by itself.

    A part of a bill lies three templates deep, and each of a thousand pieces went through all.
    """

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:  # noqa: N802  as Jinja calls it
        """Write the code of `{% include %}`; what is not the usual kind as Jinja does."""
        if (
            not (isinstance(node.template, nodes.Const) and node.with_context)
            or node.ignore_missing
        ):
            super().visit_Include(node, frame)
            return
        self.writeline(f"template = environment.get_template({node.template.value!r})", node)
        names = self.dump_local_context(frame)
        context = f"template.new_context(context.get_all(), True, {names})"
        self.simple_write(f"concat(template.root_render_func({context}))", frame)


class PageTemplate(Template):
    """A template that writes its values by `written`."""

    @classmethod
    def from_code(
        cls,
        environment: AnyEnvironment,
        code: CodeType,
        globals: MutableMapping[str, Any],
        uptodate: Any = None,
    ) -> Template:
        """Return the template; what its code calls `escape` is the function above."""
        template = super().from_code(environment, code, globals, uptodate)
        template.root_render_func.__globals__["escape"] = written
        return template


class PageEnvironment(Environment):
    """Hands every template one dictionary of the common names instead of a chain of two.

    Each import of a macro compares its names with those of the page around it. Over a chain that
    took longer than the macros themselves, of which a page imports two dozen. A name that is added
    after a template was loaded, which nobody does, would not be known to it.
    """

    code_generator_class = PageCode
    context_class = PageContext
    template_class = PageTemplate

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._found: dict[str, Template] = {}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,
    ) -> Template:
        """Return a template, found by its name alone once it is loaded.

        A page asks for three dozen, each import of a macro for one. Jinja's own cache puts what was
        asked for to the front, under a lock. Files of a running process do not change, but where
        somebody who works on them asked for that.
        """
        found = self._found.get(name) if type(name) is str and not globals else None
        if found is None:
            found = super().get_template(name, parent, globals)
            if type(name) is str and not globals and not self.auto_reload:
                self._found[name] = found
        return found

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the names of the application and those of one template."""
        return {**self.globals, **(d or {})}
