"""The least that the same kind of work takes: what our figures are held against."""
