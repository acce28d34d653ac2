"""`python -m benchmarks.floors.webhook`: the least a webhook endpoint does.

A bare Flask route that verifies the signature and inserts. Served as the product's web is, by the
same server with as many processes and seats.
"""

import json
import os
import time

from flask import Flask, request

from benchmarks.floors.seated import connection, seated
from dashboard import web
from dashboard.gateway.signature import verify
from dashboard.served import Seats

TABLE = "create table if not exists floor_events (id text primary key, body jsonb not null)"
INSERT = "insert into floor_events values (%s, %s) on conflict do nothing"


def application() -> Seats:
    """Return the floor."""
    app = Flask(__name__)

    @app.post("/webhooks/stripe")
    def receive() -> dict[str, bool]:
        raw = request.get_data(cache=False)
        secrets = (os.environ["STRIPE_WEBHOOK_SECRET"],)
        verify(raw, request.headers["Stripe-Signature"], secrets, now=time.time())
        connection().execute(INSERT, (json.loads(raw)["id"], raw.decode()))
        return {"received": True}

    return seated(app)


if __name__ == "__main__":
    web.main("benchmarks.floors.webhook:application")
