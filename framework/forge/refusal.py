"""What GitHub's no means: one clear sentence and the way out, for every kind of it.

The class of a refusal comes from `domain.trouble.of_forge`, by typed facts only. What GitHub
says in prose is used for the sentence, never for the class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..domain.frozen import dataclass
from ..domain.trouble import ForgeFacts, Kind, Trouble, of_forge
from .away import in_trouble, limited
from .scopes import missing_scopes, scopes_of

_FINE = "x-accepted-github-permissions"
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked: `what` as in "GET repos/o/r", of the server at `url` (as people open it),
    with the token of `login`, "" where that is not known."""

    what: str
    url: str
    login: str = ""

    @property
    def token(self) -> str:
        return f"the token of {self.login}" if self.login else "the token"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """`code` is the API's own word, "" where it used none; `text` says what to do."""

    trouble: Trouble
    code: str
    text: str


def of_answer(
    asked: Asked, status: int, headers: Mapping[str, str], data: Any, now: datetime
) -> Refusal:
    """Of an answer to REST with a status of 400 or more, or a redirect that was not followed.
    `data` is its JSON, None where it is none."""
    body = data if isinstance(data, Mapping) else {}
    code = _code(body)
    facts = ForgeFacts(
        status=404 if 300 <= status < 400 else status,
        headers=headers,
        document=str(body.get("documentation_url") or ""),
        why=_said(body) or f"HTTP {status}",
    )
    trouble = of_forge(facts, now)
    said = _Said(asked=asked, status=status, headers=headers, body=body)
    return Refusal(trouble=trouble, code=code, text=_sentence(said, trouble))


def of_error(
    asked: Asked, error: Mapping[str, Any], headers: Mapping[str, str], now: datetime
) -> Refusal:
    """Of one entry of GraphQL's `errors`."""
    code = _graph_code(error)
    # An error that points nowhere is the server's own trouble, or a limit where it says how long
    # to wait; any other one is a refusal, also with a word that is not known here.
    status = 422
    if _is_nowhere(error):
        status = 429 if "retry-after" in headers else 500
    why = _short(error.get("message"))
    trouble = of_forge(ForgeFacts(status=status, headers=headers, code=code, why=why), now)
    return Refusal(trouble=trouble, code=code, text=_graph_sentence(asked, code, trouble, headers))


def errors_in(data: Any) -> list[Mapping[str, Any]]:
    """GraphQL's `errors`; an answer that has neither these nor data has one."""
    found = data.get("errors") if isinstance(data, Mapping) else None
    errors = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    is_nothing = not errors and not (isinstance(data, Mapping) and data.get("data"))
    return [{"message": "an answer without data"}] if is_nothing else errors


def of_errors(asked: Asked, data: Any, headers: Mapping[str, str], now: datetime) -> list[Refusal]:
    """Of all of them."""
    return [of_error(asked, one, headers, now) for one in errors_in(data)]


def _is_nowhere(error: Mapping[str, Any]) -> bool:
    """Whether an error of GraphQL names neither a class nor a place."""
    return not any(error.get(key) for key in ("type", "path", "locations", "extensions"))


@dataclass(frozen=True, kw_only=True)
class _Said:
    asked: Asked
    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]


def _sentence(said: _Said, trouble: Trouble) -> str:
    match trouble.kind:
        case Kind.AUTHENTICATION:
            return unaccepted(said.asked.url)
        case Kind.FORBIDDEN:
            return _forbidden(said)
        case Kind.NOT_FOUND:
            return _not_found(said)
        case Kind.CONFLICT:
            return f"{_refused(said)} Look at what is there now, then try again."
        case Kind.UNPROCESSABLE | Kind.INVALID_REQUEST:
            return f"{_refused(said)} Change what was asked for; as it is it will not be accepted."
        case Kind.RATE_LIMIT:
            return limited(trouble.until)
        case _:
            return in_trouble(said.status, said.asked.url)


def unaccepted(url: str) -> str:
    return (
        "GitHub does not accept the token: it has expired, was revoked, or was not copied whole. "
        f"Make a new one at {url}/settings/tokens and set GITHUB_TOKEN to it."
    )


def _forbidden(said: _Said) -> str:
    asked, headers = said.asked, said.headers
    if address := _sso(headers):
        return (
            "The organisation asks for single sign-on, and the token is not authorised for it. "
            f"Open {address} , authorise it there, and try again."
        )
    if said.status == 451:
        return f"{asked.what} is blocked for legal reasons. {_block(said.body)}".strip()
    if "archived" in _said(said.body):
        return (
            "The repository is archived, so nothing in it can be changed. Unarchive it in its "
            "settings, or use another one."
        )
    return _missing(said) or (
        f"GitHub refused {asked.what}: {_said(said.body) or 'forbidden'}. Ask an owner of the "
        f"repository for the right, or use a token of somebody who has it."
    )


def _missing(said: _Said) -> str:
    """The scope or permission that the token lacks; "" where the headers show none."""
    asked = said.asked
    if wanted := said.headers.get(_FINE, "").strip():
        return (
            f"GitHub refused {asked.what}: {asked.token} lacks a permission ({wanted}). Add it to "
            f"the token at {asked.url}/settings/personal-access-tokens , or to the app."
        )
    lacking = missing_scopes(said.headers)
    if not lacking:
        return ""
    has = ", ".join(sorted(scopes_of(said.headers) or ())) or "none"
    one = sorted(lacking)[0]
    return (
        f"GitHub refused {asked.what}: it needs one of the scopes {', '.join(sorted(lacking))}, "
        f"and {asked.token} has {has}. Add it with `gh auth refresh -s {one}`, or at "
        f"{asked.url}/settings/tokens ."
    )


def _not_found(said: _Said) -> str:
    asked = said.asked
    if where := said.headers.get("location", "") if said.status < 400 else "":
        return (
            f"{asked.what} has moved to {where} , where this request does not follow. Use the new "
            "address."
        )
    if said.status == 410:
        return _gone(said)
    return _missing(said) or (
        f"GitHub does not find {_place(asked.what)}: it is not there, or {asked.token} may not see "
        f"it. Check the name, and that this account and its token may reach it{_private(said)}."
    )


def _gone(said: _Said) -> str:
    """What was there once. GitHub says the same of issues that are switched off."""
    why = _said(said.body)
    if "disabled" in why:
        return f"{why}. If they should be on, switch them on in its settings, under Features."
    return (
        f"GitHub refused {said.asked.what}: {why or 'it is gone'}. Nothing can be written to it "
        "any more; make a new one if it is still needed."
    )


def _place(what: str) -> str:
    """A repository as people name it, anything else by its path."""
    path = what.split(" ")[-1]
    root, _, name = path.partition("/")
    return f"the repository {name}" if root == "repos" and name.count("/") == 1 else path


def _private(said: _Said) -> str:
    """What a private repository would need; "" where the token has it, or names no scopes."""
    has = scopes_of(said.headers)
    if has is None or "repo" in has:
        return ""
    return (
        f"; a private repository needs the scope repo (it has {', '.join(sorted(has)) or 'none'})"
    )


def _graph_sentence(asked: Asked, code: str, trouble: Trouble, headers: Mapping[str, str]) -> str:
    why = f"{(trouble.why or code or 'no reason given').rstrip('.')}."
    if code == "INSUFFICIENT_SCOPES":
        has = ", ".join(sorted(scopes_of(headers) or ())) or "none"
        return (
            f"GitHub refused {asked.what}: {asked.token} lacks a scope (it has {has}): {why} "
            f"Add it with `gh auth refresh -s {_named_scope(why)}`, or at "
            f"{asked.url}/settings/tokens ."
        )
    match trouble.kind:
        case Kind.RATE_LIMIT:
            return limited(trouble.until)
        case Kind.SERVER:
            return f"GitHub has trouble of its own ({why.rstrip('.')}). Try again later."
        case Kind.NOT_FOUND:
            return f"{why} It is not there, or {asked.token} may not see it: check both."
        case Kind.FORBIDDEN:
            return f"GitHub refused {asked.what}: {why} Use a token that has this right."
        case Kind.CONFLICT:
            return f"GitHub refused {asked.what}: {why} Look at what is there now, then try again."
        case _:
            return f"GitHub refused {asked.what}: {why} Change what was asked for."


def _named_scope(why: str) -> str:
    """The first of those that GitHub names in its sentence, for a person to copy."""
    found = re.search(r"following scopes: \['([a-z_:]+)'", why)
    return found[1] if found else "SCOPE"


def _refused(said: _Said) -> str:
    details = _details(said.body)
    return f"GitHub refused {said.asked.what}: {details or _said(said.body) or said.status}."


def _details(body: Mapping[str, Any]) -> str:
    """`errors` of a 422, field by field."""
    errors = body.get("errors")
    if isinstance(errors, str):
        return _short(errors)
    entries = errors if isinstance(errors, list) else []
    return _short("; ".join(filter(None, (_detail(one) for one in entries))))


def _detail(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return str(entry)
    place = ".".join(str(entry[key]) for key in ("resource", "field") if entry.get(key))
    words = entry.get("message") or _MEANING.get(str(entry.get("code"))) or entry.get("code")
    return f"{place}: {words}" if place else str(words or "")


_MEANING = {
    "missing": "does not exist",
    "missing_field": "is needed and was not given",
    "invalid": "has a value that is not allowed",
    "already_exists": "is taken: another one has this value",
    "unprocessable": "cannot be used",
}


def _code(body: Mapping[str, Any]) -> str:
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("code") or "") if isinstance(first, Mapping) else ""


def _graph_code(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions")
    inner = extensions.get("code") if isinstance(extensions, Mapping) else ""
    return str(error.get("type") or inner or "")


def _said(body: Mapping[str, Any]) -> str:
    return _short(body.get("message")).rstrip(".")


def _short(text: Any) -> str:
    """One line, and not without end."""
    line = " ".join(str(text or "").split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _sso(headers: Mapping[str, str]) -> str:
    text = headers.get("x-github-sso", "")
    kind, _, rest = text.partition(";")
    return rest.strip().removeprefix("url=") if kind.strip() == "required" else ""


def _block(body: Mapping[str, Any]) -> str:
    block = body.get("block")
    address = block.get("html_url") if isinstance(block, Mapping) else ""
    return f"Read {address} ." if address else "Use another repository."
