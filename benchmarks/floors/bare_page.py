"""`python -m benchmarks.floors.bare_page`: the least that a page of thirty rows can do.

A bare Flask route, psycopg, one statement, a template with one loop; the server and its processes
are those of the product.
"""

import os
import threading

import psycopg
from flask import Flask, render_template_string
from granian.constants import HTTPModes, Interfaces
from granian.server import Server

from dashboard.web import THREADS, parser

ROWS = "select id, description, quantity, amount_cents from invoice_items where invoice_id = %s"
PAGE = """<!doctype html><title>Floor</title><table>
{% for id, description, quantity, cents in rows %}
<tr id="{{ id }}"><td>{{ description }}</td><td>{{ quantity }}</td><td>{{ cents }}</td></tr>
{% endfor %}
</table>"""
_own = threading.local()


def application() -> Flask:
    """Return the floor."""
    app = Flask(__name__)

    @app.get("/<int:invoice>")
    def show(invoice: int) -> str:
        rows = connection().execute(ROWS, (invoice,)).fetchall()
        return render_template_string(PAGE, rows=rows)

    @app.get("/readyz")
    def ready() -> str:
        return "ok"

    return app


def connection() -> psycopg.Connection:
    """Return this thread's connection."""
    if not hasattr(_own, "connection"):
        address = os.environ["DATABASE_URL"].replace("+psycopg", "", 1)
        _own.connection = psycopg.connect(address, autocommit=True, prepare_threshold=1)
    found: psycopg.Connection = _own.connection
    return found


if __name__ == "__main__":
    options = parser().parse_args()
    Server(
        "benchmarks.floors.bare_page:application",
        factory=True,
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=options.workers,
        blocking_threads=min(THREADS, 16),
    ).serve()
