"""Signing in while Redis is away, in a process of its own: the limiter is bound to one store."""

import json
import subprocess
import sys

from tests.people import People
from tests.support.environment import child_environment
from tests.support.services import Worker

NOBODY_LISTENS = "redis://127.0.0.1:9/0"
SCRIPT = """
import json
from dashboard.app import create_app
from tests.pages import post
from tests.people import PASSWORD, browser_of

client = browser_of(create_app())
def sign_in(email, password):
    return post(client, "/session", email=email, password=password).status_code
guesses = [sign_in("support@example.com", f"guess {n}") for n in range(7)]
print(json.dumps([guesses, sign_in("admin@example.com", PASSWORD)]))
"""


def test_people_still_sign_in_and_guessing_is_still_stopped(
    services: Worker, people: People
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=child_environment(services.database_url, NOBODY_LISTENS),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    guesses, signed_in = json.loads(ran.stdout.splitlines()[-1])
    assert guesses == [422] * 6 + [429]
    assert signed_in == 303
