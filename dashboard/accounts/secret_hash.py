"""What is kept of a secret that only its holder knows: of a session, a token, a link."""

from hashlib import sha256


def hash_of(secret: str) -> str:
    """Return what is kept of a secret.

    They are of 79 random bits and more, mostly of 256: a fast hash is enough, and the lookup is by
    equality of it.
    """
    return sha256(secret.encode()).hexdigest()
