"""The forge: one account's door to one GitHub server, for the backends that need one."""
