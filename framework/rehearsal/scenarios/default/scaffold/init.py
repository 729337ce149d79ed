"""tally: an expense ledger for the command line."""

__version__ = "1.0"


class TallyError(Exception):
    """A mistake that the user can mend. Its text is for the user."""
