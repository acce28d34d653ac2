"""Everything that happened to one organization, newest first, read from what is kept already.

There is no log of its own: each source (`sources`) reads one that exists by an index of the
organization and the instant, as many rows as one page takes, and `read` puts them in one order.
A kind of thing that a later part keeps adds a source. See docs/decisions/timeline.md.
"""
