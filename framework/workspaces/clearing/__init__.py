"""Freeing what is of no more use: a plan first, then what it says and no more."""
