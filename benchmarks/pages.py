"""Pages over real HTTP: how many a second 32 readers get, and what processor each takes.

The web is started as `make run` starts it, in two processes. BENCH_RECORDS fills the usage records,
BENCH_ORGANIZATIONS the list. A bare page of thirty rows is served by the same server, in turns.
"""

from __future__ import annotations

import html
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import psutil
from flask import Flask
from sqlalchemy import text

from benchmarks.fleet.processor import of_tree
from benchmarks.fleet.size import organizations
from benchmarks.readers import read, request
from benchmarks.registry import Figure, benchmark
from benchmarks.shop import organization_with_items, signed_in
from dashboard.extensions import db
from dashboard.transaction import transaction
from demo.up.probes import answers
from tests.people import Browser
from tests.support.environment import ROOT
from tests.support.many import Many, fill_with
from tests.support.services import Worker
from tests.support.stack import Stack, free_port, new_stack

USUALLY = 300
ROUNDS, READERS = 3, 32
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
PAGES, WARM = 4, 20
RECORDS = text("""
    insert into usage_records (organization_id, key, recorded_at, meter, service_id,
                               price_version_id, cycle_id, quantity, received_at)
    select organization_id, 'stored-' || n, now() - n % 500000 * interval '1 second', 'stored',
           null, 0, 0, 1, now()
    from generate_series(cast(:first as bigint), cast(:last as bigint)) as n,
         (select id as organization_id from organizations where slug = 'page-0') as one
""")
FIRST = text("""
    select invoices.id from invoices join organizations on organizations.id = organization_id
    where slug = 'page-0'
""")
STEP = 1_000_000
TAG = re.compile(r'hx-ptag="([^"]+)"')
AIM_PAGE, AIM_POLL = 0.3, 0.9


@dataclass(frozen=True)
class Served:
    """Answers a second, and milliseconds of processor for each."""

    per_second: float
    cpu_ms: float


@benchmark(
    "page_rps", "page_share", "page_cpu_ms", "page_200_cpu_ms", "poll_rps", "poll_share",
    "poll_cpu_ms", "list_rps", "list_cpu_ms",
)  # fmt: skip
def pages(app: Flask) -> list[Figure]:
    """Let readers read billing pages, poll unchanged ones and page through the list."""
    fill()
    headers = reader(app)
    invoice = db.session.scalar(FIRST)
    db.session.commit()
    asked: dict[str, Callable[[], list[bytes]]] = {
        "page": lambda: [request(f"/organizations/page-{n}", headers) for n in range(PAGES)],
        "page_200": lambda: [request("/organizations/huge", headers)],
        "poll": lambda: [poll(app, n, headers) for n in range(PAGES)],
        "list": lambda: [request("/organizations", headers)],
    }
    found: dict[str, list[Served]] = {name: [] for name in (*asked, "floor")}
    with serving(app) as stack:
        for _ in range(ROUNDS):
            floor = [request(f"/{invoice}", {})]
            found["floor"].append(measure(stack, "floor", floor, 200))
            for name, make in asked.items():
                wanted = 304 if name == "poll" else 200
                found[name].append(measure(stack, "web", make(), wanted))
    return figures(found)


def reader(app: Flask, role: str = "support") -> dict[str, str]:
    """Return the headers by which somebody is signed in."""
    client = signed_in(app, role)
    agent = client.environ_base["HTTP_USER_AGENT"]
    cookies = "; ".join(f"{one.key}={one.value}" for one in client._cookies.values())
    return {"Cookie": cookies, "User-Agent": agent}


def figures(found: dict[str, list[Served]]) -> list[Figure]:
    """Return the medians beside the floor's."""
    rate = {name: median(one.per_second for one in some) for name, some in found.items()}
    cpu = {name: median(one.cpu_ms for one in some) for name, some in found.items()}
    floor, least = rate["floor"], cpu["floor"]
    made = []
    for name, aim in (("page", AIM_PAGE), ("poll", AIM_POLL)):
        share = rate[name] / floor
        made += [
            Figure(f"{name}_rps", rate[name], "answers/s", ROUNDS, floor=floor),
            Figure(f"{name}_share", share, "of the bare page", ROUNDS, at_least=aim),
        ]
    made.append(Figure("list_rps", rate["list"], "answers/s", ROUNDS, floor=floor))
    bounds = {"page": 5, "page_200": 12, "poll": 1, "list": 5}
    made += [
        Figure(f"{name}_cpu_ms", cpu[name], "ms of processor", ROUNDS, bound=most, floor=least)
        for name, most in bounds.items()
    ]
    return made


def fill() -> None:
    """Make the organizations that are read, those around them, and what is stored of usage."""
    fill_with(Many(organizations(USUALLY)))
    for number in range(PAGES):
        organization_with_items(f"page-{number}", services=20, meters=10)
    organization_with_items("huge", services=150, meters=50)
    stored = int(os.environ.get("BENCH_RECORDS", "10000"))
    for first in range(0, stored, STEP):
        with transaction():
            last = min(first + STEP, stored) - 1
            db.session.execute(RECORDS, {"first": first, "last": last})
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def poll(app: Flask, number: int, headers: dict[str, str]) -> bytes:
    """Return the request of a page that has seen the present state."""
    path = f"/organizations/page-{number}"
    answer = Browser(app, app.response_class, use_cookies=False).get(path, headers=headers)
    found = TAG.search(answer.text)
    assert found, answer.status
    live = {"HX-Request": "true", "HX-PTag": html.unescape(found[1])}
    return request(f"{path}/current-invoice", headers | live)


def measure(
    stack: Stack,
    name: str,
    requests: list[bytes],
    wanted: int,
    *,
    beside: Sequence[psutil.Process] = (),
) -> Served:
    """Let the readers read for a while; nearly all answers must have the wanted status.

    What processes `beside` the web take is counted too.
    """
    port = int(stack.env[f"PORT_OF_{name.upper()}"])
    # Until both processes have compiled their templates and prepared their statements.
    while read(port, requests, readers=8, seconds=1).answers < WARM:
        pass
    processes = (psutil.Process(stack.processes[name].pid), *beside)
    before = sum(sum(of_tree(one)) for one in processes)
    done = read(port, requests, readers=READERS, seconds=SECONDS)
    spent = sum(sum(of_tree(one)) for one in processes) - before
    # The tags of polls change once in five minutes.
    assert done.statuses[wanted] > 0.5 * done.answers, done.statuses
    return Served(done.per_second, spent * 1000 / done.answers)


@contextmanager
def serving(app: Flask) -> Iterator[Stack]:
    """Lend the product's web and the floor, each with two processes."""
    config = app.extensions["config"]
    directory = ROOT / "build" / "bench" / str(os.getpid())
    stack = new_stack(Worker(config.database_url, config.redis_url), directory)
    stack.env |= {"DATABASE_PREPARED_STATEMENTS": "true", "LOG_LEVEL": "INFO"}
    try:
        for name, module in (("web", "dashboard.web"), ("floor", "benchmarks.floors.bare_page")):
            port = str(free_port())
            stack.env[f"PORT_OF_{name.upper()}"] = port
            ready = answers(f"http://127.0.0.1:{port}/readyz")
            stack.start(name, module, "--workers", "2", "--port", port, ready=ready)
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)
