"""`python -m benchmarks.floors.bare_page`: the least that a page of thirty rows can do.

A bare Flask route, psycopg, one statement, a template with one loop; the server and its processes
are those of the product.
"""

from flask import Flask, render_template_string

from benchmarks.floors.seated import connection, seated
from dashboard import web
from dashboard.served import Seats

ROWS = "select id, description, quantity, amount_cents from invoice_items where invoice_id = %s"
PAGE = """<!doctype html><title>Floor</title><table>
{% for id, description, quantity, cents in rows %}
<tr id="{{ id }}"><td>{{ description }}</td><td>{{ quantity }}</td><td>{{ cents }}</td></tr>
{% endfor %}
</table>"""


def application() -> Seats:
    """Return the floor."""
    app = Flask(__name__)

    @app.get("/<int:invoice>")
    def show(invoice: int) -> str:
        rows = connection().execute(ROWS, (invoice,)).fetchall()
        return render_template_string(PAGE, rows=rows)

    return seated(app)


if __name__ == "__main__":
    web.main("benchmarks.floors.bare_page:application")
