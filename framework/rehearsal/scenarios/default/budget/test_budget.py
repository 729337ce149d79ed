import unittest

from tally import TallyError
from tally.budget import Line, compare, read_budget


class Budgets(unittest.TestCase):
    def test_empty_lines_and_remarks_are_passed_over(self):
        text = "# my plan\n\nfood = 250\n  rent=900,00\n"
        self.assertEqual(read_budget(text), {"food": 25000, "rent": 90000})

    def test_a_line_that_cannot_be_understood_is_named(self):
        for text in ("food 250", "= 250", "food = 1\nfood = 2", "food = much"):
            last = len(text.splitlines())
            with self.subTest(text=text), self.assertRaisesRegex(TallyError, f"line {last}: "):
                read_budget(text)


class Comparisons(unittest.TestCase):
    def test_what_is_left_of_each_category(self):
        lines = compare({"food": 20000}, {"food": 25000, "rent": 90000})
        self.assertEqual(lines, [Line("food", 20000, 25000), Line("rent", 0, 90000)])
        self.assertEqual([line.left for line in lines], [5000, 90000])

    def test_spending_without_a_budget_is_over_it(self):
        [line] = compare({"fun": 1}, {})
        self.assertTrue(line.is_over)

    def test_spending_all_of_it_is_not_over(self):
        [line] = compare({"fun": 500}, {"fun": 500})
        self.assertFalse(line.is_over)
