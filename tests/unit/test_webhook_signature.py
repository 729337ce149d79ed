"""Signatures of webhooks: what every forge sends, and what anybody could."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.webhooks.signature import SCHEMES, verify

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "a secret that nobody guesses"
BODY = '{"action": "opened", "title": "Größe"}'.encode()
KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def digest(body: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def linear(at: Any, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"type": "Issue", "webhookTimestamp": at}).encode()
    return body, {"linear-signature": digest(body, secret)}


def standard(at: datetime, body: bytes = BODY, name: str = "msg_1") -> dict[str, str]:
    seconds = str(int(at.timestamp()))
    signed = f"{name}.{seconds}.".encode() + body
    code = base64.b64encode(hmac.new(base64.b64decode(KEY), signed, hashlib.sha256).digest())
    return {
        "webhook-id": name,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,AAAA v2,zzz v1,{code.decode()}",
    }


GOOD = {
    "github": ("github", {"x-hub-signature-256": f"sha256={digest()}"}),
    "gitea": ("gitea", {"x-gitea-signature": digest()}),
    "gitea as github": ("gitea", {"x-hub-signature-256": f"sha256={digest()}"}),
    "forgejo": ("forgejo", {"x-forgejo-signature": digest(), "x-gitea-signature": "0"}),
    "gitlab's token": ("gitlab", {"x-gitlab-token": SECRET}),
    "bare": ("hmac", {"x-signature-256": digest()}),
    "capitals": ("hmac", {"x-signature-256": f"sha256={digest().upper()}"}),
    "jira": ("hmac", {"x-hub-signature": f"sha256={digest()}"}),
}


@pytest.mark.parametrize(("scheme", "headers"), GOOD.values(), ids=GOOD)
def test_what_the_forge_signs_is_good(scheme: str, headers: dict[str, str]) -> None:
    """Each scheme takes its own forge's headers."""
    assert verify(scheme, SECRET, headers, BODY, NOW)


@pytest.mark.parametrize(("scheme", "headers"), GOOD.values(), ids=GOOD)
def test_another_secret_is_not(scheme: str, headers: dict[str, str]) -> None:
    """Neither a wrong secret nor an empty one fits, whatever was sent."""
    assert not verify(scheme, SECRET + "x", headers, BODY, NOW)
    assert not verify(scheme, "", headers, BODY, NOW)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_is_no_signature(scheme: str) -> None:
    """Without headers, and with empty ones, nothing passes."""
    assert not verify(scheme, SECRET, {}, BODY, NOW)
    names = {name for _, headers in GOOD.values() for name in headers}
    assert not verify(scheme, SECRET, dict.fromkeys(names, ""), BODY, NOW)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_empty_secret_signs_nothing(scheme: str) -> None:
    """Not even what was signed with it: anybody could."""
    body, headers = linear(int(NOW.timestamp() * 1000), secret="")
    code = digest(body, secret="")
    headers |= {"x-hub-signature-256": f"sha256={code}", "x-gitea-signature": code}
    headers |= {"x-forgejo-signature": code, "x-signature-256": code, "x-gitlab-token": ""}
    assert not verify(scheme, "", headers, body, NOW)


SIGNED = [one for name, one in GOOD.items() if name != "gitlab's token"]


@pytest.mark.parametrize(("scheme", "headers"), SIGNED)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        BODY + b"\n",
        BODY[:-1],
        BODY.replace(b": ", b":"),
        json.dumps(json.loads(BODY)).encode(),
    ],
)
def test_only_the_bytes_that_were_sent(scheme: str, headers: dict[str, str], body: bytes) -> None:
    """The same JSON in other bytes is not what was signed."""
    assert not verify(scheme, SECRET, headers, body, NOW)


@pytest.mark.parametrize(
    "value",
    [
        digest(),  # without the name of the digest
        f"sha1={hmac.new(SECRET.encode(), BODY, 'sha1').hexdigest()}",
        f"sha256={digest()[:-1]}",
        f"sha256={digest()}0",
        f"sha256={digest()} {digest()}",
        f"sha256=sha256={digest()}",
        "sha256=",
        "sha256=" + "é" * 64,
        "sha256=\udcff",
        "sha256=" + "0" * 64,
    ],
)
def test_github_says_sha256(value: str) -> None:
    """Another digest, a part, two, none, and what is no ASCII: refused, and no exception."""
    assert not verify("github", SECRET, {"x-hub-signature-256": value}, BODY, NOW)


def test_an_older_header_does_not_help() -> None:
    """A wrong signature is not made good by another header that anybody could add."""
    wrong = {"x-forgejo-signature": "0" * 64, "x-hub-signature-256": f"sha256={digest()}"}
    assert not verify("forgejo", SECRET, wrong, BODY, NOW)
    sha1 = hmac.new(SECRET.encode(), BODY, "sha1").hexdigest()
    assert not verify("github", SECRET, {"x-hub-signature": f"sha1={sha1}"}, BODY, NOW)


@pytest.mark.parametrize("skew", [-60, -59, 0, 59, 60])
def test_linear_is_fresh_for_a_minute(skew: int) -> None:
    """Linear signs the time, which may be a minute off."""
    body, headers = linear(int((NOW + timedelta(seconds=skew)).timestamp() * 1000))
    assert verify("linear", SECRET, headers, body, NOW)


@pytest.mark.parametrize(
    "at",
    [
        int((NOW - timedelta(seconds=61)).timestamp() * 1000),
        int((NOW + timedelta(seconds=61)).timestamp() * 1000),
        int(NOW.timestamp()),
        10**400,
        "soon",
        None,
        -1,
        [],
    ],
)
def test_linear_is_old_after_it(at: Any) -> None:
    """What was signed for another time, or for none, is refused."""
    body, headers = linear(at)
    assert not verify("linear", SECRET, headers, body, NOW)


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b"{}", b"no JSON", b"[" * 100_000])
def test_linear_without_a_time(body: bytes) -> None:
    """A signed body of another shape is refused, and is no exception."""
    assert not verify("linear", SECRET, {"linear-signature": digest(body)}, body, NOW)


def test_gitlabs_signing_key() -> None:
    """With a `whsec_` key the signature over name, time and body counts, and no plain token."""
    secret = f"whsec_{KEY}"
    assert verify("gitlab", secret, standard(NOW), BODY, NOW)
    assert not verify("gitlab", secret, standard(NOW), BODY + b" ", NOW)
    assert not verify("gitlab", secret, {**standard(NOW), "webhook-id": "msg_2"}, BODY, NOW)
    assert not verify("gitlab", secret, standard(NOW - timedelta(minutes=6)), BODY, NOW)
    assert not verify("gitlab", secret, {"x-gitlab-token": secret}, BODY, NOW)
    assert not verify("gitlab", "whsec_not base64", standard(NOW), BODY, NOW)


@given(st.sampled_from(sorted(SCHEMES)), st.dictionaries(
    st.sampled_from(["x-hub-signature-256", "x-gitea-signature", "x-gitlab-token",
                     "linear-signature", "webhook-signature", "webhook-timestamp", "webhook-id",
                     "x-signature-256"]), st.text()), st.binary())  # fmt: skip
def test_no_header_and_no_body_is_an_exception(
    scheme: str, headers: dict[str, str], body: bytes
) -> None:
    """Whatever a stranger sends is refused."""
    assert not verify(scheme, SECRET, headers, body, NOW)
    assert not verify(scheme, f"whsec_{KEY}", headers, body, NOW)
