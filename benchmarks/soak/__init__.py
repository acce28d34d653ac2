"""A randomized soak of the whole product: `python -m benchmarks.soak --minutes 20 --seed 1`."""
