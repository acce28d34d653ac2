"""Which names the product answers to, beside that of its address."""

from __future__ import annotations

import re

from pydantic import field_validator
from pydantic_settings import BaseSettings

from dashboard.hosts import EVERY

IS_HOST = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:]+", re.ASCII).fullmatch


class NameSettings(BaseSettings):
    """Names by which requests may ask."""

    trusted_hosts: str = ""

    @field_validator("trusted_hosts")
    @classmethod
    def _names(cls, value: str) -> str:
        for name in listed(value):
            if name != EVERY and not IS_HOST(name):
                raise ValueError(f"{name} is not a host: leave out scheme, port and path")
        return value


def listed(value: str) -> list[str]:
    """Return the parts of a setting that are separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()]
