"""The kinds of value the API speaks: exact decimals as strings, instants with their zone."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from dashboard.bounds import MOST_ERRORS
from dashboard.currencies import TAKEN
from dashboard.intervals import INTERVALS
from dashboard.pricing.exact import plain
from dashboard.text import unprintable
from dashboard.zones import is_zone

YEARS = range(1970, 3000)
DECIMAL_PATTERN = r"^[0-9]{1,20}(\.[0-9]{1,12})?$"
# RFC 3339; digits after the microsecond do not count.
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
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


def within_reach(value: datetime) -> datetime:
    """Return the instant in UTC; refuse the calendar's ends, which survive no change of zone."""
    if value.year not in YEARS:
        raise PydanticCustomError(
            "out_of_reach",
            "Use an instant in the years {first} to {last}",
            {"first": YEARS[0], "last": YEARS[-1]},
        )
    return value.astimezone(UTC)


def instant(value: Any) -> Any:
    """Read an RFC 3339 instant; a number of seconds, also as text, or a mere day is refused."""
    if not isinstance(value, str):
        return value
    try:
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass  # the 31st of February
    raise PydanticCustomError(
        "instant_format", "Send an instant with its zone, such as 2026-04-10T12:00:00Z"
    )


Instant = Annotated[AwareDatetime, BeforeValidator(instant), AfterValidator(within_reach)]


def printable(text: str) -> str:
    """Refuse a line of text with characters that do not show, such as NUL or a line break."""
    return _shown(text, unprintable(text))


def printable_paragraphs(text: str) -> str:
    """Refuse text with characters that do not show; line breaks and tabs may be in it."""
    return _shown(text, unprintable(text, paragraphs=True))


def _shown(text: str, found: str | None) -> str:
    if found:
        raise PydanticCustomError(
            "unprintable",
            "Contains a character that cannot be shown ({found}): leave it out",
            {"found": found},
        )
    return text


Printable = AfterValidator(printable)
if TYPE_CHECKING:
    Interval = str
else:
    # By their names, so that the description and the refusal list those there are.
    Interval = Literal[INTERVALS]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=63)]


def zone(name: str) -> str:
    """Refuse zones that there are none of."""
    if not is_zone(name):
        raise PydanticCustomError(
            "zone", "Send UTC or the name of a time zone, such as Europe/Berlin"
        )
    return name


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(zone)]


def taken(code: str) -> str:
    """Refuse currencies that Stripe does not take."""
    if code not in TAKEN:
        raise PydanticCustomError(
            "unknown_currency", "Use the code of a currency that Stripe takes, such as usd or eur"
        )
    return code


Currency = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$"), AfterValidator(taken)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Printable
]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=100), Printable]
Key = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]


def _looked_at(
    value: Any, look: ValidatorFunctionWrapHandler, info: ValidationInfo[list[None] | None]
) -> Any:
    """Look at no more items once so many were wrong: the list is refused anyway."""
    wrong = info.context
    if wrong is not None and len(wrong) >= MOST_ERRORS:
        return value
    try:
        return look(value)
    except ValidationError:
        if wrong is not None:
            wrong.append(None)
        raise


# For the items of a list that may be long; those that were wrong are counted in the context.
Counted = WrapValidator(_looked_at)


class Sent(BaseModel):
    """The body of a request, with documented fields only."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """The answer of the API, read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)


class ProblemItem(Told):
    """One mistake; `index` counts from 0 in a batch."""

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
    # How many more there are than are listed, as far as was looked.
    errors_left_out: int


Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(printable_paragraphs),
]
