"""Who sells: what stands at the head of invoices as documents."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from dashboard.text import unprintable

MOST = 200


@dataclass(frozen=True, slots=True)
class Seller:
    """Name, lines of address, and tax id of who sells, and where questions go; empty if not set."""

    name: str
    address: tuple[str, ...]
    tax_id: str
    email: str


class SellerSettings(BaseSettings):
    """The settings of the seller; without them a document names none."""

    seller_name: str = Field("", max_length=MOST)
    seller_address: str = Field("", max_length=5 * MOST)
    seller_tax_id: str = Field("", max_length=MOST)
    seller_email: str = Field("", max_length=MOST)

    @field_validator("seller_name", "seller_address", "seller_tax_id", "seller_email")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if unprintable(value) is not None:
            raise ValueError("must be one line of printable text, with semicolons between lines")
        return value.strip()

    @property
    def seller(self) -> Seller:
        """Who sells."""
        lines = (line.strip() for line in self.seller_address.split(";"))
        return Seller(
            self.seller_name, tuple(filter(None, lines)), self.seller_tax_id, self.seller_email
        )
