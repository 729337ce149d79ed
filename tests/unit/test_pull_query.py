"""The one question that is asked of GitHub about pull requests."""

from __future__ import annotations

from typing import Literal

import graphql
import pytest

from framework.pulls.github import look_query
from framework.rehearsal.github import schema


@pytest.mark.skipif(not schema.installed(), reason="GitHub's schema is not installed: `make npm`")
@pytest.mark.parametrize("profile", ["github.com", "ghes"])
def test_the_query_is_one_that_github_understands(profile: Literal["github.com", "ghes"]) -> None:
    """For any number of branches, on GitHub's own schema and on that of an older server."""
    for count in (1, 25):
        document = graphql.parse(look_query(count))
        rules = [
            one
            for one in graphql.specified_rules
            if one is not graphql.OverlappingFieldsCanBeMergedRule
        ]
        assert graphql.validate(schema.load(profile), document, rules) == []
