"""Icons and states are rendered once and read as their macros render them."""

import pytest
from flask import Flask

from dashboard.views.kept import KEPT
from dashboard.views.status_words import KINDS

STATES = [(kind, state) for kind, words in KINDS.items() for state in words]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("icon", ("sync", True)), ("icon", ("sync",)), *(("status", one) for one in STATES)],
    ids=str,
)
def test_a_kept_piece_is_what_its_macro_renders(
    app: Flask, name: str, arguments: tuple[str, ...]
) -> None:
    with app.test_request_context():
        macro = getattr(app.jinja_env.get_template(KEPT[name]).module, name)
        for _ in range(2):
            assert app.jinja_env.globals[name](*arguments) == macro(*arguments)


def test_what_stripe_calls_a_correction_is_escaped(app: Flask) -> None:
    with app.test_request_context():
        assert "&lt;b&gt;" in app.jinja_env.globals["status"]("correction", "<b>")


def test_files_are_found_below_the_path_the_application_is_mounted_on(app: Flask) -> None:
    icon = app.jinja_env.globals["icon"]
    for root in ("", "/billing"):
        with app.test_request_context(environ_overrides={"SCRIPT_NAME": root}):
            assert f'href="{root}/static/icons-' in icon("sync")
