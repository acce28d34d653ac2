"""What `make run` tells the person who started it."""

import os
import sys
from pathlib import Path

from demo.settings import PASSWORD_FILE
from demo.up.settings import ROOT, Settings

WIDTH = 12


def say(text: str = "") -> None:
    """Print a line; a terminal that is gone does not matter any more."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:
        # The terminal was closed: what is left to do, stopping, is done in silence.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  until we end


def state(name: str, word: str, note: str = "") -> None:
    """Print the one line of state of a part."""
    say(f"  {name:<{WIDTH}} {word:<8} {note}".rstrip())


def welcome(settings: Settings, sign_ins: str, *, seconds: float) -> None:
    """Print the address and who can sign in, last, where the eye is."""
    say()
    say(f"  Ready after {seconds:.0f} s")
    say(f"  Open {settings.address}")
    if sign_ins:
        say()
        for line in sign_ins.splitlines():
            say(f"  {line}")
        say(f"  {'password':<9} {_password(settings)}")
    if settings.demo and settings.own_stripe:
        say()
        say(f"  Mails: {settings.simulator_address}/_simulator/mails")
    say()
    say(f"  Logs: {short(settings.log('web').parent)}/<part>.log    Stop: Ctrl-C")


def _password(settings: Settings) -> str:
    """Return the password of the demo users, from the file that only we can read."""
    kept = settings.data / PASSWORD_FILE
    return kept.read_text() if kept.exists() else f"not created yet; it will be in {short(kept)}"


def short(path: Path) -> str:
    """Return the path as one would type it from the clone."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
