"""The worker pool: `python -m dashboard.worker --workers 2`."""

from __future__ import annotations

import argparse
import gc

from sqlalchemy.orm import configure_mappers

from dashboard.app import create_app
from dashboard.config import load_config
from dashboard.processes import WORKER
from jobs.declared import load_tasks
from jobs.pool import Pool
from jobs.restores import watch_at_start


def main() -> None:
    """Run the pool until it is told to stop; dead workers are replaced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, help="number of workers (default: WORKERS)")
    parser.add_argument("--burst", action="store_true", help="stop when the queues are empty")
    arguments = parser.parse_args()
    config = load_config()
    # Made before any worker is forked: each inherits the loaded code and the mappers, so it is
    # there at once, also in place of one that died, and collecting garbage copies none of it.
    app = create_app(config, WORKER)
    watch_at_start(app)
    load_tasks()
    configure_mappers()
    gc.collect()
    gc.freeze()
    pool = Pool(app, workers=arguments.workers or config.workers)
    pool.start(burst=arguments.burst, logging_level=config.log_level)


if __name__ == "__main__":
    main()
