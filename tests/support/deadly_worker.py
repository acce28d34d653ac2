"""The worker pool, with tasks declared that end their worker."""

from dashboard.worker import main
from tests.support import deadly as _deadly  # noqa: F401  declares them

if __name__ == "__main__":
    main()
