"""What the floors that answer over HTTP have in common: the product's server, seats and driver."""

import os
from threading import local
from typing import Any

import psycopg
from flask import Flask

from dashboard.processes import SEATS
from dashboard.served import Seats

MOST_BYTES = 1_000_000
_own = local()


def seated(app: Flask) -> Seats:
    """Return a floor with as many seats as the product has, and an answer for who waits for it."""
    app.add_url_rule("/readyz", view_func=lambda: "ok")
    return Seats(app, number=SEATS, most_bytes=lambda _path: MOST_BYTES)


def connection() -> psycopg.Connection[tuple[Any, ...]]:
    """Return the connection of this thread; each statement is its own transaction."""
    if not hasattr(_own, "connection"):
        address = os.environ["DATABASE_URL"].replace("+psycopg", "", 1)
        _own.connection = psycopg.connect(address, autocommit=True, prepare_threshold=1)
    found: psycopg.Connection[tuple[Any, ...]] = _own.connection
    return found
