"""`python -m benchmarks.floors.bare`: the least that a web can do with a record.

A bare Flask route, psycopg, one insert, a commit. Served as the product's web is; the senders'
requests are the same ones.
"""

from flask import Flask, request

from benchmarks.floors.seated import connection, seated
from dashboard import web
from dashboard.served import Seats

TABLE = "create table if not exists floor_records (key text primary key, quantity numeric)"
INSERT = "insert into floor_records values (%s, %s)"


def application() -> Seats:
    """Return the floor."""
    app = Flask(__name__)

    @app.post("/api/v1/usage")
    def insert() -> dict[str, int]:
        record = request.get_json()["records"][0]
        connection().execute(INSERT, (record["key"], record["quantity"]))
        return {"recorded": 1, "duplicates": 0}

    return seated(app)


if __name__ == "__main__":
    web.main("benchmarks.floors.bare:application")
