"""The token of a chosen tracker, when it is about to be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..domain.errors import SettingsError
from .choice import Chosen
from .document import project_file
from .kinds import KINDS, TOKEN
from .place import STATE_DIRECTORY
from .repository import is_tracked
from .secret import Secret, resolve_token


def token_of(chosen: Chosen, project: Path, variables: Mapping[str, str] | None = None) -> Secret:
    """Raises SettingsError where there is none, where it cannot be read, and where the project's
    configuration came with the repository: whoever wrote that must not have the token sent to an
    address of theirs. GitFailed where git cannot tell this."""
    source = chosen.fields.get(TOKEN)
    if source is None:
        names = " or ".join(KINDS[chosen.type].tokens)
        raise SettingsError(
            f"Authentication failed: no token is known for {chosen.name}. Set {names}, and the "
            f"address that it is for, or give the backend a {TOKEN}."
        )
    ours = str(project_file(project))
    from_project = ours in (chosen.origins[TOKEN], chosen.origins.get("url"))
    if from_project and is_tracked(project, STATE_DIRECTORY):
        raise SettingsError(
            f"No token is sent for {chosen.name}: {ours} is part of the repository, so somebody "
            "else may have written it. Define the backend in your own file, with "
            "`issue backend add --user`."
        )
    return resolve_token(source, project, variables)
