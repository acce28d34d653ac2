"""How people sign in: by password, or by the company's OpenID Connect provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings

from dashboard.settings.addresses import web_address
from dashboard.settings.mail import is_loopback
from dashboard.text import unprintable

PROTECTED = "must be an https:// address, spelled as the provider spells it"
ROLES = ("customer", "support", "admin")


class SignInSettings(BaseSettings):
    """The settings of signing in."""

    password_sign_in: bool = True
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_name: str = Field("your company account", min_length=1, max_length=60)
    oidc_scopes: str = "openid email profile"
    oidc_roles_claim: str | None = None
    oidc_roles: str = ""
    oidc_people: Literal["invited", "claims"] = "invited"
    second_factor_roles: str = ""
    demo_accounts: str = ""

    @field_validator("oidc_issuer")
    @classmethod
    def _protected(cls, value: str | None) -> str | None:
        if not value:
            return None
        try:
            parts = urlsplit(web_address(value))
        except ValueError:
            raise ValueError(PROTECTED) from None
        is_safe = parts.scheme == "https" or is_loopback(str(parts.hostname))
        if not is_safe:
            raise ValueError(PROTECTED)
        return value

    @field_validator("oidc_name")
    @classmethod
    def _shows(cls, value: str) -> str:
        if found := unprintable(value):
            raise ValueError(f"contains a character that cannot be shown, {found}")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must contain openid")
        return value

    @field_validator("oidc_roles")
    @classmethod
    def _known_roles(cls, value: str) -> str:
        for pair in _pairs(value):
            if pair[1] not in ROLES or not pair[0]:
                raise ValueError(f"must be value=role, …, with the roles {', '.join(ROLES)}")
        return value

    @field_validator("second_factor_roles")
    @classmethod
    def _roles(cls, value: str) -> str:
        if not set(_listed(value)) <= set(ROLES):
            raise ValueError(f"must be some of the roles {', '.join(ROLES)}")
        return value

    @model_validator(mode="after")
    def _whole_provider(self) -> Self:
        told = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(told) and not all(told):
            raise ValueError("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together")
        if bool(self.oidc_roles_claim) != bool(self.oidc_roles.strip()):
            raise ValueError("OIDC_ROLES_CLAIM and OIDC_ROLES go together")
        if self.oidc_people == "claims" and not self.oidc_roles_claim:
            raise ValueError("OIDC_PEOPLE=claims needs OIDC_ROLES_CLAIM and OIDC_ROLES")
        return self

    @model_validator(mode="after")
    def _somebody_can_sign_in(self) -> Self:
        if not self.password_sign_in and self.oidc_issuer is None:
            raise ValueError(
                "PASSWORD_SIGN_IN is false and there is no OIDC_ISSUER: no one could sign in"
            )
        return self

    @property
    def accounts_of_demo(self) -> list[str]:
        """The addresses that the sign-in page names; none but in a demo."""
        return _listed(self.demo_accounts)

    @property
    def role_of_value(self) -> Mapping[str, str]:
        """Which role each value of the roles claim stands for."""
        return dict(_pairs(self.oidc_roles))

    @property
    def roles_with_factor(self) -> frozenset[str]:
        """Who has to show a second factor."""
        return frozenset(_listed(self.second_factor_roles))


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return the pairs of a list such as `billing-admins=admin, help-desk=support`."""
    split = [part.rpartition("=") for part in _listed(text)]
    return [(value.strip(), role.strip()) for value, _, role in split]


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
