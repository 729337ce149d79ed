import unittest
from datetime import date

from tally import TallyError
from tally.entry import Entry
from tally.report import Month, by_category, in_month

MAY = Month(2024, 5)
MAY_DAY = date(2024, 5, 1)


class Months(unittest.TestCase):
    def test_a_month_is_read_and_written_alike(self):
        self.assertEqual(Month.parse("2024-05"), MAY)
        self.assertEqual(str(MAY), "2024-05")

    def test_what_is_no_month_is_refused(self):
        for text in ("2024-13", "2024-00", "2024-5", "May", ""):
            with self.subTest(text=text), self.assertRaisesRegex(TallyError, "is no month"):
                Month.parse(text)

    def test_its_days_are_in_it_and_no_others(self):
        days = [date(2024, 4, 30), date(2024, 5, 1), date(2024, 5, 31), date(2023, 5, 1)]
        kept = in_month([Entry(day, 1, "food") for day in days], MAY)
        self.assertEqual([entry.day for entry in kept], days[1:3])


class Sums(unittest.TestCase):
    def test_the_largest_category_comes_first(self):
        spent = [("food", 300), ("rent", 900), ("food", 400), ("fun", 700)]
        sums = by_category(Entry(MAY_DAY, cents, name) for name, cents in spent)
        self.assertEqual(list(sums.items()), [("rent", 900), ("food", 700), ("fun", 700)])

    def test_a_refund_is_taken_off(self):
        sums = by_category([Entry(MAY_DAY, 500, "fun"), Entry(MAY_DAY, -200, "fun")])
        self.assertEqual(sums, {"fun": 300})

    def test_nothing_spent_is_no_category(self):
        self.assertEqual(by_category([]), {})
