"""Service standing: whether sub-systems go on serving an organization that has not paid.

Rules of an admin make it good, warned or suspended by what is past due; a person may set it apart
until a day. It tells, and stops nothing itself. See docs/decisions/service-standing.md.
"""
