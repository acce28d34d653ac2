"""`python -m dashboard.web`: the web server and its processes, with the settings of ours.

granian, and why: docs/decisions/web-server.md.
"""

import argparse

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from dashboard.config import load_config
from dashboard.logs import server_logs

# A request has a thread of its own while its body arrives; `Seats` says how many then run.
THREADS = 128
# Open connections, idle ones included: every open page keeps one. It costs some kB.
CONNECTIONS = 8192
# The request line and all headers together; cookies and a long search take four.
HEAD_BYTES = 64 * 1024
# A process that has grown beyond this is replaced; it takes 110 at the start.
MOST_MEMORY_MB = 1024


def main(application: str = "dashboard.served:application") -> None:
    """Serve until told to stop; then finish what has begun, for `--patience` seconds."""
    options = parser().parse_args()
    # Here, where a wrong setting ends us: a process that cannot start is replaced for ever.
    config = load_config()
    Server(
        application,
        factory=True,
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=options.workers or config.web_processes,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(max_buffer_size=HEAD_BYTES),
        # A process that dies is replaced; one that dies at every start ends us with an error.
        respawn_failed_workers=True,
        workers_max_rss=MOST_MEMORY_MB,
        workers_kill_timeout=options.patience,
        log_dictconfig=server_logs(),
    ).serve()


def parser() -> argparse.ArgumentParser:
    """Return what may be said on the command line."""
    every = argparse.ArgumentParser(prog="python -m dashboard.web", description=__doc__)
    every.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    every.add_argument("--port", type=int, default=8000)
    every.add_argument("--workers", type=int, help="number of processes (default: WEB_PROCESSES)")
    every.add_argument(
        "--patience", type=int, default=30, help="seconds to finish requests in progress"
    )
    return every


if __name__ == "__main__":
    main()
