"""Secrets that are read again are kept sealed: the database alone tells nobody anything."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# A key for this alone: the one that signs cookies is not the one that opens what is sealed.
PURPOSE = b"seal the secrets of second factors"


class CannotOpen(Exception):
    """It was sealed with a key that is none of ours any more, or is damaged."""


def seal(text: str, keys: Sequence[str]) -> str:
    """Return `text` sealed with the last of `keys`, as `SECRET_KEY` and its fallbacks are told."""
    return _box(keys).encrypt(text.encode()).decode()


def open_sealed(sealed: str, keys: Sequence[str]) -> str:
    """Return what was sealed with any of `keys`; raises `CannotOpen`."""
    try:
        return _box(keys).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotOpen from None


def seal_anew(sealed: str, keys: Sequence[str]) -> str:
    """Return the same sealed with the last of `keys`; raises `CannotOpen`."""
    return seal(open_sealed(sealed, keys), keys)


def _box(keys: Sequence[str]) -> MultiFernet:
    # The library seals with the first, our settings sign with the last.
    return MultiFernet([Fernet(_derived(key)) for key in reversed(keys)])


def _derived(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return urlsafe_b64encode(derived)
