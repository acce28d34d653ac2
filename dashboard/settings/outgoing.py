"""Where outgoing events may go beside the public internet, and how long they are kept."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from dashboard.settings.addresses import networks
from dashboard.settings.names import listed

# A receiver that was away for as long as one is tried can still be made up for.
SHORTEST_DAYS = 7


class OutgoingSettings(BaseSettings):
    """The settings of outgoing events."""

    events_allowed_networks: str = ""
    outgoing_events_kept_days: int = Field(60, ge=0, le=3660)

    @field_validator("outgoing_events_kept_days")
    @classmethod
    def _longer_than_an_outage(cls, value: int) -> int:
        if 0 < value < SHORTEST_DAYS:
            raise ValueError(f"must be 0 (forever) or at least {SHORTEST_DAYS}")
        return value

    _networks = field_validator("events_allowed_networks")(networks)

    @property
    def allowed_networks(self) -> list[IPv4Network | IPv6Network]:
        """The private networks in which receivers may be, with http:// too."""
        return [ip_network(one) for one in listed(self.events_allowed_networks)]
