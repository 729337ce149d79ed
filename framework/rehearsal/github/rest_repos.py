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


@route("GET", "/users/{username}")
def _get_person(call: Call) -> Reply:
    user = call.store.user(call.params["username"])
    if user is None:
        raise missing("users/users#get-a-user")
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


@route("PATCH", "/repos/{owner}/{repo}", least="admin", area="administration", archived=True)
def _change_repo(call: Call) -> Reply:
    """Renaming leaves a redirect behind; an archived repository can only be brought back."""
    repo, fields = call.repo, call.fields
    if repo.archived and fields.get("archived") is not False:
        raise Refusal(403, "Repository was archived so is read-only.")
    name = fields.get("name", repo.name)
    if name != repo.name:
        repo.former.add(repo.full_name.lower())
        repo.name = name
    for field in ("description", "has_issues", "archived", "private", "default_branch"):
        if field in fields:
            setattr(repo, field, fields[field])
    repo.updated_at = call.store.clock.second()
    return Reply(body=repo_shape(call.store, repo, call.login, call.base))


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


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}")
def _is_collaborator(call: Call) -> Reply:
    if not call.store.may(call.repo, call.login, "write"):
        raise Refusal(403, "Must have push access to view repository collaborators.")
    name = call.params["username"].lower()
    known = {login.lower() for login in call.repo.permissions} | {call.repo.owner.lower()}
    if name not in known:
        raise missing("collaborators/collaborators#check-if-a-user-is-a-repository-collaborator")
    return Reply(status=204)
