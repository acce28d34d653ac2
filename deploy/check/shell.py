"""The one bash in which the page's blocks run, one after the other, as if they were pasted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from deploy.check.page import Block

DONE = "@@done"
OUTSIDE = ("no_proxy", "CURL_CA_BUNDLE")


class Failed(SystemExit):
    """A block of the page did not work; the message has it with what it said."""


class Shell:
    """Runs blocks; those that need a network in the machine's own, with the reader's settings."""

    def __init__(self, environment: Mapping[str, str], network: int) -> None:
        self._environment, self._network = dict(environment), network
        self._known = ""
        self._bash = subprocess.Popen(
            ["bash"], env=self._environment, cwd="/", text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, block: Block, *, instead: str | None = None) -> str:
        """Run a block, or `instead` what only its reader knows; return what it said."""
        sys.stdout.write(f"-- {block.heading}\n")
        sys.stdout.flush()
        if block.kind == "sh yours":
            self._known += f"\n{instead}"
        if block.kind == "sh network":
            return self._with_network(block)
        return self.say(instead or block.text, block)

    def say(self, text: str, block: Block | None = None) -> str:
        """Type `text` and return what is answered. Raises Failed when the shell ended over it."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{text}\necho {DONE}\n")
        said: list[str] = []
        for line in self._bash.stdout:
            if line.strip() == DONE:
                return "".join(said)
            said.append(line)
        raise _failed(block, text, "".join(said))

    def _with_network(self, block: Block) -> str:
        apart = ["nsenter", f"--net=/proc/self/fd/{self._network}", "bash"]
        # Outside, the machine's own way out and authorities are right.
        outside = {name: os.environ[name] for name in OUTSIDE if name in os.environ}
        environment = {k: v for k, v in self._environment.items() if k not in OUTSIDE} | outside
        done = subprocess.run(
            apart, input=f"{self._known}\n{block.text}\n", env=environment, cwd="/",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            pass_fds=[self._network],
        )  # fmt: skip
        if done.returncode:
            raise _failed(block, block.text, done.stdout)
        return done.stdout


def _failed(block: Block | None, text: str, said: str) -> Failed:
    where = f"of “{block.heading}” " if block else ""
    return Failed(f"This {where}did not work:\n\n{text}\n\nIt said:\n{said[-4000:]}")
