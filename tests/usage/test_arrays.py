"""Arrays are read by PostgreSQL as what was written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dashboard.usage import arrays

# What PostgreSQL keeps as text; quotes, backslashes, commas and braces more often than by chance.
odd = st.sampled_from(['"', "\\", ",", "{", "}", "NULL", "", " ", '","', '\\"'])
letters = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4)
one = st.none() | st.lists(odd | letters, max_size=3).map("".join)


@given(st.lists(one, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_texts_come_back(db: SQLAlchemy, values: list[str | None]) -> None:
    asked = text("select cast(:written as text[])")
    assert db.session.scalar(asked, {"written": arrays.texts(values)}) == values


@pytest.mark.parametrize("hours", [0, 5, -11])
def test_an_instant_of_any_zone_is_written_in_utc(hours: int) -> None:
    instant = datetime(2026, 4, 1, 12, tzinfo=UTC)
    elsewhere = instant.astimezone(timezone(timedelta(hours=hours)))
    assert arrays.instants([elsewhere]) == '{"2026-04-01T12:00:00+00:00"}'
