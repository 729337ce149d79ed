"""What several commands have in common on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tally.store import Ledger


def ledger_option(parser: ArgumentParser) -> None:
    parser.add_argument("--ledger", metavar="FILE", help="the ledger (TALLY_LEDGER says the same)")


def ledger(options: Namespace) -> Ledger:
    """The option, else the environment, else a file in the home directory."""
    chosen = options.ledger or os.environ.get("TALLY_LEDGER")
    return Ledger(Path(chosen) if chosen else Path.home() / ".tally.jsonl")
