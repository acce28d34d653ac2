"""Where the pages' own and vendored files are, and what they must contain."""

import hashlib
from functools import cache
from pathlib import Path

from flask import current_app, request

STATIC = Path(__file__).resolve().parents[2] / "static"
HTMX = "vendor/htmx.org-4.0.1"
TABLER = "vendor/tabler-core-1.6.1"

# Sub-resource integrity (SHA-384): the browser refuses a vendored file that differs.
INTEGRITY = {
    f"{HTMX}/htmx.min.js": "Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn",
    f"{HTMX}/hx-ptag.min.js": "HKjZ8NvFiP6UyEpdzMpiw7NW2NK3mXwbnIUadnNaKolmI0J88RDE/3oaCaP3K28t",
    f"{TABLER}/tabler.min.css": "tT2UAGE9hxG/p5d0iGIvZ/s8El3nWWG3tfG02i8iOY5Pbf8cZZRVmcrrVs+JG5Vw",
}
STYLES = (
    "tokens", "contrast", "shell", "page", "summary", "table", "money", "status", "identifier",
    "facts", "notice", "form", "dialog", "progress", "chart", "pagination", "print",
)  # fmt: skip
SCRIPTS = (
    "relative-time", "strips", "copy", "panel", "polling", "announce", "shortcuts", "submit-once",
)  # fmt: skip


def asset(name: str) -> str:
    """Return the address of a static file, changing with its content so that it may be kept."""
    return f"{request.script_root}{current_app.static_url_path}/{name}?v={_digest(name)}"


# Asked for dozens of times a page: the files of a running process do not change.
@cache
def _digest(name: str) -> str:
    path = STATIC / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.exists() else "missing"
