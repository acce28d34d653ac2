"""`python -m demo.traffic`: report usage until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import closing

from dashboard.config import load_config
from dashboard.logs import configure_logs
from demo.api import BillingApi
from demo.settings import demo_settings
from demo.traffic.reporter import Reporter


def main() -> int:
    """Run until told to stop; 1 when there is no demo to report for."""
    config = load_config()
    configure_logs(config.log_level)
    settings = demo_settings(config)
    if not settings.token_file.exists():
        sys.stderr.write("There is no token yet: run `python -m demo` first.\n")
        return 1
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with closing(BillingApi(settings.address, settings.token_file.read_text())) as api:
        Reporter(api, stopped).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
