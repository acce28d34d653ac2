"""Bulk acts: one verb on many rows, in slices, each row once; what failed says why."""
