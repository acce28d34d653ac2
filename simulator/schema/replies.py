"""Replies held against Stripe's schema: by the tests, and with SIMULATOR_CHECK_REPLIES=1."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from simulator.schema.published import Schema


class ReplyRefused(Exception):
    """A reply that Stripe's schema does not allow: a fault of the simulator, told with its path."""


class ReplyChecks:
    """One validator per operation, made on first use."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._validators: dict[str, Draft202012Validator] = {}

    def __call__(self, operation: str, body: Any) -> None:
        """Raise ReplyRefused when `body` is not what `operation` may answer."""
        problem = best_match(self._validator(operation).iter_errors(body))
        if problem is not None:
            where = "/".join(str(part) for part in problem.absolute_path)
            raise ReplyRefused(f"{operation}: {where or 'reply'}: {problem.message}")

    def _validator(self, operation: str) -> Draft202012Validator:
        if operation not in self._validators:
            reply = self._schema.operations[operation]["reply"]
            whole = {**reply, "$defs": self._schema.replies}
            self._validators[operation] = Draft202012Validator(whole)
        return self._validators[operation]
