#!/usr/bin/env python3
"""Work on a project's issues with one agent: the parallel engine with a single slot."""

from framework.cli.autonomous import main

if __name__ == "__main__":
    raise SystemExit(main())
