"""What stands where: nothing overlaps, nothing is cut off, nothing that matters is out of sight."""

from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.accounts.models import User
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from dashboard.views.formatting import money
from tests.factories import MembershipFactory, make_organization
from tests.people import People
from tests.support.visitors import Visitor, open_account

pytestmark = pytest.mark.browser


@pytest.fixture
def support(page: Page, people: People) -> Page:
    """The tab of a support agent."""
    return Visitor(page, "support").page


def edges(element: Locator) -> tuple[float, float]:
    """Return where an element begins and ends, from left to right."""
    box = element.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def test_a_bill_of_millions_does_not_run_into_the_forecast(support: Page) -> None:
    now = utc_now()
    with transaction():
        huge = ReportedRecord("acme", "acme-requests", "huge", Decimal(123_456_789_012), now)
        record_batch([huge], now=now)
    support.goto("/organizations/acme")
    total, forecast = (
        support.locator(f"#bill .summary .{name}") for name in ("money-total", "figure")
    )
    for width in (1280, 390):
        support.set_viewport_size({"width": width, "height": 900})
        below = forecast.first.bounding_box()["y"] > total.bounding_box()["y"] + 30
        assert below or edges(total)[1] < edges(forecast.first)[0]
        assert edges(total)[1] < width


def test_a_minus_stays_with_its_figure_however_narrow_it_is(support: Page) -> None:
    for one in ("usd", "eur", "jpy", "kwd"):
        support.set_content(f"<p style='width: 1px'><span>{money(-2500, one)}</span></p>")
        assert support.evaluate("document.querySelector('span').getClientRects().length") == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_the_name_of_an_organization_is_read_in_full(
    page: Page, people: People, width: int
) -> None:
    tab = Visitor(page, "customer").page
    with transaction():
        merchants = make_organization("kettle", name="Copper Kettle Merchants & Daughters")
        user = db.session.get_one(User, people.customer)
        MembershipFactory(user=user, organization_id=merchants.id)
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto("/")
    if width < 640:
        tab.get_by_role("button", name="Menu").click()
    name = tab.locator(".sidebar-nav .name", has_text="Copper Kettle")
    expect(name).to_be_visible()
    assert name.evaluate("one => one.scrollHeight <= one.clientHeight")
    assert name.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_signing_out_is_in_sight_below_one_s_name(support: Page) -> None:
    support.goto("/organizations/acme/usage")
    expect(support.locator(".me summary")).to_be_in_viewport(ratio=0.95)
    open_account(support)
    expect(support.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=0.95)


def test_on_a_telephone_the_present_place_is_in_sight(support: Page) -> None:
    support.set_viewport_size({"width": 390, "height": 844})
    support.goto("/organizations/acme/details")
    expect(support.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.95)
    support.goto("/audit-entries")
    expect(support.get_by_role("navigation", name="Main")).to_be_hidden()
    support.get_by_role("button", name="Menu").click()
    expect(support.locator(".sidebar [aria-current]")).to_be_in_viewport(ratio=0.95)


def test_on_a_telephone_an_instant_stays_inside_its_card(support: Page) -> None:
    support.set_viewport_size({"width": 390, "height": 844})
    support.goto("/organizations/acme")
    support.goto(
        str(support.get_by_role("link", name="API requests", exact=True).get_attribute("href"))
    )
    card = support.get_by_role("region", name="Details")
    assert edges(card.locator("time").first)[1] < edges(card)[1]


def test_beside_the_timeline_no_column_of_the_items_is_cut_off(support: Page) -> None:
    support.set_viewport_size({"width": 1440, "height": 900})
    support.goto("/organizations/acme")
    expect(support.locator("#recent")).to_be_visible()
    frame = support.locator("#items .table-frame")
    assert frame.evaluate("(one) => one.scrollWidth - one.clientWidth") == 0
    name = support.locator("#items tbody td:first-child").first
    assert name.evaluate("(one) => one.clientWidth") > 100


def test_on_paper_the_headline_is_two_rows_of_two_and_nothing_can_be_pressed(
    support: Page,
) -> None:
    # A4 within its margins, at 96 dots an inch.
    support.set_viewport_size({"width": 718, "height": 1050})
    support.goto("/organizations/acme")
    support.emulate_media(media="print")
    cells = [edges(one)[0] for one in support.locator("#bill .summary > div").all()]
    assert cells == [cells[0], cells[1], cells[0], cells[1]]
    assert cells[1] > cells[0]
    assert support.locator(".btn:visible, details:visible, #recent:visible").count() == 0


RIGHT_TO_LEFT = "شركة الشحن السريع للخدمات اللوجستية والنقل البحري والجوي"
# Where the first letter of an element's text stands, and its box.
FIRST_LETTER = """(element) => {
  const range = document.createRange();
  range.setStart(element.firstChild, 0);
  range.setEnd(element.firstChild, 1);
  const [letter, box] = [range, element].map((one) => one.getBoundingClientRect());
  return [box.left, letter.left, letter.right, box.right];
}"""


def test_a_right_to_left_name_is_cut_at_its_end(
    page: Page, people: People, acme: Organization
) -> None:
    customer = Visitor(page, "customer").page
    with transaction():
        # Who has several organizations sees their names beside the page.
        other = make_organization("more", now=utc_now(), anchor=utc_now())
        carla = db.session.get_one(User, people.customer)
        MembershipFactory(user=carla, organization_id=other.id)
        acme.name = carla.name = RIGHT_TO_LEFT
    customer.goto("/")
    for name in (".sidebar-nav .name", ".sidebar-user strong"):
        shown = customer.locator(name, has_text=RIGHT_TO_LEFT)
        places = shown.first.evaluate(FIRST_LETTER)
        assert places == sorted(places), name


def test_every_tab_of_an_organization_is_in_sight_beside_the_sidebar(support: Page) -> None:
    for width in (1000, 1240, 1440):
        support.set_viewport_size({"width": width, "height": 900})
        support.goto("/organizations/acme")
        for tab in support.locator(".tabs a").all():
            expect(tab).to_be_in_viewport(ratio=0.99)


def test_tabs_that_go_on_beyond_a_narrow_screen_show_that_they_do(support: Page) -> None:
    support.set_viewport_size({"width": 390, "height": 800})
    support.goto("/organizations/acme/details")
    hint = support.locator(".tabs").evaluate("one => getComputedStyle(one).backgroundAttachment")
    assert "local" in hint
    assert "scroll" in hint
