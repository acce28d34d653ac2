"""Look at once at what the clock looks at by the minute and the hour: budgets, unusual usage."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy import select

from dashboard.budgets.forecasts import note_forecasts
from dashboard.budgets.look import note_used
from dashboard.budgets.unusual import find_unusual
from dashboard.extensions import db
from dashboard.organizations.models import Organization


def look_at_budgets(*, now: datetime) -> None:
    """Note what bills reached of their budgets and what is far from its habit; each is told once.

    So somebody who looks at the demo as soon as it is there finds it.
    """
    ids = db.session.scalars(select(Organization.id).order_by(Organization.id)).all()
    is_mailed = current_app.extensions["mail"] is not None
    note_used(ids, now=now, is_mailed=is_mailed)
    note_forecasts(ids, now=now, is_mailed=is_mailed)
    find_unusual(ids, now=now, is_mailed=is_mailed)
