"""What the consequence of a proposal depends on, by name."""

from __future__ import annotations

from typing import Any

Basis = dict[str, Any]


def over(why: str) -> Basis:
    """Return the basis of what is not there any more, or done already: nothing is left."""
    return {"over": True, "why": why}


def is_over(basis: Basis) -> bool:
    """Whether nothing is left to approve."""
    return bool(basis.get("over"))
