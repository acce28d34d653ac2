"""The kinds of value the API speaks: exact decimals as strings, instants with their zone."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from dashboard.pricing.exact import plain

DECIMAL_PATTERN = r"^[0-9]{1,20}(\.[0-9]{1,12})?$"
_DECIMAL = re.compile(DECIMAL_PATTERN, re.ASCII)


def exact(value: Any) -> Decimal:
    """Read a decimal from text; JSON numbers are refused, as many writers make floats of them."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise ValueError(
        'send an exact decimal from 0 as a string, such as "12.5", with at most 20 digits before '
        "and 12 after the point"
    )


ExactDecimal = Annotated[
    Decimal,
    BeforeValidator(exact),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DECIMAL_PATTERN, "examples": ["12.5"]}),
]
Instant = AwareDatetime
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=63)]
Currency = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Sent(BaseModel):
    """What a caller sends: nothing beyond what is documented."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """What the API answers, read off a row's attributes."""

    model_config = ConfigDict(from_attributes=True)


class ProblemItem(Told):
    """What is wrong with one value; `index` counts from 0 in a batch."""

    index: int | None
    field: str | None
    code: str
    detail: str


class Problem(Told):
    """Why a request was refused (RFC 9457); nothing was changed."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    errors: list[ProblemItem]
