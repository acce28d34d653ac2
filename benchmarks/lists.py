"""What is asked of all organizations: their list from both ends, in trouble, searched; the fleet.

BENCH_ORGANIZATIONS says how many there are, each with twelve invoices and ten syncs. Over HTTP, as
benchmarks.pages does it, the processor of PostgreSQL included.
"""

from __future__ import annotations

from statistics import median

import psutil
from flask import Flask

from benchmarks.fleet.processor import postgres_pid
from benchmarks.fleet.size import organizations
from benchmarks.pages import FIRST, ROUNDS, Served, measure, reader, serving
from benchmarks.readers import request
from benchmarks.registry import Figure, benchmark
from benchmarks.shop import organization_with_items
from dashboard.extensions import db
from dashboard.transaction import transaction
from jobs.upkeep import count_fleet
from tests.support.many import Many, fill_with

USUALLY = 1_000
ASKED = {
    "list_first": "/organizations",
    "list_last": "/organizations?before=",
    "list_parked": "/organizations?attention=parked",
    "list_unpaid": "/organizations?attention=payment",
    "list_searched": "/organizations?q=nobody-has-this",
    "fleet": "/fleet",
}


@benchmark(*(f"{name}_{what}" for name in ASKED for what in ("rps", "all_cpu_ms")))
def lists(app: Flask) -> list[Figure]:
    """Let readers ask for one of them after the other, a bare page in turns."""
    fill_with(Many(organizations(USUALLY)))
    with transaction():
        count_fleet.function()
    organization_with_items("page-0", services=20, meters=10)
    headers = reader(app, "admin")
    invoice = db.session.scalar(FIRST)
    db.session.commit()
    found: dict[str, list[Served]] = {name: [] for name in (*ASKED, "floor")}
    with serving(app) as stack:
        beside = [psutil.Process(postgres_pid())]
        for _ in range(ROUNDS):
            floor = [request(f"/{invoice}", {})]
            found["floor"].append(measure(stack, "floor", floor, 200, beside=beside))
            for name, path in ASKED.items():
                asked = [request(path, headers)]
                found[name].append(measure(stack, "web", asked, 200, beside=beside))
    floor_rate = median(one.per_second for one in found["floor"])
    least = median(one.cpu_ms for one in found["floor"])
    figures = []
    for name in ASKED:
        rate = median(one.per_second for one in found[name])
        cpu = median(one.cpu_ms for one in found[name])
        figures.append(Figure(f"{name}_rps", rate, "answers/s", ROUNDS, floor=floor_rate))
        figures.append(Figure(f"{name}_all_cpu_ms", cpu, "ms of processor", ROUNDS, floor=least))
    return figures
