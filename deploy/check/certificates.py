"""A certificate authority of the check's own, and the front's certificate by it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make(scratch: Path, host: str) -> tuple[Path, Path]:
    """Return the front's certificate and key; the authority's is `ca.pem` beside them."""
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    new += ["-nodes", "-days", "2"]
    authority, front = scratch / "ca", scratch / "front"
    _run([*new, *_files(authority), "-subj", "/CN=The check"])
    by = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key"]
    name = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    _run([*new, *_files(front), *name, *by])
    return Path(f"{front}.pem"), Path(f"{front}.key")


def _files(path: Path) -> list[str]:
    return ["-keyout", f"{path}.key", "-out", f"{path}.pem"]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
