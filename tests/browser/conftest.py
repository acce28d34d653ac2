"""A real browser for the tests in this folder."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import guarded_context, running_chromium
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium for all tests of this process."""
    with running_chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, live_stack: Stack) -> Iterator[Page]:
    """An empty tab, 1280 wide, for the live stack; relative addresses lead there."""
    size = {"width": 1280, "height": 900}
    with guarded_context(browser, live_stack.url, viewport=size) as context:
        yield context.new_page()
