#!/usr/bin/env python3
"""Work on a project's issues with several agents at once."""

from framework.cli.parallel import main

if __name__ == "__main__":
    raise SystemExit(main())
