"""`python -m benchmarks [name…]`: measure, print a table, write build/bench.json."""

import importlib
import pkgutil
import sys

import benchmarks
from benchmarks.product import product
from benchmarks.registry import BENCHMARKS, Figure
from benchmarks.report import show, write


def main() -> int:
    """Run the benchmarks named on the command line, or all; 1 when a bound is not kept."""
    load()
    wanted = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        print(f"No benchmark is called {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}.")
        return 2
    figures = [figure for figure in measure(wanted) if figure.name in wanted]
    show(figures)
    write(figures)
    return 0 if all(figure.is_kept for figure in figures) else 1


def measure(names: list[str]) -> list[Figure]:
    """Run each benchmark behind `names` once, each on a product of its own."""
    figures: list[Figure] = []
    for run in dict.fromkeys(BENCHMARKS[name] for name in names):
        with product() as app:
            figures += run(app)
    return figures


def load() -> None:
    """Import every module beside this one, so that its benchmarks register."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name != "__main__":
            importlib.import_module(f"benchmarks.{module.name}")


if __name__ == "__main__":
    sys.exit(main())
