import unittest

from tally.table import lay_out


class Tables(unittest.TestCase):
    def test_text_stands_left_and_numbers_stand_right(self):
        lines = lay_out(
            ["category", "spent"], [["food", "9.50"], ["rent", "1200.00"]], right=["spent"]
        )
        self.assertEqual(
            lines,
            [
                "category    spent",
                "food         9.50",
                "rent      1200.00",
            ],
        )

    def test_no_line_ends_with_a_space(self):
        lines = lay_out(["day", "note"], [["2024-05-31", ""], ["2024-06-01", "soup"]])
        self.assertEqual(lines, ["day         note", "2024-05-31", "2024-06-01  soup"])

    def test_a_table_without_rows_is_its_header(self):
        self.assertEqual(lay_out(["day", "note"], []), ["day  note"])

    def test_a_row_of_another_length_is_a_defect_of_the_caller(self):
        with self.assertRaises(ValueError):
            lay_out(["day", "note"], [["2024-05-31"]])
