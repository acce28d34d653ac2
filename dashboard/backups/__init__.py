"""A base backup and the WAL in a folder, and a cluster put back from them to a moment."""
