import contextlib
import io
import os
import tempfile
import unittest
from unittest import mock

from tally.cli import main


class WithALedger(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "ledger.jsonl")
        ours = mock.patch.dict(os.environ, TALLY_LEDGER=self.path)
        ours.start()
        self.addCleanup(ours.stop)

    def tally(self, *argv):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(argv)
        return code, out.getvalue(), err.getvalue()


class AddAndList(WithALedger):
    def test_what_was_added_is_listed_oldest_first(self):
        self.tally("add", "12,50", "food", "soup", "of", "the", "day", "--day", "2024-05-31")
        self.tally("add", "900", "rent", "--day", "2024-05-01")
        self.assertEqual(
            self.tally("list")[1].splitlines(),
            [
                "day         amount  category  note",
                "2024-05-01  900.00  rent",
                "2024-05-31   12.50  food      soup of the day",
            ],
        )

    def test_a_list_can_be_of_one_category(self):
        self.tally("add", "3", "food", "--day", "2024-05-31")
        self.tally("add", "900", "rent", "--day", "2024-05-01")
        listed = self.tally("list", "--category", "food")[1]
        self.assertIn("food", listed)
        self.assertNotIn("rent", listed)

    def test_a_mistake_records_nothing(self):
        for words in (["abc", "food"], ["1", "eating out"], ["1", "food", "--day", "tomorrow"]):
            with self.subTest(words=words):
                code, out, err = self.tally("add", *words)
                self.assertEqual((code, out), (1, ""))
                self.assertRegex(err, r"\Atally: .+\n\Z")
        self.assertFalse(os.path.exists(self.path))

    def test_the_option_beats_the_environment(self):
        other = self.path + ".other"
        self.tally("add", "1", "food", "--ledger", other)
        self.assertTrue(os.path.exists(other))
        self.assertFalse(os.path.exists(self.path))
