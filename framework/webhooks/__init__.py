"""Webhooks: a forge says that something happened, and a run looks sooner than it would have."""
