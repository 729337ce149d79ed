"""Clones to work in, and the only way from there onto the target branch."""
