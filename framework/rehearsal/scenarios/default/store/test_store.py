import tempfile
import unittest
from datetime import date
from pathlib import Path

from tally import TallyError
from tally.entry import Entry
from tally.store import Ledger

BREAD = Entry(date(2024, 5, 2), 320, "food", "bread")
RENT = Entry(date(2024, 5, 1), 90000, "home")
CHEESE = Entry(date(2024, 5, 2), 710, "food", "cheese")


class InAFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "ledger.jsonl"
        self.ledger = Ledger(self.path)


class Reading(InAFolder):
    def test_a_file_that_is_not_there_is_an_empty_ledger(self):
        self.assertEqual(self.ledger.entries(), [])

    def test_oldest_first_and_within_a_day_as_added(self):
        self.ledger.append([BREAD, RENT])
        self.ledger.append([CHEESE])
        self.assertEqual(self.ledger.entries(), [RENT, BREAD, CHEESE])

    def test_a_broken_line_is_named(self):
        self.ledger.append([BREAD])
        with self.path.open("a") as file:
            file.write('{"day": "2024-0')
        with self.assertRaisesRegex(TallyError, r"ledger\.jsonl, line 2: this is not JSON"):
            self.ledger.entries()


class Writing(InAFolder):
    def test_appending_leaves_what_is_there_as_it_is(self):
        self.ledger.append([RENT])
        before = self.path.read_bytes()
        self.ledger.append([BREAD, CHEESE])
        self.assertTrue(self.path.read_bytes().startswith(before))

    def test_a_place_that_cannot_be_written_is_a_mistake_of_the_user(self):
        with self.assertRaisesRegex(TallyError, "cannot write"):
            Ledger(self.path / "nowhere").append([RENT])
