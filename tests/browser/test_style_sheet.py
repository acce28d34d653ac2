"""The reduced style sheet makes every page look as all of Tabler would."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from bin.setup import node
from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import guarded_context
from tests.support.environment import ROOT
from tests.support.every_page import addresses, role_of
from tests.support.stack import Stack
from tests.support.visitors import Visitor

# Each looks at dozens of pages, and there are more with every issue.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
LOOK = (Path(__file__).parent / "styles.js").read_text()


@pytest.fixture(scope="module")
def whole() -> str:
    """The style sheet as it would be with all of Tabler."""
    command = [*node("node"), "bin/assets.mjs", "whole"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def differences(page: Page, whole: str) -> list[str]:
    """Return what would look otherwise on the page, and which rules for what is on it are gone."""
    found = page.evaluate(LOOK, whole)
    assert found["elements"] > 20
    assert found["rules"] > 200
    return found["wrong"]


@pytest.mark.parametrize("part", ["support", "support-all", "admin"])
def test_no_page_would_look_otherwise_with_all_of_tabler(
    part: str,
    browser: Browser,
    live_stack: Stack,
    acme: Organization,
    people: People,
    whole: str,
) -> None:
    wrong: dict[str, list[str]] = {}
    with guarded_context(browser, live_stack.url) as context:
        visitor = Visitor(context.new_page(), role_of(part))
        for address in addresses(part, acme):
            visitor.page.goto(address)
            if address.endswith("/body"):
                # A mail, which brings its own style: programs of mail know none of ours.
                continue
            for width, theme in ((1280, "light"), (390, "dark")):
                visitor.page.set_viewport_size({"width": width, "height": 900})
                visitor.page.emulate_media(color_scheme=theme)
                if found := differences(visitor.page, whole):
                    wrong[f"{address}, {theme}"] = found[:5]
    assert wrong == {}
    assert visitor.complaints == []


def test_a_rule_that_was_dropped_would_be_seen(page: Page, live_stack: Stack, whole: str) -> None:
    page.goto("/session/new")
    page.evaluate("document.querySelector('main').classList.add('text-uppercase')")
    found = differences(page, whole)
    assert any(line.startswith("dropped: .text-uppercase") for line in found)
    assert any(line.startswith("MAIN.content text-uppercase would have") for line in found)
