import contextlib
import io
import types
import unittest

from tally import TallyError, __version__
from tally.cli import main


def refuse(options):
    raise TallyError("no such month")


def command(run):
    return types.SimpleNamespace(HELP="Try it.", arguments=lambda parser: None, run=run)


COMMANDS = {"greet": command(lambda options: ["hello", "again"]), "fail": command(refuse)}


def tally(*argv):
    """The exit code, and what was printed to standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(argv, COMMANDS)
        except SystemExit as end:
            code = end.code
    return code, out.getvalue(), err.getvalue()


class CommandLine(unittest.TestCase):
    def test_a_command_prints_its_lines(self):
        self.assertEqual(tally("greet"), (0, "hello\nagain\n", ""))

    def test_a_mistake_of_the_user_is_one_line(self):
        self.assertEqual(tally("fail"), (1, "", "tally: no such month\n"))

    def test_the_version(self):
        self.assertEqual(tally("--version"), (0, f"tally {__version__}\n", ""))

    def test_a_wrong_command_line_ends_with_2(self):
        self.assertEqual(tally()[0], 2)
        self.assertEqual(tally("sing")[0], 2)
