"""Undo as its pages do it: the new total first, then an entry of its own beside the first."""

from __future__ import annotations

from bs4.element import Tag
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.billing.adjust import item_key
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncedLine
from dashboard.sync.snapshot import line_of
from dashboard.transaction import transaction
from tests.pages import fragment, page, post, text_of
from tests.people import bill_of
from tests.support.downloads import download

PATH = "/organizations/acme/adjustments"


def total(acme: Organization, db: SQLAlchemy) -> int:
    """Return what the bill comes to."""
    db.session.expire_all()
    return current_invoice(acme).total_cents


def credit_of(acme: Organization, db: SQLAlchemy) -> str:
    """Return the address at which Acme's credit of $5.00 is reversed."""
    query = select(Adjustment.id).where(
        Adjustment.organization_id == acme.id, Adjustment.amount_cents == -500
    )
    return f"{PATH}/{db.session.scalars(query).one()}/reversals"


def test_a_credit_is_reversed_after_its_new_total_was_shown(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before, where = total(acme, db), credit_of(acme, db)
    assert "The bill grows by $5.00" in text_of(page(support.get(f"{where}/new")))
    assert post(support, where, reason="").status_code == 422
    assert post(support, where, reason="Given twice").status_code == 303
    assert total(acme, db) == before + 500
    listed = text_of(page(support.get(PATH)))
    assert "Reverses “Goodwill credit” of" in listed
    assert "Goodwill credit Reversed" in listed
    assert "Nothing is left to reverse" in text_of(page(support.get(f"{where}/new")))
    # Sent again it is the same one.
    assert post(support, where, reason="Given twice").status_code == 303
    assert total(acme, db) == before + 500


def test_a_bill_lists_neither_entry_staff_can_see_both_and_it_is_on_record(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    post(support, credit_of(acme, db), reason="Given twice")
    for browser in (support, customer):
        items = page(browser.get("/organizations/acme")).select_one("#items")
        assert "Goodwill" not in text_of(items)
        assert "that were reversed are not listed (2 lines): each pair" in text_of(items)
        assert adds_up(items)
        told = text_of(page(browser.get("/organizations/acme/timeline?kind=money")))
        assert "Charge of $5.00 reverses “Goodwill credit”" in told
    assert "Given twice" in text_of(page(support.get(PATH)))
    assert "Given twice" not in text_of(page(customer.get(PATH)))
    history = text_of(page(customer.get("/organizations/acme/history")))
    assert "Credit reversed" in history
    assert "Charge added" not in history
    newest = download(customer, "/organizations/acme/history.csv")[0]
    assert newest["what"] == "Credit reversed"
    audit = text_of(page(support.get("/audit-entries")))
    assert "$5.00 on the same invoice reverses “Goodwill credit”." in audit


def shown(items: Tag, words: str) -> str | None:
    """Return where a link of the items leads, None without one."""
    link = items.find("a", string=words)
    return str(link["href"]) if link else None


def adds_up(items: Tag) -> bool:
    """Whether the rows that are listed come to the total below them."""
    rows = [cents(one) for one in items.select("tbody td.cell-first .money")]
    return sum(rows) == cents(items.select_one("tfoot .grand td.cell-first"))


def cents(amount: Tag) -> int:
    """Return an amount on a page in minor units."""
    return int(text_of(amount).replace("\u2212", "-").translate(PLAIN))


PLAIN = str.maketrans("", "", "$,.\u2060")


def test_the_disclosure_is_for_staff_and_keeps_to_the_address(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    post(support, credit_of(acme, db), reason="Given twice")
    closed = page(support.get("/organizations/acme")).select_one("#items")
    address = shown(closed, "Show them")
    assert address == "/organizations/acme?reversed=1"
    opened = page(support.get(address)).select_one("#items")
    assert "Reversal: Goodwill credit" in text_of(opened)
    assert shown(opened, "Leave them out") == "/organizations/acme"
    assert adds_up(opened)
    # A refresh shows what its page shows.
    live = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{address}"}
    refreshed = fragment(support.get("/organizations/acme/current-invoice", headers=live))
    assert "Reversal: Goodwill credit" in text_of(refreshed)
    theirs = page(customer.get(address)).select_one("#items")
    assert "Goodwill" not in text_of(theirs)
    assert shown(theirs, "Show them") is None


def test_the_issued_invoice_lists_neither_and_its_csv_has_every_entry(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    post(support, credit_of(acme, db), reason="Given twice")
    with transaction():
        seal_now(current_invoice(acme), now=utc_now())
    address = "/organizations/acme/invoices/1"
    for browser in (support, customer):
        items = page(browser.get(address)).select_one("#items")
        assert "Goodwill" not in text_of(items)
        assert adds_up(items)
    both = page(support.get(f"{address}?reversed=1")).select_one("#items")
    assert "Reversal: Goodwill credit" in text_of(both)
    names = [row["item"] for row in download(customer, f"{address}.csv")]
    assert {"Goodwill credit", "Reversal: Goodwill credit"} <= set(names)


def test_staff_see_both_while_stripe_has_only_one_of_them(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    mine = Adjustment.organization_id == acme.id, Adjustment.amount_cents == -500
    with transaction():
        credit = db.session.scalars(select(Adjustment).where(*mine)).one()
        made = line_of(next(one for one in bill_of(acme).items if one.key == item_key(credit.id)))
        db.session.add(
            SyncedLine(
                organization_id=acme.id, invoice_id=bill_of(acme).id, key=made.key,
                stripe_line_id="il_1", amount_cents=made.amount_cents,
                description=made.description, period_start=made.period_start,
                period_end=made.period_end,
            )
        )  # fmt: skip
    post(support, credit_of(acme, db), reason="Given twice")
    items = page(support.get("/organizations/acme")).select_one("#items")
    assert "Reversal: Goodwill credit" in text_of(items)
    assert "not listed" not in text_of(items)
    assert "Goodwill" not in text_of(page(customer.get("/organizations/acme")).select_one("#items"))


def test_on_an_issued_invoice_it_stays_and_the_page_says_what_to_do_instead(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where = credit_of(acme, db)
    with transaction():
        seal_now(current_invoice(acme), now=utc_now())
    instead = "Charge $5.00 on the current invoice instead."
    assert instead in text_of(page(support.get(f"{where}/new")))
    answer = post(support, where, reason="Given twice")
    assert answer.status_code == 409
    assert instead in text_of(answer)
    assert page(support.get(PATH)).find("a", href=f"{where}/new") is None


def test_a_customer_reverses_nothing(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where, before = credit_of(acme, db), total(acme, db)
    assert customer.get(f"{where}/new").status_code == 403
    assert post(customer, where, reason="Mine").status_code == 403
    assert page(customer.get(PATH)).find("a", href=f"{where}/new") is None
    assert post(support, "/organizations/acme/views").status_code == 303
    assert post(support, where, reason="Seen").status_code == 403
    other = where.replace("acme", "other")
    assert post(support, other, reason="Wrong place").status_code in (403, 404)
    assert total(acme, db) == before
