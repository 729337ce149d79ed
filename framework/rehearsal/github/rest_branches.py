"""REST: branches, as the repository on this machine has them, and statuses of commits."""

from __future__ import annotations

from typing import Any

from . import bare, checks, ci
from .call import Call, Refusal, Reply
from .pull_shapes import status_shape
from .records import Repo
from .routes import route
from .shapes import repo_url

_REPO = "/repos/{owner}/{repo}"
_STATES = ("error", "failure", "pending", "success")


@route("GET", _REPO + "/branches/{branch}", area="contents")
def _get_branch(call: Call) -> Reply:
    repo, name = call.repo, call.params["branch"]
    sha = bare.branches(repo.path).get(name)
    if sha is None:
        raise Refusal(404, "Branch not found", page="branches/branches#get-a-branch")
    url = f"{repo_url(repo, call.base)}/branches/{name}"
    body = {
        "name": name,
        "commit": _commit(call, sha),
        "_links": {"self": url, "html": f"{call.base}/{repo.full_name}/tree/{name}"},
        "protected": name in repo.protection,
        "protection": _protection(repo, name),
        "protection_url": f"{url}/protection",
    }
    return Reply(body=body)


def _protection(repo: Repo, name: str) -> dict[str, Any]:
    rules = repo.protection.get(name)
    contexts = list(rules.contexts) if rules else []
    return {
        "enabled": rules is not None,
        "required_status_checks": {
            "enforcement_level": "non_admins" if contexts else "off",
            "contexts": contexts,
            "checks": [{"context": one, "app_id": None} for one in contexts],
        },
    }


def _commit(call: Call, sha: str) -> dict[str, Any]:
    """A commit as git tells it; whoever wrote it has no account here."""
    form = "%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B"
    assert call.repo.path is not None, "a branch that was found is in a repository"
    told = bare.git(call.repo.path, "show", "-s", f"--format={form}", sha).split("\n", 8)
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


@route("POST", _REPO + "/statuses/{sha}", least="write", area="statuses")
def _add_status(call: Call) -> Reply:
    checks.required(call, "state")
    checks.choice(call, "state", _STATES)
    fields, word = call.fields, call.params["sha"]
    sha = bare.commit(call.repo.path, word)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {word}", page="commits/commits")
    made = ci.add_status(
        call.store,
        call.repo,
        sha,
        fields["state"],
        fields.get("context") or "default",
        creator=call.login,
        description=fields.get("description"),
        target_url=fields.get("target_url"),
    )
    return Reply(status=201, body=status_shape(call.store, call.repo, made, call.base))
