"""The parts of the product, as this machine starts them."""

import os
import sys
from collections.abc import Mapping

from demo.embedded.postgres import EmbeddedPostgres
from demo.embedded.redis import EmbeddedRedis, find_redis
from demo.up.part import Command, Part, Task
from demo.up.probes import answers, has_lasted, has_workers
from demo.up.report import short
from demo.up.settings import SIMULATOR_SECRET, Settings

Environment = Mapping[str, str]


def postgres(settings: Settings) -> tuple[Part, EmbeddedPostgres]:
    """The embedded PostgreSQL, and itself, for its address."""
    data, log = settings.data / "postgres", settings.log("postgres")
    server = EmbeddedPostgres(data, log=log)
    return Part("PostgreSQL", server, f"embedded, data in {short(data)}", log), server


def redis(settings: Settings) -> tuple[Part, EmbeddedRedis]:
    """The embedded Redis, and itself, for its address."""
    data, log = settings.data / "redis", settings.log("redis")
    server = EmbeddedRedis(data, log=log)
    note = f"embedded ({find_redis()}), data in {short(data)}"
    return Part("Redis", server, note, log), server


def migrations(settings: Settings, environment: Environment) -> Task:
    """Bring the database to the newest schema."""
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    return Task("Migrations", argv, settings.log("migrations"), environment)


def simulator(settings: Settings, environment: Environment) -> Part:
    """The Stripe simulator."""
    data = settings.data / "stripe"
    data.mkdir(exist_ok=True)
    arguments = ["--port", str(settings.simulator_port), "--data", str(data)]
    arguments += ["--webhook-url", f"{settings.address}/webhooks/stripe"]
    if settings.demo:
        arguments += ["--mails", str(settings.mails)]
    argv = [sys.executable, "-m", "simulator.server", *arguments]
    log = settings.log("simulator")
    server = Command(argv, log, {**environment, "STRIPE_WEBHOOK_SECRET": SIMULATOR_SECRET})
    probe = answers(f"{settings.simulator_address}/_simulator/health")
    return Part("Stripe", server, f"simulator at {settings.simulator_address}", log, probe)


def web(settings: Settings, environment: Environment) -> Part:
    """The pages and the API, in two processes."""
    argv = [sys.executable, "-m", "dashboard.web", "--workers", "2", "--patience", "5"]
    argv += ["--host", settings.host, "--port", str(settings.port)]
    log = settings.log("web")
    probe = answers(f"{settings.address}/readyz")
    return Part("Web", Command(argv, log, environment), settings.address, log, probe)


def worker(settings: Settings, environment: Environment) -> Part:
    """The pool that runs jobs."""
    argv = [sys.executable, "-m", "dashboard.worker", "--workers", "2"]
    log = settings.log("worker")
    probe = has_workers(environment["REDIS_URL"])
    note = "2 processes"
    return Part("Worker", Command(argv, log, environment), note, log, probe, is_vital=False)


def scheduler(settings: Settings, environment: Environment) -> Part:
    """The clock that enqueues jobs."""
    argv = [sys.executable, "-m", "dashboard.scheduler"]
    log = settings.log("scheduler")
    probe = has_lasted(1.0)
    return Part("Scheduler", Command(argv, log, environment), "", log, probe, is_vital=False)


def past(settings: Settings, environment: Environment) -> Task:
    """The months before today, of organizations that have any."""
    argv = [sys.executable, "-m", "demo.past"]
    return Task("Demo past", argv, settings.log("past"), environment, is_vital=False)


def demo(settings: Settings, environment: Environment) -> Task:
    """Organizations to look at; what it prints says who can sign in."""
    argv = [sys.executable, "-m", "demo"]
    return Task("Demo data", argv, settings.log("demo"), environment, is_vital=False)


def traffic(settings: Settings, environment: Environment) -> Part:
    """The demo organizations' sub-systems, which go on reporting usage."""
    argv = [sys.executable, "-m", "demo.traffic"]
    log = settings.log("traffic")
    note = "reports usage through the API"
    probe = has_lasted(1.0)
    return Part("Traffic", Command(argv, log, environment), note, log, probe, is_vital=False)


def whole_environment(ours: Environment) -> dict[str, str]:
    """The environment a part is started with: the caller's, with ours over it."""
    return {**os.environ, **ours}
