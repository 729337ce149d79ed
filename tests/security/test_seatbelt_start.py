"""Whether a run starts where Seatbelt stands in for the box."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from framework import bootstrap
from framework.box import Seatbelt, has_seatbelt, programs
from framework.config import settings as config
from framework.domain.errors import NoBox

# Where the CLI has ended with an error, the SDK leaves its pipes to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*(Transport.__del__|FileIO)"
    ":pytest.PytestUnraisableExceptionWarning"
)
PATH = "/usr/local/bin:/usr/bin:/bin"


def settings(root: Path, **variables: str) -> config.Settings:
    (root / "p").mkdir()
    given = {"XDG_STATE_HOME": str(root / "s"), "PATH": PATH, **variables}
    return config.load(project=root / "p", variables=given)


@pytest.mark.skipif(has_seatbelt(), reason="this is a Mac")
def test_no_run_starts_where_it_cannot_be_tried(tmp_path: Path) -> None:
    """There is no `sandbox-exec` here, so checks would run without one: refused, in words, and
    nothing is left of the trial."""
    given = settings(tmp_path)
    with pytest.raises(NoBox, match="not tight, so no run is started") as error:
        bootstrap.refuse_openings(given, Seatbelt(programs(PATH), (given.state,)))
    assert "do what could not be tried" in str(error.value)
    assert list((given.state / "probe").iterdir()) == []
    gc.collect()


def test_a_closed_network_needs_the_box_of_linux(tmp_path: Path) -> None:
    """The CLI's own program cannot be kept from the network by its sandbox."""
    given = settings(tmp_path, NIGHTSHIFT_NETWORK="model-only")
    with pytest.raises(NoBox, match="needs bubblewrap"):
        bootstrap.refuse_openings(given, Seatbelt(programs(PATH)))
