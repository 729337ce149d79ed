import unittest
from datetime import date

from tally import TallyError
from tally.entry import Entry
from tally.importer import read_statement

STATEMENT = """\
Date,Description,Amount,Category
2024-05-02,"Bakery, Main Street",-3.20,food
2024-05-03,Salary,2500.00,income
04.05.2024,Cinema,"-11,50",fun
"""


class Statements(unittest.TestCase):
    def test_spending_becomes_positive_and_income_is_left_out(self):
        self.assertEqual(
            read_statement(STATEMENT),
            [
                Entry(date(2024, 5, 2), 320, "food", "Bakery, Main Street"),
                Entry(date(2024, 5, 4), 1150, "fun", "Cinema"),
            ],
        )

    def test_a_row_that_cannot_be_understood_is_named(self):
        for row in ("2024-05-05,Bus,much,travel", "5/5/24,Bus,-2,travel", "2024-05-05,Bus"):
            with self.subTest(row=row), self.assertRaisesRegex(TallyError, "line 5: "):
                read_statement(STATEMENT + row + "\n")

    def test_a_missing_column_is_named(self):
        with self.assertRaisesRegex(TallyError, "no column amount and no column category"):
            read_statement("date,description\n")

    def test_an_empty_file_is_no_statement(self):
        with self.assertRaises(TallyError):
            read_statement("")
