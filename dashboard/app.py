"""The one place that wires the parts together."""

from dataclasses import fields
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response
from redis import Redis

from dashboard import models as _models  # noqa: F401  complete the metadata before anything is bound
from dashboard.accounts.sessions import Life
from dashboard.allowances import Allowances
from dashboard.api import register_api
from dashboard.api.door import tell_unknown
from dashboard.billing.policy import BillingPolicy, set_policy
from dashboard.bounds import FORM_PARTS, LARGEST, SMALL
from dashboard.commands import register_commands
from dashboard.config import Config, load_config
from dashboard.counting import PATIENCE
from dashboard.driver import connect_arguments
from dashboard.extensions import csrf, db, migrate
from dashboard.gateway.limiter import RedisLimiter
from dashboard.gateway.stripe import StripeGateway
from dashboard.gateway.turns import Rates
from dashboard.guesses import Guesses
from dashboard.logs import configure_logs
from dashboard.mail.transport import transport_of
from dashboard.operator_pages import register_operator_pages
from dashboard.processes import COMMAND, WEB, Process
from dashboard.sign_on.provider import Provider
from dashboard.transaction import commit, rollback
from dashboard.views import register_views
from dashboard.views.application import Application
from dashboard.views.bounded import register_bounds
from dashboard.wrong_tokens import WrongTokens

# How long a page waits for its turn to call Stripe, and then for the answer.
PAGE_PATIENCE_SECONDS = 1.0
PAGE_CALL_SECONDS = 5.0

ROOT = Path(__file__).resolve().parent.parent


def create_app(config: Config | None = None, process: Process = COMMAND) -> Flask:
    """Return the application for `config`, or for the environment; exit naming wrong settings."""
    config = config or load_config()
    configure_logs(config.log_level, process.logs_to)
    app = Application("dashboard", template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.from_mapping(flask_settings(config, process))
    app.extensions["config"] = config
    app.extensions["session_life"] = session_life(config)
    app.extensions["hosts"] = config.hosts
    patience = PATIENCE if process is WEB else {}
    app.extensions["redis"] = redis = Redis.from_url(config.redis_url, **patience)
    app.extensions["mail"] = transport_of(config)
    app.extensions["guesses"] = guesses = Guesses(config.redis_url)
    app.extensions["wrong_tokens"] = WrongTokens(guesses)
    app.extensions["allowances"] = Allowances(config.redis_url, config.token_requests_per_minute)
    app.extensions["provider"] = Provider(config) if config.oidc_issuer else None
    app.extensions["limiter_of_stripe"] = stripe_limiter = RedisLimiter(redis, rates(config))
    app.extensions["gateway"] = StripeGateway.from_config(config, stripe_limiter)
    app.extensions["page_gateway"] = page_gateway(config, redis)
    # First, so that requests which an extension refuses have an id and a log line too.
    register_operator_pages(app)
    # Before the token is asked for: the database that forgot to answer may be away.
    app.before_request(tell_unknown)
    register_bounds(app)
    bind_extensions(app)
    set_policy(billing_policy(config))
    # Flask runs these last registered first: the commit comes after every other had its say.
    app.after_request(end_transaction)
    register_views(app)
    register_api(app)
    register_commands(app)
    return app


def flask_settings(config: Config, process: Process) -> dict[str, object]:
    """Return what Flask and its extensions want to be told, under their own names."""
    return {
        "SECRET_KEY": config.secret_key,
        "SECRET_KEY_FALLBACKS": config.signing_keys[:-1],
        "WTF_CSRF_SECRET_KEY": config.signing_keys,
        "PERMANENT_SESSION_LIFETIME": config.session_life_seconds,
        "SQLALCHEMY_DATABASE_URI": config.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            # Who finds all of them taken waits: one more could be the server's last.
            "pool_size": process.connections(config),
            "max_overflow": 0,
            # The one used last first: few then do nearly all, with their plans and caches warm.
            "pool_use_lifo": True,
            "connect_args": connect_arguments(
                prepares=config.database_prepared_statements, name=f"billing {process.name}"
            ),
        },
        # The token is bound to the session: a page left open over night must still work.
        "WTF_CSRF_TIME_LIMIT": None,
        "SESSION_COOKIE_SECURE": config.session_cookie_secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_PATH": config.prefix or "/",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": LARGEST,
        "MAX_FORM_MEMORY_SIZE": SMALL.bytes,
        "MAX_FORM_PARTS": FORM_PARTS,
        "TESTING": config.testing,
    }


def session_life(config: Config) -> Life:
    """Return how long people stay signed in."""
    return Life(
        idle=timedelta(seconds=config.session_idle_seconds),
        most=timedelta(seconds=config.session_life_seconds),
    )


def billing_policy(config: Config) -> BillingPolicy:
    """Return the ledger's settings among all of them."""
    return BillingPolicy(**{one.name: getattr(config, one.name) for one in fields(BillingPolicy)})


def rates(config: Config) -> Rates:
    """Return how fast Stripe may be called."""
    return Rates(
        per_second=config.stripe_requests_per_second,
        endpoint_per_second=config.stripe_endpoint_requests_per_second,
        in_flight=config.stripe_requests_in_flight,
    )


def page_gateway(config: Config, redis: Redis) -> StripeGateway:
    """Return the gateway of calls that a reader waits for: a thread of the web waits along."""
    limiter = RedisLimiter(redis, rates(config), patience_seconds=PAGE_PATIENCE_SECONDS)
    return StripeGateway.from_config(config, limiter, most_seconds=PAGE_CALL_SECONDS)


def bind_extensions(app: Flask) -> None:
    """Bind the unbound extensions to `app`."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    csrf.init_app(app)


def end_transaction(response: Response) -> Response:
    """Commit what a request below 400 did, undo what any other did."""
    if response.status_code < 400:
        commit()
    else:
        rollback()
    return response
