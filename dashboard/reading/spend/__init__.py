"""Money over time: what a bill came to day by day, and cycle by cycle."""
