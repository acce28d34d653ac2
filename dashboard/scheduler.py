"""The clock's process: `python -m dashboard.scheduler`. Two of them running is safe."""

from __future__ import annotations

from dashboard.app import create_app
from dashboard.config import load_config
from dashboard.processes import SCHEDULER
from jobs.clock import run
from jobs.folder import Folder
from jobs.restores import watch_at_start


def main() -> None:
    """Run until told to stop, and fold usage meanwhile."""
    app = create_app(load_config(), SCHEDULER)
    watch_at_start(app)
    folder = Folder(app)
    folder.start()
    try:
        run(app)
    finally:
        folder.stop()


if __name__ == "__main__":
    main()
