"""REST: webhooks of a repository and their deliveries."""

from __future__ import annotations

from typing import Any

from .call import Call, Refusal, Reply, missing
from .pages import listed
from .records import Delivery, Hook
from .routes import route
from .shapes import repo_url, stamp

_HOOKS = "/repos/{owner}/{repo}/hooks"
_HOOK = _HOOKS + "/{hook_id}"
_MOST = 20


def _shape(call: Call, hook: Hook) -> dict[str, Any]:
    """The secret is never told again: only that there is one."""
    url = f"{repo_url(call.repo, call.base)}/hooks/{hook.id}"
    last = hook.deliveries[-1].status if hook.deliveries else None
    config = {"content_type": hook.content_type, "insecure_ssl": "0", "url": hook.url}
    return {
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": config | ({"secret": "********"} if hook.secret else {}),
        "updated_at": stamp(hook.updated_at),
        "created_at": stamp(hook.created_at),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {
            "code": last,
            "status": "unused" if last is None else "active",
            "message": None,
        },
    }


def _hook_of(call: Call) -> Hook:
    value = call.params["hook_id"]
    hook = call.repo.hooks.get(int(value) if value.isdecimal() else 0)
    if hook is None:
        raise missing("repos/webhooks#get-a-repository-webhook")
    return hook


@route("GET", _HOOKS, least="admin", area="webhooks", hidden=True)
def _list(call: Call) -> Reply:
    return listed(call, list(call.repo.hooks.values()), lambda one: _shape(call, one))


@route("POST", _HOOKS, least="admin", area="webhooks", hidden=True)
def _create(call: Call) -> Reply:
    """The same address with the same events is 422; a ping is delivered at once."""
    config = call.fields.get("config") or {}
    url, events = config.get("url"), list(call.fields.get("events") or ["push"])
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise _wrong("Invalid url", "url")
    for hook in call.repo.hooks.values():
        if hook.url == url and set(hook.events) == set(events):
            raise _wrong("Hook already exists on this repository")
    if len(call.repo.hooks) >= _MOST:
        raise _wrong(f'The "push" event cannot have more than {_MOST} hooks')
    number, _ = call.store.mint("hook")
    now = call.store.clock.second()
    hook = Hook(
        id=number,
        url=url,
        secret=config.get("secret"),
        events=events,
        content_type=config.get("content_type", "form"),
        active=bool(call.fields.get("active", True)),
        created_at=now,
        updated_at=now,
    )
    call.repo.hooks[number] = hook
    _ping(call, hook)
    return Reply(status=201, body=_shape(call, hook))


def _wrong(message: str, field: str = "") -> Refusal:
    error = {"resource": "Hook", "code": "custom", "message": message}
    page = "repos/webhooks#create-a-repository-webhook"
    place = {"field": field} if field else {}
    return Refusal(422, "Validation Failed", errors=[{**error, **place}], page=page)


def _ping(call: Call, hook: Hook) -> None:
    zen = "Keep it logically awesome."
    call.store.tell(call.repo, "ping", None, call.login, only=hook, zen=zen, hook_id=hook.id)


@route("PATCH", _HOOK, least="admin", area="webhooks", hidden=True)
def _change(call: Call) -> Reply:
    """A `config` that is sent replaces the old one: without a secret there is none any more."""
    hook, fields = _hook_of(call), call.fields
    if "config" in fields:
        config = fields["config"]
        hook.url, hook.secret = config.get("url", hook.url), config.get("secret")
        hook.content_type = config.get("content_type", hook.content_type)
    hook.events = fields.get("events", hook.events)
    hook.events = [*hook.events, *fields.get("add_events", [])]
    gone = fields.get("remove_events", [])
    hook.events = [one for one in dict.fromkeys(hook.events) if one not in gone]
    hook.active = fields.get("active", hook.active)
    hook.updated_at = call.store.clock.second()
    return Reply(body=_shape(call, hook))


@route("DELETE", _HOOK, least="admin", area="webhooks", hidden=True)
def _delete(call: Call) -> Reply:
    del call.repo.hooks[_hook_of(call).id]
    return Reply(status=204)


@route("GET", _HOOK + "/deliveries", least="admin", area="webhooks", hidden=True)
def _deliveries(call: Call) -> Reply:
    sent = _hook_of(call).deliveries[::-1]
    return listed(call, sent, lambda one: _delivery(call, one))


def _delivery(call: Call, one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": stamp(one.at),
        "redelivery": one.attempts > 1,
        "duration": 0.01,
        "status": "OK" if 200 <= one.status < 300 else "Invalid HTTP Response",
        "status_code": one.status,
        "event": one.event,
        "action": one.action,
        "installation_id": None,
        "repository_id": call.repo.id,
    }


@route(
    "POST",
    _HOOK + "/deliveries/{delivery_id}/attempts",
    least="admin",
    area="webhooks",
    hidden=True,
)
def _redeliver(call: Call) -> Reply:
    """The same guid and the same bytes once more."""
    hook = _hook_of(call)
    for one in hook.deliveries:
        if str(one.id) == call.params["delivery_id"]:
            call.store.again.append((hook, one))
            return Reply(status=202, body={})
    raise missing("repos/webhooks#redeliver-a-delivery-for-a-repository-webhook")
