import unittest

from tally import TallyError
from tally.money import parse, show


class Amounts(unittest.TestCase):
    def test_every_way_to_write_an_amount(self):
        for text, cents in [
            ("12", 1200),
            ("12.5", 1250),
            ("12.50", 1250),
            ("12,50", 1250),
            ("0.05", 5),
            (" 7 ", 700),
            ("-3.99", -399),
        ]:
            with self.subTest(text=text):
                self.assertEqual(parse(text), cents)

    def test_what_is_no_amount_is_refused(self):
        for text in ("", "abc", "12.345", "1.", ".5", "1 000", "1e3", "--1", "12.50 EUR"):
            with self.subTest(text=text), self.assertRaisesRegex(TallyError, "is no amount"):
                parse(text)

    def test_reading_what_was_shown_gives_the_same_cents(self):
        for cents in (0, 5, 99, 100, 1250, -1, -399, 123456789):
            with self.subTest(cents=cents):
                self.assertEqual(parse(show(cents)), cents)

    def test_large_amounts_stay_exact(self):
        self.assertEqual(show(parse("90071992547409.93")), "90071992547409.93")
