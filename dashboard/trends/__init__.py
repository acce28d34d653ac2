"""How the whole does over a day: a few figures, noted every few minutes."""
