"""What happens between the page's blocks: who does what by hand, and what has to hold by then."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.accounts.permissions import SCOPES
from deploy.check import attacks, certificates, newer, stripe
from deploy.check.connections import held
from deploy.check.installation import Installation, browser, until
from deploy.check.load import Load
from deploy.check.odd_requests import odd_requests
from deploy.check.people import Person, link_in
from deploy.check.room import ROOT
from deploy.check.shell import Shell

HOST = "billing.example.com"
ADDRESS = f"https://{HOST}"
ADMIN, SUPPORT, CUSTOMER = "admin@example.com", "support@example.com", "customer@example.com"
# Of two processes of the web, five of workers, the scheduler and commands: docs/operating.md.
BUDGET = 81
MIGRATION = '''"""Of the next release"""

import sqlalchemy as sa
from alembic import op

revision = "9999_of_the_check"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("of_the_check", sa.Text()))


def downgrade() -> None:
    op.drop_column("organizations", "of_the_check")
'''


@dataclass
class Story:
    """The people, the token, and what was seen; the figures are printed at the end."""

    scratch: Path
    shell: Shell
    figures: dict[str, str] = field(default_factory=dict)
    usage: int = 12_500

    def __post_init__(self) -> None:
        """Nobody is there yet, and nothing asked."""
        self.authority = str(self.scratch / "ca.pem")
        self.site = Installation(ADDRESS, self.authority)
        self.admin, self.customer = (Person(ADDRESS, self.authority) for _ in range(2))

    def what_only_you_know(self) -> str:
        """Return the reader's own settings."""
        repository = self.scratch / "repository"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(repository)], check=True)
        certificate, key = certificates.make(self.scratch, HOST)
        return (
            f"set -euo pipefail\numask 022\nREPOSITORY={repository}\nHOST={HOST}\n"
            f"CERTIFICATE={certificate}\n"
            f"CERTIFICATE_KEY={key}\nSTRIPE_API_KEY={stripe.KEY}\n"
            f"STRIPE_WEBHOOK_SECRET={stripe.SECRET}\nADMIN={ADMIN}"
        )

    def after_packages(self) -> None:
        """Begin with a cluster as Debian makes it, whatever this machine had."""
        self.shell.say(
            "for old in $(pg_lsclusters -h | awk '{print $1\"/\"$2}'); do "
            "pg_dropcluster --stop ${old%/*} ${old#*/}; done; "
            "pg_createcluster $(ls /usr/lib/postgresql | sort -n | tail -1) main"
        )
        stripe.start(self.scratch, ADDRESS)

    def after_settings(self) -> None:
        """Speak with the simulator instead of Stripe."""
        self.shell.say(f"echo \"STRIPE_API_BASE='{stripe.BASE}'\" >> /etc/billing/environment")

    def after_processes(self) -> None:
        """See that each unit reads well, and how far it is confined."""
        units = sorted(Path("/etc/systemd/system").glob("billing-*.service"))
        names = [str(unit).replace("@.", "@8001.") for unit in units]
        self.shell.say(f"systemd-analyze verify --man=no {' '.join(names)}")
        said = self.shell.say(
            f"for unit in {' '.join(map(str, units))}; do "
            "systemd-analyze security --offline=yes --no-pager $unit | tail -1; done"
        )
        levels = [float(found) for found in re.findall(r": ([0-9.]+) ", said)]
        assert len(levels) == len(units), said
        assert max(levels) < 2.0, said
        self.figures["exposure of the units"] = f"{max(levels)} of 10 at most"

    def after_first_admin(self, said: str) -> None:
        """The admin comes in by the link, and invites somebody of the support."""
        self.admin.accept(link_in(said), "Ada")
        Person(ADDRESS, self.authority).accept(self.admin.invite(SUPPORT, "support"), "Sam")
        self.site.token = self.admin.make_token(list(SCOPES))
        self.figures["doctor"] = "nothing to mend"

    def after_first_draft(self) -> None:
        """Ledger and simulator say the same; a customer comes in and sees it."""
        (draft,) = stripe.ask("/v1/invoices?status=draft")["data"]
        ledger = self.site.api("organizations/acme/current-invoice")
        assert draft["total"] == ledger["total_cents"] == 6250, (draft["total"], ledger)
        self.figures["first draft"] = f"{draft['total']} cents at Stripe and here"
        self.customer.accept(self.admin.invite(CUSTOMER, "customer", "acme"), "Carla")
        assert "$62.50" in self.customer.open("/organizations/acme").text
        self.site.wait_for_no_event()
        (cookie,) = (one for one in self.customer.browser.cookies if "session" in one.name)
        assert (cookie.name, cookie.secure) == ("__Host-session", True), cookie
        front = attacks.Front(HOST, authority=self.authority)
        bare = attacks.Front(HOST, port=8001)
        self.figures |= dict(attacks.tried(front, (*attacks.ALL, odd_requests)))
        for what, seen in attacks.tried(bare, (*attacks.BARE, odd_requests)):
            self.figures[f"without the front: {what}"] = seen

    def before_release(self) -> None:
        """Put a migration into the repository."""
        repository = self.scratch / "repository"
        versions = repository / "migrations" / "versions"
        head = max(path.stem for path in versions.glob("0*.py"))
        (versions / "9999_of_the_check.py").write_text(MIGRATION.format(head=head))
        git = [
            "git",
            "-C",
            str(repository),
            "-c",
            "user.name=check",
            "-c",
            "user.email=check@example.com",
        ]
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", "Of the next release"], check=True)

    def after_release(self, load: Load, connections: int) -> None:
        """Nobody noticed, and the new code serves."""
        assert load.failed == [], load.failed[:5]
        assert connections <= BUDGET, connections
        self.figures["connections meanwhile"] = f"{connections} at most, of a budget of {BUDGET}"
        counts = ", ".join(f"{count} {name}s" for name, count in sorted(load.answers.items()))
        self.figures["rolling release with a migration"] = (
            f"{len(load.failed)} of {load.asked} requests failed ({counts}); "
            f"the slowest took {load.slowest:.2f} s"
        )
        self.figures["a secret in an address"] = self.seen_of_a_secret()
        state = self.site.ready(8001)
        assert (state["status"], state["migrations"]) == ("ready", "ok"), state
        self.usage += load.recorded
        assert self.site.usage() == self.usage
        self.figures["usage accepted meanwhile"] = f"{load.recorded} records, all on the bill"

    def seen_of_a_secret(self) -> str:
        """Follow links while a process is away, which nginx logs; say in which logs they are."""
        secret = "a-secret-that-opens-something"  # noqa: S105  it opens nothing
        self.shell.say("systemctl stop billing-web@8001")
        for number in range(8):
            page = ("invitation", "password")[number % 2]
            browser(self.authority).get(f"{ADDRESS}/{page}?secret={secret}-{number}", timeout=20)
        self.shell.say("systemctl start billing-web@8001")
        self.site.wait_until_ready()
        logs = [*Path("/var/log/nginx").glob("*.log"), *(self.scratch / "log").glob("*.log")]
        telling = [str(path) for path in logs if secret in path.read_text(errors="replace")]
        assert telling == [], telling
        return f"in none of {len(logs)} logs"

    def after_backups(self) -> None:
        """A newer PostgreSQL takes the dump, and the product serves the same bill from it."""
        with newer.served_from_newer(self.scratch) as version:
            self.site.wait_until_ready([newer.PORT])
            assert self.site.beside(newer.PORT).usage() == self.usage
        self.figures[f"dump, on PostgreSQL {version}"] = "the same bill"

    def after_restoring(self) -> None:
        """What was acknowledged is there, and goes on."""
        self.site.wait_until_ready()
        assert self.site.usage() == self.usage
        self.customer.open("/organizations/acme")
        self.figures["dump and restore"] = "the same bill"

    def after_watching(self) -> None:
        """Prometheus reads both processes."""

        def reads_both() -> bool:
            query = {"query": 'sum(up{job="billing"})'}
            url = "http://127.0.0.1:9090/api/v1/query"
            asked = browser(self.authority).get(url, params=query, timeout=5)
            found = asked.json()["data"]["result"]
            return bool(found[0]["value"][1] == "2")

        until(reads_both, "Prometheus")
        self.figures["Prometheus"] = "reads both processes"

    def after_pooler(self) -> None:
        """Behind a pooler in transaction mode the bill is the same, and moves."""
        self.site.report("pooled", 10)
        self.usage += 10
        assert self.site.usage() == self.usage
        self.figures["behind PgBouncer"] = f"the same bill, over {held()} connections"
        logs = [json.loads(line) for line in self.lines_of_logs()]
        errors = sum(one["level"] in ("error", "critical") for one in logs)
        self.figures["logs"] = f"{len(logs)} lines, all JSON, {errors} of errors"

    def lines_of_logs(self) -> Iterator[str]:
        """Yield all that the product's processes printed, on standard error too."""
        for path in sorted((self.scratch / "log").glob("billing-*.log")):
            yield from path.read_text().splitlines()
