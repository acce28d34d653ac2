"""What pages read: rows as the database has them, in as few statements as may be.

A page only shows. It needs no objects that a session would keep, compare and write back, and none
of the locks that a change needs. Every read model of a page belongs here; what decides, in the
rooms below.
"""
