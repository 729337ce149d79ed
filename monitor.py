"""Show the board of a project: `python monitor.py DIR`, `--watch` to keep it live."""

from framework.cli.monitor import main

if __name__ == "__main__":
    raise SystemExit(main())
