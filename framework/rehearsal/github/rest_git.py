"""REST: refs, branches and their protection, over the repository on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import bare, checks
from .call import Call, Refusal, Reply, missing
from .pages import listed
from .records import Protection
from .routes import route
from .shapes import repo_url

_REPO = "/repos/{owner}/{repo}"
_BRANCH = _REPO + "/branches/{branch}"
_EMPTY = "Git Repository is empty."


def _path(call: Call) -> Path:
    if call.repo.path is None:
        raise Refusal(409, _EMPTY, page="git/refs")
    return call.repo.path


def _shape(call: Call, ref: str, sha: str) -> dict[str, Any]:
    url = f"{repo_url(call.repo, call.base)}/git"
    return {
        "ref": ref,
        "node_id": f"REF_{call.repo.id}_{ref}",
        "url": f"{url}/{ref}",
        "object": {"sha": sha, "type": "commit", "url": f"{url}/commits/{sha}"},
    }


@route("GET", _REPO + "/git/ref/{ref*}", area="contents")
def _get_ref(call: Call) -> Reply:
    ref = "refs/" + call.params["ref"]
    found = bare.refs(_path(call), ref)
    if ref not in found:
        raise missing("git/refs#get-a-reference")
    return Reply(body=_shape(call, ref, found[ref]))


@route("GET", _REPO + "/git/matching-refs/{ref*}", area="contents")
def _matching(call: Call) -> Reply:
    """Every ref whose name begins so; none is an empty list, not 404."""
    start = "refs/" + call.params["ref"]
    found = [(ref, sha) for ref, sha in bare.refs(_path(call), "refs/").items()]
    return listed(
        call, [one for one in found if one[0].startswith(start)], lambda one: _shape(call, *one)
    )


@route("POST", _REPO + "/git/refs", least="write", area="contents")
def _create_ref(call: Call) -> Reply:
    """The one thing at GitHub that only one of two at once can do: the second is 422."""
    checks.required(call, "ref", "sha")
    path, ref, sha = _path(call), str(call.fields["ref"]), str(call.fields["sha"])
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise Refusal(422, "Reference name must start with 'refs/' and have at least two slashes.")
    if bare.commit(path, sha) != sha:
        raise Refusal(422, "Object does not exist", page="git/refs#create-a-reference")
    if ref in bare.refs(path, ref):
        raise Refusal(422, "Reference already exists", page="git/refs#create-a-reference")
    try:
        bare.make(path, ref, sha)
    except bare.GitRefused:
        raise Refusal(422, "Reference already exists", page="git/refs") from None
    return Reply(status=201, body=_shape(call, ref, sha))


@route("PATCH", _REPO + "/git/refs/{ref*}", least="write", area="contents")
def _move_ref(call: Call) -> Reply:
    checks.required(call, "sha")
    path, ref, sha = _path(call), "refs/" + call.params["ref"], str(call.fields["sha"])
    old = bare.refs(path, ref).get(ref)
    if old is None or bare.commit(path, sha) != sha:
        raise Refusal(422, "Reference does not exist", page="git/refs#update-a-reference")
    if not call.fields.get("force") and not bare.contains(path, old, sha):
        raise Refusal(422, "Update is not a fast forward", page="git/refs#update-a-reference")
    bare.move(path, ref, sha, old)
    return Reply(body=_shape(call, ref, sha))


@route("DELETE", _REPO + "/git/refs/{ref*}", least="write", area="contents")
def _delete_ref(call: Call) -> Reply:
    path, ref = _path(call), "refs/" + call.params["ref"]
    if ref not in bare.refs(path, ref):
        raise Refusal(422, "Reference does not exist", page="git/refs#delete-a-reference")
    bare.git(path, "update-ref", "-d", ref)
    return Reply(status=204)


# Branches.


def _tip(call: Call) -> str:
    tips = bare.branches(call.repo.path)
    if call.params["branch"] not in tips:
        raise Refusal(404, "Branch not found", page="branches/branches#get-a-branch")
    return tips[call.params["branch"]]


def _short(call: Call, name: str, sha: str) -> dict[str, Any]:
    url = f"{repo_url(call.repo, call.base)}/commits/{sha}"
    return {
        "name": name,
        "commit": {"sha": sha, "url": url},
        "protected": name in call.repo.protection,
    }


@route("GET", _REPO + "/branches", area="contents")
def _list_branches(call: Call) -> Reply:
    tips = sorted(bare.branches(call.repo.path).items())
    return listed(call, tips, lambda one: _short(call, *one))


@route("GET", _BRANCH, area="contents")
def _get_branch(call: Call) -> Reply:
    name, sha = call.params["branch"], _tip(call)
    url = f"{repo_url(call.repo, call.base)}/branches/{name}"
    rules = call.repo.protection.get(name)
    short = _short(call, name, sha)
    level = "non_admins" if rules and rules.contexts else "off"
    contexts = list(rules.contexts) if rules else []
    return Reply(
        body={
            **short,
            "commit": _commit(call, sha),
            "_links": {"self": url, "html": f"{call.base}/{call.repo.full_name}/tree/{name}"},
            "protection": {
                "enabled": rules is not None,
                "required_status_checks": {
                    "enforcement_level": level,
                    "contexts": contexts,
                    "checks": [{"context": one, "app_id": None} for one in contexts],
                },
            },
            "protection_url": f"{url}/protection",
        }
    )


def _commit(call: Call, sha: str) -> dict[str, Any]:
    """A commit as git tells it; whoever wrote it has no account here."""
    form = "%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B"
    told = bare.git(_path(call), "show", "-s", f"--format={form}", sha).split("\n", 8)
    url = f"{repo_url(call.repo, call.base)}/commits"
    tree = f"{repo_url(call.repo, call.base)}/git/trees/{told[0]}"
    page = f"{call.base}/{call.repo.full_name}/commit"
    return {
        "sha": sha,
        "node_id": f"C_{call.repo.id}_{sha}",
        "url": f"{url}/{sha}",
        "html_url": f"{page}/{sha}",
        "comments_url": f"{url}/{sha}/comments",
        "commit": {
            "url": f"{repo_url(call.repo, call.base)}/git/commits/{sha}",
            "author": {"name": told[2], "email": told[3], "date": told[4]},
            "committer": {"name": told[5], "email": told[6], "date": told[7]},
            "message": told[8] if len(told) > 8 else "",
            "comment_count": 0,
            "tree": {"sha": told[0], "url": tree},
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": one, "url": f"{url}/{one}", "html_url": f"{page}/{one}"}
            for one in told[1].split()
        ],
    }


@route("GET", _REPO + "/commits/{ref*}", area="contents")
def _get_commit(call: Call) -> Reply:
    sha = bare.commit(call.repo.path, call.params["ref"].removeprefix("heads/"))
    if sha is None:
        words = f"No commit found for SHA: {call.params['ref']}"
        raise Refusal(422, words, page="commits/commits#get-a-commit")
    return Reply(body=_commit(call, sha))


@route("GET", _BRANCH + "/protection", area="administration")
def _get_protection(call: Call) -> Reply:
    if not call.store.may(call.repo, call.login, "admin"):
        raise missing("branches/branch-protection")
    _tip(call)
    rules = call.repo.protection.get(call.params["branch"])
    if rules is None:
        raise Refusal(404, "Branch not protected", page="branches/branch-protection")
    return Reply(body=_rules(call, rules))


def _rules(call: Call, rules: Protection) -> dict[str, Any]:
    url = f"{repo_url(call.repo, call.base)}/branches/{call.params['branch']}/protection"
    checked, reviews = f"{url}/required_status_checks", f"{url}/required_pull_request_reviews"
    return {
        "url": url,
        "required_status_checks": {
            "url": checked,
            "strict": rules.strict,
            "contexts": list(rules.contexts),
            "contexts_url": f"{checked}/contexts",
            "checks": [{"context": one, "app_id": None} for one in rules.contexts],
        },
        "required_pull_request_reviews": {
            "url": reviews,
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False,
            "require_last_push_approval": False,
            "required_approving_review_count": rules.approvals,
        },
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": False},
    }


@route("PUT", _BRANCH + "/protection", least="admin", area="administration", hidden=True)
def _protect(call: Call) -> Reply:
    _tip(call)
    checks.required(call, "required_status_checks", "required_pull_request_reviews")
    wanted = call.fields["required_status_checks"] or {}
    reviews = call.fields["required_pull_request_reviews"] or {}
    rules = Protection(
        contexts=tuple(wanted.get("contexts") or ()),
        strict=bool(wanted.get("strict")),
        approvals=int(reviews.get("required_approving_review_count") or 0),
    )
    call.repo.protection[call.params["branch"]] = rules
    return Reply(body=_rules(call, rules))


@route("DELETE", _BRANCH + "/protection", least="admin", area="administration", hidden=True)
def _unprotect(call: Call) -> Reply:
    if call.repo.protection.pop(call.params["branch"], None) is None:
        raise Refusal(404, "Branch not protected", page="branches/branch-protection")
    return Reply(status=204)
