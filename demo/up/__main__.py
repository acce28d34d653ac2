"""`python -m demo.up`: the whole product on one machine, until Ctrl-C."""

import os
import sys
import time

from demo.up import parts
from demo.up.advice import check_disk
from demo.up.alone import alone
from demo.up.environment import product_environment, write_for_shells
from demo.up.ports import check_ports
from demo.up.report import say, state, welcome
from demo.up.settings import ROOT, CannotStart, Settings, read_settings
from demo.up.supervisor import Stopped, Supervisor


def main() -> int:
    """Run until told to stop; 0 after a stop that was asked for, 1 when it could not start."""
    os.chdir(ROOT)
    # Whatever any part writes is ours alone.
    os.umask(0o077)
    try:
        settings = read_settings()
        with alone(settings):
            check_ports(settings)
            check_disk(settings)
            return run(settings)
    except CannotStart as error:
        say(str(error))
        return 1


def run(settings: Settings) -> int:
    """Start everything, watch it, and stop it whatever happens."""
    supervisor = Supervisor()
    supervisor.listen()
    say("Starting the billing dashboard. Ctrl-C stops it; the data stays.")
    begun = time.monotonic()
    try:
        sign_ins = start_all(supervisor, settings)
        welcome(settings, sign_ins, seconds=time.monotonic() - begun)
        supervisor.watch()
    except Stopped:
        say("\nStopping. The data stays.")
        return 0
    finally:
        supervisor.stop()


def start_all(supervisor: Supervisor, settings: Settings) -> str:
    """Start every part, each once those it needs are ready; return who can sign in."""
    environment = start_stores(supervisor, settings)
    supervisor.run(parts.migrations(settings, environment))
    if settings.own_stripe:
        supervisor.start(parts.simulator(settings, environment))
    else:
        state("Stripe", "ready", os.environ.get("STRIPE_API_BASE", "Stripe, with a test key"))
    past, demo = parts.past(settings, environment), parts.demo(settings, environment)
    if settings.demo:
        # Its own start takes as long as the web's, and it waits for that.
        supervisor.begin(past)
    supervisor.start(parts.web(settings, environment))
    if settings.demo:
        say(f"  The pages at {settings.address} work already while the demo is created.")
        # Before the clock starts, which would close what is over in the past.
        supervisor.run(past)
        supervisor.begin(demo)
    supervisor.start(parts.worker(settings, environment), parts.scheduler(settings, environment))
    sign_ins = ""
    if settings.demo:
        sign_ins = supervisor.run(demo)
        supervisor.start(parts.traffic(settings, environment))
    return sign_ins


def start_stores(supervisor: Supervisor, settings: Settings) -> dict[str, str]:
    """Start the PostgreSQL and Redis that are ours; return the environment of all other parts."""
    database_url = redis_url = None
    if settings.own_postgres:
        part, postgres = parts.postgres(settings)
        supervisor.start(part)
        postgres.create_database("billing")
        database_url = postgres.url("billing")
    else:
        state("PostgreSQL", "ready", "the one in DATABASE_URL")
    if settings.own_redis:
        part, redis = parts.redis(settings)
        supervisor.start(part)
        redis_url = redis.url()
    else:
        state("Redis", "ready", "the one in REDIS_URL")
    ours = product_environment(settings, database_url=database_url, redis_url=redis_url)
    write_for_shells(settings.data / "environment", ours)
    return parts.whole_environment(ours)


if __name__ == "__main__":
    sys.exit(main())
