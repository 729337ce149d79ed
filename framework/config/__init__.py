"""Where settings come from. Nothing else reads the environment, `.env` or configuration files.

Light, for every command: `place` (find_project, prepare), `environment` (VARIABLES, editor),
`kinds` (what a backend may be), `document` (one file, read strictly: check_file), `stores`
(stores_of, is_fixed, fix_stores), `choice` (choose, openable), `agent` (identity, set_agent).
On request: `token` (token_of), `secret` (resolve_token), `detection` (detect), `writing`
(text_of, put_text), `backends` (list_backends, show_backend, add_backend, remove_backend,
set_default, init, file_of), `listing` (origins). Only for a run: `settings` (load).

Nothing here prints, and nothing here opens a tracker. See docs/configuration.md.
"""
