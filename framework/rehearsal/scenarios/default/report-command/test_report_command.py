import contextlib
import io
import os
import tempfile
import unittest
from datetime import date

from tally.cli import main


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger = ["--ledger", os.path.join(folder.name, "ledger.jsonl")]
        for amount, category, day in [
            ("3.20", "food", "2024-05-02"),
            ("900", "rent", "2024-05-01"),
            ("6.80", "food", "2024-05-31"),
            ("5", "fun", "2024-06-01"),
        ]:
            self.tally("add", amount, category, "--day", day)

    def tally(self, *argv):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.assertEqual(main([*argv, *self.ledger]), 0)
        return out.getvalue().splitlines()

    def test_the_largest_category_first_and_the_total_last(self):
        self.assertEqual(
            self.tally("report", "--month", "2024-05"),
            ["2024-05   spent", "rent     900.00", "food      10.00", "total    910.00"],
        )

    def test_a_month_without_expenses_has_a_total_of_nothing(self):
        self.assertEqual(self.tally("report", "--month", "2023-01")[1:], ["total     0.00"])

    def test_it_is_of_this_month_if_nothing_is_said(self):
        self.tally("add", "42", "gifts")
        today = date.today()
        self.assertEqual(self.tally("report")[0].split()[0], f"{today:%Y-%m}")
        self.assertIn("gifts", self.tally("report")[1])
