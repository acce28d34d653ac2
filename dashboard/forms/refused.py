"""What the domain refuses is shown beside the field it concerns; what was typed is still there."""

from __future__ import annotations

from dashboard.errors import BillingError
from dashboard.forms.base import Form


def show_refusal(form: Form, error: BillingError, *, otherwise: str | None = None) -> None:
    """Put the sentence of a refusal beside its field, or beside the field `otherwise`.

    Raises it again where the form has neither.
    """
    name = error.facts.get("field")
    name = name if name in form else otherwise
    if name is None:
        raise error
    form[name].errors = [*form[name].errors, error.message]
