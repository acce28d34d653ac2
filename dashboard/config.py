"""Configuration, read from the environment once; a wrong value stops the start and is named."""

import logging
import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from dashboard.hosts import Hosts, host_of
from dashboard.settings.addresses import (
    database_address,
    networks,
    own_address,
    redis_address,
    web_address,
)
from dashboard.settings.approvals import ApprovalSettings
from dashboard.settings.mail import MailServer, MailSettings
from dashboard.settings.names import NameSettings, listed
from dashboard.settings.outgoing import OutgoingSettings
from dashboard.settings.seller import SellerSettings
from dashboard.settings.sessions import SessionSettings
from dashboard.settings.sign_in import SignInSettings
from dashboard.settings.tokens import TokenSettings

HOUR, DAY = 3600, 24 * 3600
# Longer than this a closed cycle or a changed invoice does not wait: somebody mistyped.
LONGEST_GRACE_SECONDS = 14 * DAY
LONGEST_INTERVAL_SECONDS = 7 * DAY
LONGEST_SCHEDULE_HOURS = 30 * 24
LONGEST_WINDOW_HOURS = 48
SHORTEST_KEY = 16
# A placeholder, or a line break from a file, would go wrong at every call and every delivery.
IS_SIGNING_SECRET = re.compile(r"whsec_[A-Za-z0-9_+/=-]+", re.ASCII).fullmatch
LONGEST_TOLD_DAYS = 30
# By which the keys of usage outlive it, unless a setting says otherwise.
LONGER_DAYS = 65
LEVELS = tuple(logging.getLevelNamesMapping())


class ConfigError(SystemExit):
    """The environment does not describe a product that can run; the message names each setting."""


class Config(
    ApprovalSettings,
    MailSettings,
    NameSettings,
    OutgoingSettings,
    SellerSettings,
    SessionSettings,
    SignInSettings,
    TokenSettings,
):
    """Every setting, its type and its default; the README's table lists the same."""

    model_config = SettingsConfigDict(case_sensitive=False, extra="ignore")

    database_url: str = Field(min_length=1)
    database_prepared_statements: bool = False
    redis_url: str = Field(min_length=1)
    secret_key: str = Field(min_length=SHORTEST_KEY)
    secret_key_fallbacks: str = ""
    stripe_api_key: str = Field(pattern=r"^(sk|rk)_(test|live)_[A-Za-z0-9_]+$")
    stripe_webhook_secret: str = Field(min_length=1)
    stripe_api_base: str = "https://api.stripe.com"
    stripe_dashboard_base: str = "https://dashboard.stripe.com"
    sync_interval_seconds: int = Field(HOUR, ge=10, le=LONGEST_INTERVAL_SECONDS)
    closing_grace_seconds: int = Field(HOUR, ge=0, le=LONGEST_GRACE_SECONDS)
    closing_window_hours: float = Field(0, ge=0, le=LONGEST_WINDOW_HOURS, allow_inf_nan=False)
    autofinalize_after_hours: int = Field(72, ge=0, le=LONGEST_SCHEDULE_HOURS)
    stripe_requests_per_second: int = Field(25, ge=1, le=1_000_000)
    stripe_endpoint_requests_per_second: int = Field(25, ge=1, le=1_000_000)
    stripe_requests_in_flight: int = Field(20, ge=1, le=1_000_000)
    stripe_timeout_seconds: float = Field(30.0, ge=1, le=600, allow_inf_nan=False)
    stripe_rereads_per_hour: int = Field(10, ge=0, le=1_000_000)
    stripe_tax_product: str = Field("", pattern=r"^(prod_[A-Za-z0-9_]{1,60})?$")
    stripe_gap_reads_per_hour: int = Field(1, ge=0, le=1_000_000)
    hold_when_broken: bool = True
    usage_max_age_days: int = Field(35, ge=1, le=3660)
    usage_max_skew_seconds: int = Field(300, ge=0, le=DAY)
    usage_keys_kept_days: int | None = Field(None, ge=0, le=3660 + LONGER_DAYS)
    sync_runs_kept_days: int = Field(400, ge=0, le=3660)
    webhook_events_kept_days: int = Field(400, ge=0, le=3660)
    trusted_proxies: str = "127.0.0.1"
    log_level: str = "INFO"
    external_url: str | None = None
    port: int = Field(8000, ge=1, le=65535)
    web_processes: int = Field(1, ge=1, le=1000)
    workers: int = Field(2, ge=1, le=1000)
    worker_connections: int = Field(10, ge=2, le=1000)
    data_dir: Path = Path(".data")
    testing: bool = False

    _database = field_validator("database_url")(database_address)
    _redis = field_validator("redis_url")(redis_address)
    _stripe = field_validator("stripe_api_base", "stripe_dashboard_base")(web_address)
    _own = field_validator("external_url")(own_address)
    _proxies = field_validator("trusted_proxies")(networks)

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _secrets(cls, value: str) -> str:
        if not listed(value) or not all(map(IS_SIGNING_SECRET, listed(value))):
            raise ValueError("must be a signing secret, whsec_…, or several separated by commas")
        return value

    @field_validator("secret_key_fallbacks")
    @classmethod
    def _keys(cls, value: str) -> str:
        if any(len(one) < SHORTEST_KEY for one in listed(value)):
            raise ValueError(f"must be former keys of at least {SHORTEST_KEY} characters each")
        return value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in LEVELS:
            raise ValueError(f"must be one of {', '.join(LEVELS)}")
        return value.upper()

    @field_validator("port", mode="before")
    @classmethod
    def _not_of_a_neighbor(cls, value: object) -> object:
        # Kubernetes tells every container where a service named "port" is, under the same name.
        return 8000 if isinstance(value, str) and value.startswith("tcp://") else value

    @model_validator(mode="after")
    def _live_keys_stay_off_stand_ins(self) -> Self:
        if "_live_" in self.stripe_api_key and self.stripe_api_base != "https://api.stripe.com":
            raise ValueError("STRIPE_API_KEY is a live key but STRIPE_API_BASE is not Stripe's")
        return self

    @model_validator(mode="after")
    def _no_demo_where_real_money_moves(self) -> Self:
        if "_live_" in self.stripe_api_key and self.demo_accounts:
            raise ValueError("STRIPE_API_KEY is a live key but DEMO_ACCOUNTS names a demo's users")
        return self

    @model_validator(mode="after")
    def _we_close_before_stripe_does(self) -> Self:
        hours = self.autofinalize_after_hours
        if hours and self.closing_grace_seconds >= hours * HOUR:
            raise ValueError(
                "CLOSING_GRACE_SECONDS must be less than AUTOFINALIZE_AFTER_HOURS: Stripe would "
                "finalize a draft while late usage is still accepted"
            )
        return self

    @field_validator("sync_runs_kept_days", "webhook_events_kept_days")
    @classmethod
    def _longer_than_stripe_tells(cls, value: int) -> int:
        # An event that is listed again must be known, and the call that it echoes.
        if 0 < value <= LONGEST_TOLD_DAYS:
            raise ValueError(
                f"must be 0 (forever) or more than {LONGEST_TOLD_DAYS}: Stripe lists events for "
                "that long"
            )
        return value

    @model_validator(mode="after")
    def _keys_outlive_their_usage(self) -> Self:
        least = self.usage_max_age_days * DAY + self.usage_max_skew_seconds
        if 0 < self.keys_kept_days * DAY <= least:
            raise ValueError(
                "USAGE_KEYS_KEPT_DAYS must be 0 (forever) or more than USAGE_MAX_AGE_DAYS plus "
                "USAGE_MAX_SKEW_SECONDS: repeated usage would be counted twice"
            )
        return self

    @model_validator(mode="after")
    def _mails_lead_back(self) -> Self:
        if self.mail_target is not None and self.mail_from is None:
            raise ValueError("MAIL_FROM must be the sender of e-mails, or MAIL_URL must be none")
        if self.bill_mails and self.mail_target is None:
            raise ValueError("BILL_MAILS is true but MAIL_URL is none: nothing could be sent")
        if isinstance(self.mail_target, MailServer) and self.external_url is None:
            raise ValueError("EXTERNAL_URL must be set: links in e-mails begin with it")
        return self

    @model_validator(mode="after")
    def _providers_lead_back(self) -> Self:
        if self.oidc_issuer and self.external_url is None:
            raise ValueError("EXTERNAL_URL must be set: OIDC_ISSUER sends people back to it")
        return self

    @property
    def signing_keys(self) -> list[str]:
        """The keys whose signatures are ours; the last one signs."""
        return [*listed(self.secret_key_fallbacks), self.secret_key]

    @property
    def keys_kept_days(self) -> int:
        """For how long the keys of usage are kept; 0 for ever."""
        if self.usage_keys_kept_days is None:
            return self.usage_max_age_days + LONGER_DAYS
        return self.usage_keys_kept_days

    @property
    def webhook_secrets(self) -> list[str]:
        """The signing secrets now valid: two while one is being rolled."""
        return listed(self.stripe_webhook_secret)

    @property
    def proxies(self) -> list[str]:
        """The addresses and networks whose word on a caller's address and scheme is taken."""
        return listed(self.trusted_proxies)

    @property
    def hosts(self) -> Hosts:
        """The names that requests may be for."""
        return Hosts([host_of(self.external_address), *listed(self.trusted_hosts)])

    @property
    def external_address(self) -> str:
        """The address at which people reach the pages, for links that are followed from outside."""
        return self.external_url or f"http://localhost:{self.port}"

    @property
    def prefix(self) -> str:
        """The path below which the pages are, without a slash at its end; empty for all of it."""
        return urlsplit(self.external_address).path.rstrip("/")

    @property
    def is_live(self) -> bool:
        """Whether real money moves."""
        return "_live_" in self.stripe_api_key


def load_config() -> Config:
    """Return this process's configuration; exit naming every setting that is missing or wrong."""
    try:
        return Config()  # type: ignore[call-arg]  # the values come from the environment
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, problem['loc'])).upper() or 'settings'}: {problem['msg']}"
            for problem in error.errors(include_input=False)
        ]
        raise ConfigError("The configuration is wrong:\n" + "\n".join(lines)) from None
