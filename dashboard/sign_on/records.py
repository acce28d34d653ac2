"""What is asked of a provider, and what it says of somebody: plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-in that was begun: where it leads, and what its answer has to fit."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Who somebody is, in the words of their provider, verified."""

    issuer: str
    subject: str
    email: str | None = None
    is_email_verified: bool = False
    name: str | None = None
    values: frozenset[str] = frozenset()  # of the claim that roles are told by
    methods: frozenset[str] = frozenset()  # by which the provider recognized them: `amr`

    @property
    def is_multi_factor(self) -> bool:
        """Whether the provider asked for a second factor by itself."""
        return "mfa" in self.methods


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings make of claims: which roles they stand for, and whether they admit."""

    role_of: Mapping[str, str] = field(default_factory=dict)
    admits: bool = False
