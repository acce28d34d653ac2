"""A device with passkeys, in software: it keeps the rules, or breaks one when told to."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One passkey. `origin` is where its browser stands."""

    origin: str = "http://localhost:8000"
    verifies: bool = True
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: token_bytes(16))

    def __post_init__(self) -> None:
        """Make the key pair."""
        self._key = generate_private_key(SECP256R1())

    def create(self, options: str) -> str:
        """Answer what a page asks to make a passkey by."""
        asked = json.loads(options)
        numbers = self._key.public_key().public_numbers()
        point = [one.to_bytes(32, "big") for one in (numbers.x, numbers.y)]
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point[0], -3: point[1]})
        length = len(self.credential_id).to_bytes(2, "big")
        data = (
            self._data(asked["rp"]["id"], HAS_KEY) + bytes(16) + length + self.credential_id + key
        )
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = self._client_data("webauthn.create", asked["challenge"])
        return self._answer(attestationObject=packed(made), clientDataJSON=packed(told))

    def get(self, options: str) -> str:
        """Answer what a page asks to be signed."""
        asked = json.loads(options)
        self.count += 1
        data = self._data(asked["rpId"], 0)
        told = self._client_data("webauthn.get", asked["challenge"])
        signed = self._key.sign(data + sha256(told).digest(), ECDSA(SHA256()))
        return self._answer(
            authenticatorData=packed(data), clientDataJSON=packed(told), signature=packed(signed)
        )

    def _data(self, host: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, **response: str) -> str:
        name = packed(self.credential_id)
        told = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return json.dumps(told | {"clientExtensionResults": {}})


def packed(data: bytes) -> str:
    """Return bytes as WebAuthn writes them in JSON."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
