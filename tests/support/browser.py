"""A real Chromium that may only talk to this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from bin.browser import MISSING, find
from tests.support.environment import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
# What a page shows in the end is asserted, not how fast: on a busy machine five seconds are few.
PATIENCE_MS = 20_000
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Lend a Chromium. Without one the test is skipped, in CI it fails."""
    path = find()
    if path is None:
        pytest.fail(MISSING) if os.environ.get("CI") else pytest.skip(MISSING)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def guarded_context(browser: Browser, base_url: str, **options: Any) -> Iterator[BrowserContext]:
    """Lend a context in which a request to another machine fails the test."""
    strangers: list[str] = []

    def guard(route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", None):
            route.continue_()
        else:
            strangers.append(route.request.url)
            route.abort()

    context = browser.new_context(base_url=base_url, **options)
    context.route("**/*", guard)
    try:
        yield context
    finally:
        context.close()
    assert strangers == [], "a page asked another machine"


def shoot(page: Page, name: str, *, full: bool = True) -> None:
    """Save a picture of the page as build/screenshots/<name>.png."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full)
