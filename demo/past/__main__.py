"""`python -m demo.past`: make the months before today."""

from __future__ import annotations

import signal
import sys

from dashboard.app import create_app
from dashboard.config import load_config
from demo.api import ApiAway, ApiRefused
from demo.cast import ORGANIZATIONS
from demo.past.play import make_past
from demo.progress import progress
from demo.settings import demo_settings
from demo.stripe import StripeSaidNo


def main() -> int:
    """Make what is missing; 0 even when it is not complete, for the rest of the demo can be."""
    # The simulator's clock is put right again whoever ends us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    config = load_config()
    settings = demo_settings(config)
    with create_app(config).app_context():
        try:
            make_past(settings, ORGANIZATIONS, tell=progress)
        except (ApiAway, ApiRefused, StripeSaidNo) as error:
            sys.stdout.write(f"The past is not complete. The next start continues. {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
