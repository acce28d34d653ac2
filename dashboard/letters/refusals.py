"""Why a mail is not written."""


class NotNeeded(Exception):
    """There is nothing to send any more; the reason is for an admin to read."""


class Nobody(NotNeeded):
    """Nobody signs in with the address that a link was asked for."""
