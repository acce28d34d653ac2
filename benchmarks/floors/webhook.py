"""The least a webhook endpoint does: a bare Flask route that verifies the signature and inserts.

Served as the product's web is, by the same server with as many processes and threads.
"""

from __future__ import annotations

import json
import os
import threading
import time

import psycopg
from flask import Flask, request
from flask.typing import ResponseReturnValue

from dashboard.gateway.signature import verify

TABLE = "create table if not exists floor_events (id text primary key, body jsonb not null)"
INSERT = "insert into floor_events values (%s, %s) on conflict do nothing"
app = Flask(__name__)
_own = threading.local()


def connection() -> psycopg.Connection[tuple[object, ...]]:
    """Return the connection of this thread; each statement is its own transaction."""
    if not hasattr(_own, "connection"):
        address = os.environ["DATABASE_URL"].replace("+psycopg", "", 1)
        _own.connection = psycopg.connect(address, autocommit=True)
    found: psycopg.Connection[tuple[object, ...]] = _own.connection
    return found


@app.post("/webhooks/stripe")
def receive() -> ResponseReturnValue:
    """Store what is signed, once."""
    raw = request.get_data(cache=False)
    secrets = (os.environ["STRIPE_WEBHOOK_SECRET"],)
    verify(raw, request.headers["Stripe-Signature"], secrets, now=time.time())
    connection().execute(INSERT, (json.loads(raw)["id"], raw.decode()))
    return {"received": True}


@app.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer once the table is there."""
    connection().execute(TABLE)
    return {"status": "ok"}
