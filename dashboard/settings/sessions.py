"""How long people stay signed in, and when they show again who they are."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

HOUR, DAY = 3600, 24 * 3600
LONGEST_SESSION_SECONDS = 90 * DAY


class SessionSettings(BaseSettings):
    """The settings of sessions."""

    session_cookie_secure: bool = True
    session_idle_seconds: int = Field(12 * HOUR, ge=60, le=LONGEST_SESSION_SECONDS)
    session_life_seconds: int = Field(14 * DAY, ge=60, le=LONGEST_SESSION_SECONDS)
    confirm_after_seconds: int = Field(15 * 60, ge=60, le=LONGEST_SESSION_SECONDS)
    # In units of whichever currency it is: 1000 is a large amount of most.
    confirm_above: int = Field(1000, ge=0)

    @model_validator(mode="after")
    def _idle_ends_first(self) -> Self:
        if self.session_idle_seconds > self.session_life_seconds:
            raise ValueError(
                "SESSION_IDLE_SECONDS must be at most SESSION_LIFE_SECONDS: no session lasts longer"
            )
        return self
