"""The glossary: one list, alphabetical, shown by the product and written in the documents.

UPDATE_DOCS=1 writes docs/glossary.md.
"""

import os

from flask.testing import FlaskClient

from dashboard.glossary import GLOSSARY
from dashboard.views.status_words import INVOICE, SYNC
from tests.pages import page, text_of
from tests.support.environment import ROOT

DOCUMENT = ROOT / "docs" / "glossary.md"
HEAD = """\
# Glossary

The words of this product, as pages, messages and documents use them. The product shows
the same list at `/glossary`.

| term | meaning |
| --- | --- |
"""


def test_the_document_says_what_the_page_says() -> None:
    wanted = HEAD + "".join(f"| {term.name} | {term.meaning} |\n" for term in GLOSSARY)
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(wanted)
    assert DOCUMENT.read_text() == wanted, "UPDATE_DOCS=1 pytest tests/views/test_glossary.py"


def test_terms_are_alphabetical_and_each_is_one_sentence() -> None:
    names = [term.name.lower() for term in GLOSSARY]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    for term in GLOSSARY:
        assert term.meaning.endswith("."), term
        assert ". " not in term.meaning, term


def test_every_state_of_an_invoice_and_of_its_sync_has_a_term() -> None:
    names = {term.name for term in GLOSSARY}
    assert {shown.word for shown in (*INVOICE.values(), *SYNC.values())} <= names


def test_every_reader_finds_each_term_on_the_page(customer: FlaskClient) -> None:
    soup = page(customer.get("/glossary"))
    shown = {
        text_of(one): text_of(one.find_next_sibling("dd")) for one in soup.select("main dl dt")
    }
    assert shown == {term.name: term.meaning for term in GLOSSARY}
    assert soup.select_one("main dt#on-hold")


def test_the_help_of_every_page_leads_to_it(customer: FlaskClient) -> None:
    soup = page(customer.get("/organizations/acme"))
    assert soup.select_one("#shortcuts a")["href"] == "/glossary"
    assert soup.select_one(".sidebar-foot a[href='/glossary']")
