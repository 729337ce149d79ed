"""Issues in a GitHub repository."""

from .tracker import GitHubTracker as GitHubTracker
