"""REST: the one who asks, repositories, collaborators, the rate limit."""

from __future__ import annotations

from .call import Call, Refusal, Reply, missing
from .limits import Resource
from .routes import route
from .shapes import person_shape, repo_shape, user_shape

_ROLES = {"none": "none", "read": "read", "triage": "read", "write": "write", "maintain": "write"}
_RESOURCES: tuple[Resource, ...] = ("core", "search", "graphql")


@route("GET", "/user")
def _get_user(call: Call) -> Reply:
    user = call.store.add_user(call.login)
    return Reply(body=person_shape(call.store, user, call.base))


@route("GET", "/rate_limit")
def _get_rate_limit(call: Call) -> Reply:
    resources = {}
    for name in _RESOURCES:
        window = call.store.limits.window(call.login, name)
        resources[name] = {
            "limit": window.limit,
            "used": window.used,
            "remaining": window.remaining,
            "reset": int(window.reset.timestamp()),
        }
    return Reply(body={"resources": resources, "rate": resources["core"]})


@route("GET", "/repos/{owner}/{repo}")
def _get_repo(call: Call) -> Reply:
    return Reply(body=repo_shape(call.store, call.repo, call.login, call.base))


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission")
def _get_permission(call: Call) -> Reply:
    if not call.store.may(call.repo, call.login, "write"):
        raise Refusal(403, "Must have push access to view collaborator permission.")
    user = call.store.user(call.params["username"])
    if user is None:
        raise missing("collaborators/collaborators#get-repository-permissions-for-a-user")
    exact = call.store.permission(call.repo, user.login)
    shape = user_shape(call.store, user.login, call.base) | {"role_name": exact}
    body = {"permission": _ROLES.get(exact, exact), "role_name": exact, "user": shape}
    return Reply(body=body)
