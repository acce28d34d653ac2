"""A worker is killed between noting a threshold and mailing it: told once, and never not at all."""

import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.budgets.models import BudgetAlert, BudgetLook
from dashboard.clock import utc_now
from dashboard.mail.models import Mail
from dashboard.transaction import transaction
from tests.budgets.support import budget, charge, member
from tests.factories import make_organization
from tests.support.environment import child_environment
from tests.support.services import Worker

pytestmark = pytest.mark.fault
PROGRAM = """
import os, signal
from dashboard.app import create_app
from dashboard.budgets import look
from dashboard.clock import utc_now
from dashboard.config import load_config
from dashboard.transaction import commit
with create_app(load_config()).app_context():
    moved = look.find_moved(0, most=100, now=utc_now())
    look.note_used(moved.organization_ids, now=utc_now(), is_mailed=True)
    if {commits}:
        commit()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def acme(db: SQLAlchemy) -> None:
    """An organization that has used 90% of its budget."""
    now = utc_now()
    with transaction():
        made = make_organization("acme", anchor=now - timedelta(days=1), now=now)
    member(made)
    budget(made, 10_000)
    charge(made, 9_000)


def killed(services: Worker, *, commits: bool) -> None:
    """Look, and be killed before or after the commit."""
    env = child_environment(services.database_url, services.redis_url)
    program = PROGRAM.format(commits=commits)
    ended = subprocess.run([sys.executable, "-c", program], env=env, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL


def rows(db: SQLAlchemy) -> list[int]:
    """Return how many alerts, looks and mails there are, as they are committed."""
    db.session.rollback()
    return [
        db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in (BudgetAlert, BudgetLook, Mail)
    ]


def test_a_kill_before_the_commit_leaves_all_of_it_to_be_found_again(
    db: SQLAlchemy, services: Worker
) -> None:
    killed(services, commits=False)
    assert rows(db) == [0, 0, 0]
    killed(services, commits=True)
    assert rows(db) == [3, 1, 1]


def test_a_kill_after_the_commit_has_told_it_and_nobody_tells_it_again(
    db: SQLAlchemy, services: Worker
) -> None:
    for _ in range(2):
        killed(services, commits=True)
        assert rows(db) == [3, 1, 1]
