"""The spend chart of an organization with 30 items: statements, processor and weight.

A month of usage of ten meters lies before and one in it, so every day of both is rated. Held
against the billing page that it is on: processor of this process, PostgreSQL's not included.
"""

import gzip
from time import process_time

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks.registry import Figure, benchmark
from benchmarks.shop import organization_with_items, signed_in
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.support.queries import count_queries

RUNS = 60
LEVEL = 4
# Ten days of this cycle, and all of one before it.
EARLIER = text("""
    insert into billing_cycles (organization_id, sequence, starts_at, ends_at)
    select organization_id, 0, starts_at - interval '30 days', starts_at
    from billing_cycles join organizations on organizations.id = organization_id
    where slug = 'spender' and sequence = 1
    returning organization_id
""")
USED = text("""
    insert into usage_totals (organization_id, cycle_id, price_version_id, day, quantity)
    select item.organization_id, cycle.id, item.price_version_id, day, 37.25 * (1 + random())
    from invoice_items as item
    join billing_cycles as cycle on cycle.organization_id = item.organization_id
    cross join lateral generate_series(
        cycle.starts_at::date, least(cycle.ends_at::date - 1, current_date - 1), interval '1 day'
    ) as day
    where item.kind = 'metered'
    on conflict do nothing
""")
COUNTED = text("""
    update invoice_items as item set quantity = used.quantity
    from (select cycle_id, price_version_id, sum(quantity) as quantity
          from usage_totals group by 1, 2) as used
    where item.cycle_id = used.cycle_id and item.price_version_id = used.price_version_id
""")


@benchmark("spend_queries", "spend_cpu_ms", "spend_service_cpu_ms", "spend_bytes")
def spend(app: Flask) -> list[Figure]:
    """Read the chart, in turns with the page it stands on."""
    organization_with_items("spender", services=20, meters=10)
    with transaction():
        for statement in (EARLIER, USED, COUNTED):
            db.session.execute(statement)
    client = signed_in(app)
    chart = "/organizations/spender/spend"
    read(client, chart)
    with count_queries(db.engine) as queries:
        body = read(client, chart)
    ways = (chart, f"{chart}?by=service", "/organizations/spender")
    by_product, by_service, page = processor_ms(client, *ways)
    return [
        Figure("spend_queries", queries.count, "SQL statements", 1, bound=3),
        Figure("spend_cpu_ms", by_product, "ms of processor", RUNS, floor=page),
        Figure("spend_service_cpu_ms", by_service, "ms of processor", RUNS, floor=page),
        Figure("spend_bytes", len(gzip.compress(body, LEVEL)), "bytes, gzip", 1, bound=4096),
    ]


def processor_ms(client: FlaskClient, *addresses: str) -> list[float]:
    """Return the median processor time of each, read in turns."""
    found: dict[str, list[float]] = {address: [] for address in addresses}
    for _ in range(RUNS):
        for address in addresses:
            began = process_time()
            read(client, address)
            found[address].append((process_time() - began) * 1000)
    return [sorted(some)[len(some) // 2] for some in found.values()]


def read(client: FlaskClient, address: str) -> bytes:
    """Return what htmx would be given there, or the page."""
    headers = {"HX-Request": "true"} if "/spend" in address else {}
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.status
    return answer.data
