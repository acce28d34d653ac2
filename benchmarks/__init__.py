"""Measurements, each with a bound or with a floor measured in the same run; `make bench`."""
