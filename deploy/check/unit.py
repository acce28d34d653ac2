"""A systemd unit, read: what it starts, as whom, where, and with which settings."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

PLACES = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
PLAIN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
VARIABLE = re.compile(r"^\$\{?([A-Z_]+)\}?$")


@dataclass(frozen=True)
class Unit:
    """A unit and what its [Service] says; of what may be said twice, all."""

    name: str
    settings: dict[str, list[str]] = field(default_factory=dict)

    def one(self, setting: str, otherwise: str = "") -> str:
        """Return the last value of a setting."""
        return self.settings.get(setting, [otherwise])[-1]

    def environment(self) -> dict[str, str]:
        """Return what its processes are told: nothing of ours."""
        found = dict(PLAIN)
        for line in self.settings.get("Environment", []):
            found |= dict(part.split("=", 1) for part in shlex.split(line))
        for path in self.settings.get("EnvironmentFile", []):
            found |= _file(path)
        return found

    def commands(self, which: str) -> list[list[str]]:
        """Return the commands of ExecStartPre, ExecStart or ExecReload, variables filled in."""
        known = self.environment()
        return [
            [part for word in shlex.split(line.lstrip("-@:+!")) for part in _filled(word, known)]
            for line in self.settings.get(which, [])
        ]


def read(name: str) -> Unit:
    """Return the unit of that name, an instance of a template included. Raises LookupError."""
    full = name if name.endswith(".service") else f"{name}.service"
    template = re.sub(r"@[^.]*\.", "@.", full)
    path = next((p / n for n in (full, template) for p in PLACES if (p / n).exists()), None)
    if path is None:
        raise LookupError(f"Unit {full} not found.")
    instance = full.partition("@")[2].removesuffix(".service")
    return Unit(full, _service(path.read_text().replace("%i", instance)))


def _service(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    section = ""
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("["):
            section = line.strip()
        elif section == "[Service]" and "=" in line and not line.startswith(("#", ";")):
            setting, value = line.split("=", 1)
            found.setdefault(setting.strip(), []).append(value.strip())
    return found


def _file(path: str) -> dict[str, str]:
    try:
        text = Path(path.removeprefix("-")).read_text()
    except FileNotFoundError:
        if path.startswith("-"):
            return {}
        raise
    lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    pairs = (line.split("=", 1) for line in lines)
    return {name.strip(): "".join(shlex.split(value)) for name, value in pairs}


def _filled(word: str, known: dict[str, str]) -> list[str]:
    variable = VARIABLE.match(word)
    return shlex.split(known.get(variable[1], "")) if variable else [word]


def is_alive(pid: int) -> bool:
    """Whether the process is there, and not only its grave."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False
