import contextlib
import csv
import io
import os
import tempfile
import unittest

from tally.cli import main

NOTE = 'bread, "the good one"'


class Export(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger = ["--ledger", os.path.join(folder.name, "ledger.jsonl")]
        self.tally("add", "3.20", "food", NOTE, "--day", "2024-05-02")
        self.tally("add", "5", "fun", "--day", "2024-06-01")

    def tally(self, *argv):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(main([*argv, *self.ledger]), 0)
        return out.getvalue()

    def test_a_spreadsheet_reads_what_was_noted(self):
        rows = list(csv.DictReader(io.StringIO(self.tally("export"))))
        self.assertEqual([row["note"] for row in rows], [NOTE, ""])
        self.assertEqual([row["amount"] for row in rows], ["3.20", "5.00"])

    def test_one_month_can_be_exported(self):
        lines = self.tally("export", "--month", "2024-06").splitlines()
        self.assertEqual(lines, ["day,amount,category,note", "2024-06-01,5.00,fun,"])
