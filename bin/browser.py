"""Find Chromium, or install Debian's when we may; `python bin/browser.py` prints its path."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-liberation")
MISSING = (
    "No Chromium here, so the browser tests do not run. Install it "
    "(`apt-get install chromium`, as root) or name one: CHROMIUM=/path/to/chromium make test."
)


def find() -> str | None:
    """Return the path of a Chromium, the one in $CHROMIUM first; None if there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


def install() -> None:
    """Install Debian's Chromium when we are root on a machine that has apt."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        command = ["apt-get", "-qq", *arguments]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    """Print where the browser is; say so when there is none, which in CI is a failure."""
    if find() is None:
        print("Installing Chromium", flush=True)
        install()
    path = find()
    print(path or MISSING)
    return 1 if path is None and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
