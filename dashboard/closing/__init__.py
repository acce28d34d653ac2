"""Whether and when sealed bills are issued: pauses, and how far the close of all has come."""
