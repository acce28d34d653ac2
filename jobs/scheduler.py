"""The scheduler process: `python -m jobs.scheduler`. Two of them running is safe."""

from __future__ import annotations

from time import monotonic
from typing import Any

from redis import Redis
from rq_scheduler import Scheduler

from dashboard.config import load_config
from dashboard.logs import configure_logs
from jobs.schedule import reconcile

POLL_SECONDS = 1
# A crash between two Redis commands of rq-scheduler can lose an entry; this brings it back.
HEAL_SECONDS = 60


class HealingScheduler(Scheduler):  # type: ignore[misc]  # the library has no types
    """rq-scheduler that reconciles the declared table at its start and once a minute."""

    healed_at = float("-inf")

    def enqueue_jobs(self) -> Any:
        """Queue what is due, after a look whether everything declared is there."""
        if monotonic() - self.healed_at >= HEAL_SECONDS:
            reconcile(self)
            self.healed_at = monotonic()
        return super().enqueue_jobs()


def main() -> None:
    """Run until told to stop."""
    config = load_config()
    configure_logs(config.log_level)
    HealingScheduler(connection=Redis.from_url(config.redis_url), interval=POLL_SECONDS).run()


if __name__ == "__main__":
    main()
