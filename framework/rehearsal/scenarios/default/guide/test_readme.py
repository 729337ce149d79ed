import contextlib
import io
import os
import re
import shlex
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from tally.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
PROMPT = "$ tally "


def examples():
    """The examples of the README: the words of each command, and what it prints."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in block.split(PROMPT)[1:]:
            command, _, output = example.partition("\n")
            yield shlex.split(command), output


class Readme(unittest.TestCase):
    def test_every_command_has_an_example(self):
        self.assertEqual({words[0] for words, _ in examples()}, set(COMMANDS))

    def test_the_examples_print_what_the_readme_says(self):
        with tempfile.TemporaryDirectory() as folder:
            ledger = os.path.join(folder, "ledger.jsonl")
            with mock.patch.dict(os.environ, TALLY_LEDGER=ledger):
                for words, expected in examples():
                    with self.subTest(words=words):
                        self.assertEqual(self.tally(words), expected)

    def tally(self, words):
        out = io.StringIO()
        files = [str(ROOT / word) if word.startswith("examples/") else word for word in words]
        with contextlib.redirect_stdout(out):
            self.assertEqual(main(files), 0)
        return out.getvalue()

    def test_a_file_that_is_not_there_is_a_mistake_of_the_user(self):
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            self.assertEqual(main(["import", "nowhere.csv"]), 1)
        self.assertEqual(err.getvalue(), "tally: cannot read nowhere.csv: No such file or directory\n")
