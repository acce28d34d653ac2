"""How long API tokens live, and what each may ask."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings


class TokenSettings(BaseSettings):
    """The settings of API tokens, and of the one that reads the figures."""

    token_life_days: int = Field(365, ge=1, le=3660)
    token_longest_life_days: int = Field(730, ge=1, le=3660)
    token_requests_per_minute: int = Field(60_000, ge=0, le=1_000_000_000)
    metrics_token: str | None = Field(None, pattern=r"^[!-~]{16,}$")

    @model_validator(mode="after")
    def _lives_are_no_longer_than_the_longest(self) -> Self:
        if self.token_life_days > self.token_longest_life_days:
            raise ValueError("TOKEN_LIFE_DAYS must not be more than TOKEN_LONGEST_LIFE_DAYS")
        return self
