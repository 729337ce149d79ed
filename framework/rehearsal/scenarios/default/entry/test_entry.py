import unittest
from datetime import date

from tally import TallyError
from tally.entry import Entry, from_line, parse_day, to_line

LUNCH = Entry(date(2024, 5, 31), 1250, "food", 'soup "du jour", café')


class Lines(unittest.TestCase):
    def test_writing_and_reading_back_gives_the_same_entry(self):
        self.assertEqual(from_line(to_line(LUNCH)), LUNCH)

    def test_a_line_is_one_line_that_people_can_read(self):
        line = to_line(LUNCH)
        self.assertNotIn("\n", line)
        self.assertIn("café", line)

    def test_what_is_no_entry_is_refused_with_the_reason(self):
        for line, reason in [
            ("soup", "not JSON"),
            ("[1]", "no JSON object"),
            ('{"day": "2024-05-31"}', "missing or unknown: category, cents, note"),
            (to_line(LUNCH).replace("1250", "12.5"), "whole number"),
            (to_line(LUNCH).replace("05-31", "05-32"), "no day"),
        ]:
            with self.subTest(line=line), self.assertRaisesRegex(TallyError, reason):
                from_line(line)


class Values(unittest.TestCase):
    def test_a_category_is_one_word(self):
        for category in ("", "eating out", "food\n"):
            with self.subTest(category=category), self.assertRaises(TallyError):
                Entry(date(2024, 5, 31), 1, category)

    def test_a_day_is_written_as_in_iso_8601(self):
        self.assertEqual(parse_day("2024-02-29"), date(2024, 2, 29))
        with self.assertRaisesRegex(TallyError, "'31.5.' is no day"):
            parse_day("31.5.")
