"""Drop the data of `make run`, unless it is running."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> str | None:
    """Remove the data directory; return the sentence that says why not."""
    data = ROOT / (os.environ.get("DATA_DIR") or ".data")
    if not (data / "lock").exists():
        return f"There is no data of `make run` in {data}." if data.exists() else None
    with (data / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return f"`make run` is running on {data}; stop it first."
        shutil.rmtree(data)
    print(f"Removed {data}")
    return None


if __name__ == "__main__":
    sys.exit(main())
