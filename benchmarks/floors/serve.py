"""`python -m benchmarks.floors.serve`: the bare route, served as the product is."""

from typing import Any

from dashboard import web


class Floor(web.Server):
    """The product's server, for another application."""

    def __init__(self, _target: str, **options: Any) -> None:
        super().__init__("benchmarks.floors.bare:application", **options)


if __name__ == "__main__":
    web.Server = Floor  # type: ignore[misc]
    web.main()
