"""The list of organizations touches as little on its last page as on its first."""

import pytest

from dashboard.extensions import db
from tests.people import Browser
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

# Twenty-five rows with eight questions about each.
PAGE = 1000
# Of those in trouble one in a hundred organizations is found and put in order.
FOUND = 60
# Names, slugs and addresses of all of them, once; and the rare one has no second page to count.
SEARCH = 40
TROUBLES = ("parked", "differs", "held", "failed", "payment", "void")
LISTS = (
    Bound("", PAGE),
    Bound("before=", PAGE),
    Bound("after=1000-7", PAGE),
    Bound("before=1000-7", PAGE),
    Bound("sort=-name", PAGE),
    Bound("sort=-name&after=1000-7", PAGE),
    Bound("sort=ends", PAGE),
    Bound("sort=-ends", PAGE),
    Bound("sort=ends&after=7-2027-01-01T00:00:00Z", PAGE),
    Bound("sort=ends&before=", PAGE),
    Bound("sort=ends&attention=parked", PAGE, FOUND),
    Bound("page=3", PAGE),
    Bound("page=1000000", PAGE, SEARCH),
    *(Bound(f"attention={one}", PAGE, FOUND) for one in TROUBLES),
    *(Bound(f"attention={one}&before=", PAGE, FOUND) for one in TROUBLES),
    Bound("q=labs", PAGE, SEARCH),
    Bound("q=labs&before=", PAGE, SEARCH),
    Bound("q=vip", PAGE, SEARCH),
    Bound("q=nobody-has-this", PAGE, SEARCH),
    Bound("q=in_1999", PAGE, SEARCH),
    Bound("q=INV-999", PAGE, SEARCH),
    Bound("q=labs&attention=payment", PAGE, SEARCH),
)


def test_how_many_need_attention(many: Many, filled, admin: Browser) -> None:
    # Every organization that is in trouble, as far as a thousand of each kind.
    with filled.app_context(), explained(db.engine) as plans:
        assert admin.get("/organization-counts").status_code == 200
    Bound("/organization-counts", PAGE, FOUND).check(plans, many)


@pytest.mark.parametrize("bound", LISTS, ids=str)
def test_a_page_of_the_list(bound: Bound, many: Many, filled, admin: Browser) -> None:
    path = f"/organizations?{bound.asked}"
    with filled.app_context(), explained(db.engine) as plans:
        assert admin.get(path).status_code in (200, 303)
    bound.check(plans, many)


# Names are read along their index, ids and numbers each along theirs.
SEARCHES = (
    *(Bound(f"q={text}", 300, SEARCH) for text in ("labs", "org-77", "vip", "nobody-has-this")),
    *(Bound(f"q={text}", 300) for text in ("in_1999", "cus_none", "il_none", "req_none", "evt_0")),
    Bound("q=INV-999", 300, SEARCH),
    Bound("q=server-2", 300, SEARCH),
)


@pytest.mark.parametrize("bound", SEARCHES, ids=str)
def test_a_search_for_everything(bound: Bound, many: Many, filled, admin: Browser) -> None:
    htmx = {"HX-Request": "true"}
    with filled.app_context(), explained(db.engine) as plans:
        assert admin.get(f"/search?{bound.asked}", headers=htmx).status_code == 200
    bound.check(plans, many)
