"""Take the pictures of docs/screenshots.md from a running demo, and write the page.

make run            # in one terminal, with its demo
make screenshots    # in another
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from PIL import Image  # fpdf2 brings it
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from bin.browser import MISSING, find

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
PAGE = ROOT / "docs" / "screenshots.md"
WIDE, NARROW = (1240, 800), (390, 844)
LARGEST_BYTES = 100_000
# Pages have few colors: with a palette a picture takes a third, and looks the same.
COLORS = 256
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]


class Shot(NamedTuple):
    """A page to take a picture of: whose, where, in which theme, and what is to be seen on it."""

    name: str
    who: str
    address: str
    caption: str
    theme: str = "light"
    size: tuple[int, int] = WIDE
    # What is to be seen where that begins further down.
    part: str | None = None


SHOTS = (
    Shot("home", "customer", "/", "What a customer's organizations owe."),
    Shot(
        "bill", "customer", "/organizations/paper-lantern",
        "The current invoice, led by its spend.",
    ),
    Shot(
        "bill-dark", "customer", "/organizations/paper-lantern", "The same bill in the dark.",
        theme="dark",
    ),
    Shot(
        "bill-narrow", "customer", "/organizations/paper-lantern", "The same bill on a phone.",
        size=NARROW,
    ),
    Shot(
        "declined", "customer", "/organizations/copper-kettle",
        "A declined payment: why, when the next try is, what to do.",
    ),
    Shot(
        "closing", "customer", "/organizations/saltbox-studio",
        "A cycle closes, step by step.",
        part=".close-steps",
    ),
    Shot(
        "year", "customer", "/organizations/paper-lantern/spend?range=months",
        "Twelve months of spend.",
    ),
    Shot("compare", "support", "/organizations/harbour-robotics/comparison", "Why a bill changed."),
    Shot("needs", "support", "/needs", "Support begins with what needs a person."),
    Shot(
        "differs", "support", "/organizations/foxglove-maps",
        "A line was added at Stripe, and a person decides.", "dark",
    ),
    Shot(
        "items", "support", "/organizations/nimbus-arcade", "Two hundred items in groups.",
        part="#items",
    ),
    Shot("events", "support", "/webhook-events", "Events from Stripe, with echoes hidden."),
    Shot(
        "sync", "support", "/organizations/harbour-robotics/syncs/new",
        "What a sync would send, before it is sent.",
    ),
    Shot(
        "right-to-left", "customer", "/organizations/al-manara",
        "Names written from right to left.", size=NARROW,
    ),
)  # fmt: skip


def main() -> None:
    """Take every picture; exit with a sentence where one cannot be taken or is too large."""
    path = find()
    if path is None:
        sys.exit(MISSING)
    data = ROOT / (os.environ.get("DATA_DIR") or ".data")
    password, address = told_by(data)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            take_all(browser, address, password)
        except BrowserError as error:
            sys.exit(f"A page did not load: {error}")
    PAGE.write_text(page_of(SHOTS))


def told_by(data: Path) -> tuple[str, str]:
    """Return the demo's password and address; exit where no demo runs."""
    kept, lock = data / "demo-password", data / "lock"
    address = lock.read_text().partition(" ")[2] if lock.exists() else ""
    if not address or not kept.exists():
        sys.exit(f"No demo runs on {data}. Start one with `make run`.")
    return kept.read_text(), address


def take_all(browser: Browser, address: str, password: str) -> None:
    """Take the pictures, signing in once for each reader and look."""
    for who, theme, size in sorted({(one.who, one.theme, one.size) for one in SHOTS}):
        with signed_in(browser, address, who, password, theme, size) as page:
            for shot in SHOTS:
                if (shot.who, shot.theme, shot.size) == (who, theme, size):
                    take(page, shot)


@contextmanager
def signed_in(
    browser: Browser, address: str, who: str, password: str, theme: str, size: tuple[int, int]
) -> Iterator[Page]:
    """Lend a tab of somebody who signed in."""
    view = {"width": size[0], "height": size[1]}
    context: BrowserContext = browser.new_context(
        base_url=address, viewport=view, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/session/new")
    page.get_by_label("E-mail").fill(f"{who}@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/session" not in url)
    yield page
    context.close()


def take(page: Page, shot: Shot) -> None:
    """Take one picture, once what comes by itself is there."""
    page.goto(shot.address, wait_until="networkidle")
    if shot.part is not None:
        page.locator(shot.part).first.evaluate("one => one.scrollIntoView()")
    path = FOLDER / f"{shot.name}.png"
    page.screenshot(path=path)
    with Image.open(path) as picture:
        # By the widest spread of colors: a dot of trouble keeps its own.
        reduced = picture.convert("RGB").quantize(
            COLORS, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
        )
    reduced.save(path, optimize=True)
    size = path.stat().st_size
    sys.stdout.write(f"{path.relative_to(ROOT)}: {size // 1000} kB\n")
    if size > LARGEST_BYTES:
        sys.exit(
            f"{path.name} has {size} bytes, more than the {LARGEST_BYTES} of a picture in the docs."
        )


def page_of(shots: tuple[Shot, ...]) -> str:
    """Return the page that shows the pictures."""
    head = (
        "# Screenshots\n\nThe [demo](demo.md), as `make screenshots` sees it beside `make run`. "
        "It writes this page too.\n"
    )
    parts = [f"\n{one.caption}\n\n![{one.caption}](screenshots/{one.name}.png)\n" for one in shots]
    return head + "".join(parts)


if __name__ == "__main__":
    main()
