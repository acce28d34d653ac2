"""What comes over the wire to a browser, and when a slow one shows something."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page, StorageState

from benchmarks.registry import Figure, benchmark
from benchmarks.shop import EMAIL, PASSWORD, organization_with_items, signed_in
from dashboard.config import Config
from tests.support.browser import running_chromium
from tests.support.services import Worker
from tests.support.stack import new_stack, start_web

RUNS = 7
# How many times slower than this machine's the reader's processor is.
SLOWED = 4
BILL = "/organizations/large"
LATER = (BILL, "/organizations", "/sync-runs", "/organizations/large/usage")
# A page of two words: what any first paint takes at the least.
FLOOR = "/healthz"
READ_FRAGMENT = """async ({address}) => {
    const answer = await fetch(address, {headers: {"HX-Request": "true", "HX-Target": "div#bill"}});
    await answer.text();
}"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@benchmark(
    "page_weight_first", "page_weight_next", "page_weight_fragment", "page_requests",
    "first_paint_ms",
)  # fmt: skip
def weight(app: Flask) -> list[Figure]:
    """Read the billing page of 30 items with an empty cache, then go on with what was kept."""
    organization_with_items("large", services=20, meters=10)
    signed_in(app)
    with served(app) as url, running_chromium() as browser:
        reader = sign_in(browser, url)
        with tab(browser, url, reader) as (page, wire):
            first, requests = wire.bytes_of(partial(go, page, BILL))
            later = [wire.bytes_of(partial(go, page, address))[0] for address in LATER]
            fragment = {"address": f"{BILL}/current-invoice"}
            part, _ = wire.bytes_of(partial(page.evaluate, READ_FRAGMENT, fragment))
        paints = [
            (first_paint(browser, url, reader, BILL), first_paint(browser, url, reader, FLOOR))
            for _ in range(RUNS)
        ]
    paint, floor = (median(column) for column in zip(*paints, strict=True))
    return [
        Figure("page_weight_first", first, "bytes, headers included", 1, bound=120_000),
        Figure("page_weight_next", max(later), "bytes, the heaviest of four", 1, bound=12_000),
        Figure("page_weight_fragment", part, "bytes", 1, bound=4_000),
        Figure("page_requests", requests, "requests", 1, bound=8),
        Figure("first_paint_ms", paint, "ms, median, processor / 4", RUNS, floor=floor),
    ]


def go(page: Page, address: str) -> None:
    """Go to another page and wait until it has loaded all it wants."""
    page.goto(address, wait_until="networkidle")


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the product's databases from a process of its own, and say where."""
    config: Config = app.extensions["config"]
    stores = Worker(config.database_url.replace("+psycopg", "", 1), config.redis_url)
    with TemporaryDirectory() as directory:
        stack = new_stack(stores, Path(directory))
        try:
            start_web(stack)
            yield stack.url
        finally:
            stack.stop()


def sign_in(browser: Browser, url: str) -> StorageState:
    """Sign in through the form and return the cookies."""
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/session/new")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda address: "/session" not in address)
    state = context.storage_state()
    context.close()
    return state


class Wire:
    """Counts what the browser receives over the network; what it kept weighs nothing."""

    def __init__(self, session: CDPSession) -> None:
        self._received: list[int] = []
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, float]) -> None:
        self._received.append(int(event["encodedDataLength"]))

    def bytes_of(self, act: Callable[[], object]) -> tuple[int, int]:
        """Return how many bytes an act brought, and in how many answers."""
        self._received.clear()
        act()
        received = [length for length in self._received if length]
        return sum(received), len(received)


@contextmanager
def tab(browser: Browser, url: str, reader: StorageState) -> Iterator[tuple[Page, Wire]]:
    """Lend a tab of a signed-in reader with an empty cache."""
    context = browser.new_context(base_url=url, storage_state=reader)
    page = context.new_page()
    try:
        yield page, Wire(context.new_cdp_session(page))
    finally:
        context.close()


def first_paint(browser: Browser, url: str, reader: StorageState, address: str) -> float:
    """Return the milliseconds until a slow processor shows the first of a page, nothing kept."""
    with tab(browser, url, reader) as (page, _):
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        page.goto(address)
        # Playwright's own waiting evaluates text in the page, which its policy refuses.
        while (paint := page.evaluate(PAINT)) is None:
            page.wait_for_timeout(20)
        return float(paint)
