"""Who holds a lease that a command took."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from framework.domain.claimant import Claimant, claimant

HEX = "0123456789abcdef"


@given(st.text(HEX, min_size=24, max_size=24), st.text(HEX, min_size=8, max_size=8), st.text())
def test_a_holder_names_its_claimant(session: str, nonce: str, name: str) -> None:
    """Whatever the name, dots and line breaks included, it comes back whole."""
    who = Claimant(session=session, nonce=nonce, name=name)
    assert claimant(who.holder) == who


def test_a_runs_holder_is_nobodys_claim() -> None:
    """Runs hold leases under random ids, which name no session."""
    assert claimant(str(uuid.uuid4())) is None
    assert claimant(uuid.uuid4().hex) is None
    assert claimant("") is None
