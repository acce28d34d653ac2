"""PostgreSQL: reached, migrated, durable, with enough connections and months ahead."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dashboard import readiness
from dashboard.billing.indexes import TAXED
from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.database_failures import reason_of
from dashboard.doctor import clocks
from dashboard.doctor.finding import Finding, look, mend, ok
from dashboard.extensions import db
from dashboard.processes import budget

OLDEST = 15
UPGRADE = "Run `flask --app wsgi db upgrade`, as the role that owns the schema."
ADDRESS = "Is it running, and is DATABASE_URL right? Without it no page is served."
# What a crash must not lose, and what PostgreSQL may be told to do without.
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
SETTINGS = text("select name, setting from pg_settings")
# The triggers without which history can be changed: facts, the audit trail, finalized invoices.
GUARDS = (
    "audit_entries_are_facts", "adjustments_are_facts", "usage_records_are_facts",
    "price_versions_are_facts", "item_changes_are_facts", "invoices_guard", "invoice_items_guard",
)  # fmt: skip
TAXED_BILLS = text(f"select count(*) from invoices where {TAXED}")  # noqa: S608  a constant
STANDING = text("select tgname from pg_trigger where tgenabled in ('O', 'A') and not tgisinternal")
OWNED = text("""
    select pg_has_role(current_user, relowner, 'usage') from pg_class
    where oid = 'invoices'::regclass
""")
MONTH = text("""
    select to_regclass(to_char(now() + interval '1 month', '"usage_records_"YYYY_MM')) is not null
""")


def findings(config: Config, *, workers_alive: int) -> Iterator[Finding]:
    """Yield what is found of the database; nothing more once it does not answer."""
    try:
        settings = {row.name: row.setting for row in db.session.execute(SETTINGS)}
    except SQLAlchemyError as error:
        yield mend("database", f"unreachable: {reason_of(error)}", ADDRESS)
        return
    yield version(settings)
    found = readiness.migrations()
    yield migrated(found)
    yield clock()
    yield durability(settings)
    yield connections(settings, budget(config, workers_alive=workers_alive))
    if found.serves:
        yield role()
        yield guards()
        yield months()
        yield tax_product(config)


def tax_product(config: Config) -> Finding:
    """Return whether there is a product as which the bills with automatic tax are taxed."""
    name, product = "STRIPE_TAX_PRODUCT", config.stripe_tax_product
    if product:
        return ok(name, product)
    number = db.session.scalar(TAXED_BILLS) or 0
    if not number:
        return ok(name, "not set, and no bill is taxed automatically")
    seen = f"not set, and {number} open bills are to be taxed: nothing is sent of them"
    return mend(name, seen, "Set it to the product at Stripe whose tax code the bills have.")


def migrated(found: readiness.Part) -> Finding:
    """Return whether the schema is one that this code can serve."""
    if not found.serves:
        return mend("migrations", found.state, UPGRADE)
    seen = "all that this code needs are applied" if found.state == "ok" else found.state
    return ok("migrations", seen)


def version(settings: dict[str, str]) -> Finding:
    """Return whether the server is one that the product was tried on."""
    shown, number = settings["server_version"], int(settings["server_version_num"]) // 10_000
    if number < OLDEST:
        return mend(
            "version", f"PostgreSQL {shown}", f"Version {OLDEST} is the oldest that is tested."
        )
    return ok("version", f"PostgreSQL {shown}")


def clock() -> Finding:
    """Return whether the server's clock agrees with ours."""
    before = utc_now()
    theirs = db.session.scalars(text("select clock_timestamp()")).one()
    return clocks.compare("the database", theirs, before=before, after=utc_now())


def durability(settings: dict[str, str]) -> Finding:
    """Return whether what was acknowledged outlives a crash."""
    if off := [name for name in DURABLE if settings[name] == "off"]:
        seen = f"{', '.join(off)} off: a crash loses acknowledged changes"
        return mend("durability", seen, "Turn them on. Lost usage is not reported again.")
    return ok("durability", "committed changes survive a crash")


def connections(settings: dict[str, str], needed: dict[str, int]) -> Finding:
    """Return whether the server has a connection for each that our processes may open."""
    kept = ("superuser_reserved_connections", "reserved_connections")
    most = int(settings["max_connections"]) - sum(int(settings.get(name, 0)) for name in kept)
    parts = ", ".join(f"{count} {kind}" for kind, count in needed.items())
    seen = f"up to {sum(needed.values())} ({parts}) of {most}"
    if sum(needed.values()) > most:
        to_do = (
            "Raise max_connections, lower WEB_PROCESSES, WORKERS or WORKER_CONNECTIONS, or put a "
            "pooler between (docs/operating.md), which makes this number harmless."
        )
        return mend("connections", seen, to_do)
    return ok("connections", seen)


def role() -> Finding:
    """Return whether the processes could change the schema, and so switch off what guards it."""
    if db.session.scalar(OWNED):
        seen = "it owns the tables, so a stolen password can change finalized invoices"
        to_do = "Use separate roles for migrations and processes: deploy/postgresql."
        return look("role", seen, to_do)
    return ok("role", "it owns no tables")


def guards() -> Finding:
    """Return whether the triggers are on that keep what happened from being changed."""
    standing = set(db.session.scalars(STANDING))
    if off := [name for name in GUARDS if name not in standing]:
        seen = f"{', '.join(off)} off: what happened can be changed unseen"
        to_do = "Turn them on (`alter table … enable trigger …`), and find out who turned them off."
        return mend("guards", seen, to_do)
    return ok("guards", "facts, the audit trail and finalized invoices cannot be changed")


def months() -> Finding:
    """Return whether the coming month has its partition."""
    if db.session.scalar(MONTH):
        return ok("partitions", "there is one for the coming month")
    to_do = "Check that the scheduler is running: it creates them. Records are kept until then."
    return look("partitions", "there is none for the coming month", to_do)
