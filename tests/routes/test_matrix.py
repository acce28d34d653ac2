"""docs/access.md says who may ask for which address, as `test_access` has them all tried.

UPDATE_DOCS=1 writes it anew.
"""

import os
from collections.abc import Iterator

from flask import Flask

from dashboard.accounts.permissions import PERMISSIONS
from tests.support.access import WHO, expected, rules
from tests.support.environment import ROOT

DOCUMENT = ROOT / "docs" / "access.md"
WORDS = {"allowed": "yes", "sign-in": "sign in", 401: "401", 403: "403", 404: "404"}
HEAD = """\
# Who may do what

Every address names one permission (`dashboard/accounts/permissions.py`), or is refused; a test
asks for each of them as each of these, and writes this page. *Customer of another* is one who
belongs to another organization: for them this one does not exist. *reader*, *billing* and *owner*
are customers who are members of this one as that. *sign in* leads to the sign-in
page. Addresses under `/api/v1` take an API token with the scope in the second column and no
session; a token without the scope gets 403. What changes something by {proved}
asks for the password again if that was given a while ago.

"""


def test_the_document_says_who_may_ask_for_what(app: Flask) -> None:
    proved = " or ".join(f"`{one.name}`" for one in PERMISSIONS.values() if one.is_proved)
    wanted = HEAD.format(proved=proved) + "".join(f"{line}\n" for line in lines(app))
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(wanted)
    assert DOCUMENT.read_text() == wanted, "UPDATE_DOCS=1 pytest tests/routes/test_matrix.py"


def lines(app: Flask) -> Iterator[str]:
    """Yield the rows of the table."""
    yield f"| address | permission or scope | {' | '.join(WHO)} |"
    yield "| --- " * (len(WHO) + 2) + "|"
    yield from sorted(rows(app))


def rows(app: Flask) -> Iterator[str]:
    """Yield a row for each address and method."""
    for rule, needed in rules(app):
        methods = ", ".join(sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"}))
        answers = [WORDS[expected(needed, role, member)] for role, member in WHO.values()]
        cells = [f"`{rule.rule}` {methods}", needed.scope or needed.name, *answers]
        yield f"| {' | '.join(cells)} |"
