"""Flask as this product uses it: without what every request would do and none here needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from dashboard.views.cookies import CookieSessions
from dashboard.views.page_environment import PageEnvironment


class Application(Flask):
    """Flask with templates and cookies of ours, and with plain functions only."""

    jinja_environment = PageEnvironment

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.session_interface = CookieSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: there are no coroutines here, and none has to be looked for."""
        return func
