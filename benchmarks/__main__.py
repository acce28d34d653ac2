"""`python -m benchmarks [name…]`: measure, print a table, write build/bench.json."""

import importlib
import pkgutil
import sys
import traceback
from time import monotonic

import benchmarks
from benchmarks.product import product
from benchmarks.registry import BENCHMARKS, Benchmark, Figure
from benchmarks.report import show, write


def main() -> int:
    """Run the benchmarks named on the command line, or all; 1 when a bound is not kept.

    Each one's figures are printed and written as soon as they are known: all of them take forty
    minutes, and one that fails must not take those before it along.
    """
    load()
    wanted = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        print(f"No benchmark is called {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}.")
        return 2
    figures: list[Figure] = []
    is_whole = True
    for run in dict.fromkeys(BENCHMARKS[name] for name in wanted):
        try:
            found = [figure for figure in measure(run) if figure.name in wanted]
        except Exception:
            is_whole = False
            print(f"{run.__name__} failed:")
            traceback.print_exc()
        else:
            figures += found
            show(found)
            write(figures)
    return 0 if is_whole and all(figure.is_kept for figure in figures) else 1


def measure(run: Benchmark) -> list[Figure]:
    """Run one benchmark on a product of its own."""
    began = monotonic()
    with product() as app:
        figures = list(run(app))
    print(f"\n{run.__name__}, in {monotonic() - began:.0f} s", flush=True)
    return figures


def load() -> None:
    """Import every module beside this one, so that its benchmarks register."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name != "__main__":
            importlib.import_module(f"benchmarks.{module.name}")


if __name__ == "__main__":
    sys.exit(main())
