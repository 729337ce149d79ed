"""GitHub on loopback, for rehearsals and tests: strict where GitHub is strict."""
