"""The least that a web can do with a record: a bare Flask route, psycopg, one insert, a commit.

Served as the product's web is; the senders' requests are the same ones.
"""

import os
from threading import local

import psycopg
from flask import Flask, request

from dashboard.served import SEATS, Seats

app = Flask(__name__)
_own = local()
TABLE = "create table if not exists floor_records (key text primary key, quantity numeric)"
INSERT = "insert into floor_records values (%s, %s)"


@app.post("/api/v1/usage")
def insert() -> dict[str, int]:
    """Keep the first record of the body."""
    record = request.get_json()["records"][0]
    if not hasattr(_own, "connection"):
        address = os.environ["DATABASE_URL"]
        _own.connection = psycopg.connect(address, autocommit=True, prepare_threshold=1)
    _own.connection.execute(INSERT, (record["key"], record["quantity"]))
    return {"recorded": 1, "duplicates": 0}


def application() -> Seats:
    """Return it with as many seats as the product has."""
    return Seats(app, number=SEATS, most_bytes=1_000_000)


@app.get("/readyz")
def ready() -> str:
    """Answer that it runs."""
    return "ok"
