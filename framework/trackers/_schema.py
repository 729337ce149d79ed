"""The tables of the SQLite file, and how files of earlier versions become what they are now."""

from __future__ import annotations

RECOUNT = {
    "number of issues in each state": (
        """INSERT OR IGNORE INTO tally VALUES
            ('open', 0), ('in_progress', 0), ('blocked', 0), ('needs_review', 0), ('closed', 0)""",
        """UPDATE tally SET number = (SELECT count(*) FROM issues i WHERE i.state = tally.state)
            WHERE number <> (SELECT count(*) FROM issues i WHERE i.state = tally.state)""",
    ),
    "states kept beside labels and assignees": (
        """UPDATE labelled SET state = (SELECT i.state FROM issues i WHERE i.id = issue)
            WHERE state <> (SELECT i.state FROM issues i WHERE i.id = issue)""",
        """UPDATE assigned SET state = (SELECT i.state FROM issues i WHERE i.id = issue)
            WHERE state <> (SELECT i.state FROM issues i WHERE i.id = issue)""",
    ),
    "marks of META issues": (
        """UPDATE issues SET is_meta = NOT is_meta WHERE is_meta <>
            EXISTS (SELECT 1 FROM labelled WHERE issue = id AND label = 'meta')""",
    ),
    "numbers of dependencies that are not closed": (
        """WITH unclosed (id, needs) AS (
                SELECT d.issue, count(*) FROM dependencies d JOIN issues i ON i.id = d.needs
                WHERE i.state <> 'closed' GROUP BY d.issue
            )
            UPDATE issues SET
                waits = coalesce((SELECT needs FROM unclosed u WHERE u.id = issues.id), 0)
            WHERE waits <> coalesce((SELECT needs FROM unclosed u WHERE u.id = issues.id), 0)""",
    ),
    "lengths of the chains of issues that wait for one another": (
        """WITH RECURSIVE
            edges (issue, needs) AS (
                SELECT a.id, b.id FROM dependencies d
                JOIN issues a ON a.id = d.issue JOIN issues b ON b.id = d.needs
                WHERE a.state <> 'closed' AND b.state <> 'closed'
            ),
            walk (id, length) AS (
                SELECT id, 1 FROM issues WHERE id NOT IN (SELECT needs FROM edges)
                UNION SELECT needs, length + 1 FROM walk JOIN edges ON issue = id
            ),
            longest (id, length) AS (SELECT id, max(length) FROM walk GROUP BY id)
            UPDATE issues SET chain = (SELECT length FROM longest l WHERE l.id = issues.id)
            WHERE chain <> (SELECT length FROM longest l WHERE l.id = issues.id)""",
    ),
}
"""What is kept beside the facts so that it need not be counted: the statements that put each
right. They touch only what is wrong, so that the rows they changed are the rows that were."""

_VERSION_1 = (
    "CREATE TABLE store (id TEXT NOT NULL)",
    "INSERT INTO store VALUES (lower(hex(randomblob(4))))",
    """CREATE TABLE issues (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL,
        priority TEXT NOT NULL,
        reopened INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        closed_at TEXT
    )""",
    """CREATE TABLE labels (
        issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
        name TEXT NOT NULL,
        PRIMARY KEY (issue, name)
    ) WITHOUT ROWID""",
    """CREATE TABLE dependencies (
        issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
        needs INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
        PRIMARY KEY (issue, needs)
    ) WITHOUT ROWID""",
    "CREATE INDEX dependants ON dependencies (needs)",
    """CREATE TABLE comments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
        author TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at TEXT NOT NULL,
        key TEXT,
        UNIQUE (issue, key)
    )""",
    # A key outlives its issue: that is how a deleted one is not made again.
    "CREATE TABLE keys (key TEXT PRIMARY KEY, issue INTEGER NOT NULL UNIQUE) WITHOUT ROWID",
)

# Foreign keys are deferred: SQLite works much harder at each row where it may have to take back
# one row alone, and here it is always the whole transaction.
_TABLES_2 = (
    """CREATE TABLE milestones (
        name TEXT PRIMARY KEY,
        description TEXT NOT NULL DEFAULT '',
        due TEXT,
        is_closed INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    "CREATE TABLE users (name TEXT PRIMARY KEY, kind TEXT NOT NULL DEFAULT '') WITHOUT ROWID",
    # Texts have a table of their own: SQLite writes a whole row anew for any change in it, and
    # reads through it for any column, so that long texts would weigh on all that has to be quick.
    """CREATE TABLE texts (
        id INTEGER PRIMARY KEY REFERENCES issues ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        title_words TEXT,
        body_words TEXT
    )""",
    """CREATE TABLE issues_2 (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        state TEXT NOT NULL,
        priority INTEGER NOT NULL,
        author TEXT REFERENCES users ON UPDATE CASCADE ON DELETE SET NULL
            DEFERRABLE INITIALLY DEFERRED,
        milestone TEXT REFERENCES milestones ON UPDATE CASCADE ON DELETE SET NULL
            DEFERRABLE INITIALLY DEFERRED,
        reopened INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        closed_at TEXT,
        is_meta INTEGER NOT NULL DEFAULT 0,
        waits INTEGER NOT NULL DEFAULT 0,
        chain INTEGER NOT NULL DEFAULT 1
    )""",
    """CREATE TABLE labelled (
        issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        label TEXT NOT NULL REFERENCES labels ON UPDATE CASCADE ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        state TEXT NOT NULL,
        PRIMARY KEY (issue, label)
    ) WITHOUT ROWID""",
    """CREATE TABLE assigned (
        issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        user TEXT NOT NULL REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        state TEXT NOT NULL,
        PRIMARY KEY (issue, user)
    ) WITHOUT ROWID""",
    """CREATE TABLE dependencies_2 (
        issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        needs INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE
            DEFERRABLE INITIALLY DEFERRED,
        PRIMARY KEY (issue, needs)
    ) WITHOUT ROWID""",
    """CREATE TABLE activity (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        actor TEXT NOT NULL,
        issue INTEGER,
        forced INTEGER NOT NULL,
        changes TEXT NOT NULL
    )""",
    "CREATE TABLE tally (state TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
)

# Foreign keys are off while this runs, so that nothing goes with the table that is replaced.
_ROWS_2 = (
    """INSERT INTO issues_2 (id, state, priority, reopened, created_at, updated_at, closed_at)
        SELECT id, state, CASE priority
            WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END,
            reopened, created_at, updated_at, closed_at FROM issues""",
    """INSERT INTO texts
        SELECT id, title, body, indexed(title), indexed(body) FROM issues""",
    """INSERT INTO labelled
        SELECT l.issue, l.name, i.state FROM labels l JOIN issues i ON i.id = l.issue""",
    # The number of a deleted issue is not given again.
    "DELETE FROM sqlite_sequence WHERE name = 'issues_2'",
    "INSERT INTO sqlite_sequence SELECT 'issues_2', seq FROM sqlite_sequence WHERE name = 'issues'",
    "DROP TABLE labels",
    "DROP TABLE issues",
    "ALTER TABLE issues_2 RENAME TO issues",
    "INSERT INTO dependencies_2 SELECT issue, needs FROM dependencies",
    "DROP TABLE dependencies",
    "ALTER TABLE dependencies_2 RENAME TO dependencies",
    """CREATE TABLE labels (
        name TEXT PRIMARY KEY,
        description TEXT NOT NULL DEFAULT '',
        color TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID""",
    "INSERT INTO labels (name) SELECT DISTINCT label FROM labelled",
)

# Most begin with the state: see `_where`, which merges the issues of each state in order.
_INDEXES_2 = (
    "CREATE INDEX dependants ON dependencies (needs)",
    "CREATE INDEX by_state ON issues (state)",
    "CREATE INDEX by_creation ON issues (state, created_at DESC)",
    "CREATE INDEX by_update ON issues (state, updated_at DESC)",
    "CREATE INDEX by_closing ON issues (state, closed_at DESC)",
    "CREATE INDEX by_priority ON issues (state, priority)",
    "CREATE INDEX by_author ON issues (author, state)",
    "CREATE INDEX by_milestone ON issues (milestone, state) WHERE milestone IS NOT NULL",
    "CREATE INDEX by_label ON labelled (label, state, issue)",
    "CREATE INDEX by_assignee ON assigned (user, state, issue)",
    # Those that wait are not in it, so that counting what they wait for does not touch it.
    """CREATE INDEX ready ON issues (chain DESC, priority, created_at)
        WHERE waits = 0 AND is_meta = 0 AND state IN ('open', 'in_progress')""",
    "CREATE INDEX activity_of_issue ON activity (issue)",
    "CREATE INDEX activity_of_actor ON activity (actor)",
    "CREATE INDEX activity_since ON activity (at)",
)

# The words of a text stand beside it where FTS5 would read it otherwise: see `_words`.
_TEXT_INDEX_2 = (
    """CREATE VIEW readable AS SELECT id,
        coalesce(title_words, title) AS title, coalesce(body_words, body) AS body FROM texts""",
    """CREATE VIRTUAL TABLE found USING fts5(
        title, body, content = 'readable', content_rowid = 'id',
        tokenize = "unicode61 remove_diacritics 0 categories 'L* N*'"
    )""",
    "INSERT INTO found (found) VALUES ('rebuild')",
    """CREATE TRIGGER text_added AFTER INSERT ON texts BEGIN
        INSERT INTO found (rowid, title, body) VALUES
            (new.id, coalesce(new.title_words, new.title), coalesce(new.body_words, new.body));
    END""",
    """CREATE TRIGGER text_gone AFTER DELETE ON texts BEGIN
        INSERT INTO found (found, rowid, title, body) VALUES ('delete',
            old.id, coalesce(old.title_words, old.title), coalesce(old.body_words, old.body));
    END""",
    """CREATE TRIGGER text_changed AFTER UPDATE OF title, body, title_words, body_words ON texts
    BEGIN
        INSERT INTO found (found, rowid, title, body) VALUES ('delete',
            old.id, coalesce(old.title_words, old.title), coalesce(old.body_words, old.body));
        INSERT INTO found (rowid, title, body) VALUES
            (new.id, coalesce(new.title_words, new.title), coalesce(new.body_words, new.body));
    END""",
)

# `chain` alone is not kept right here but by `_chains`: a trigger cannot go up a long chain.
_TRIGGERS_2 = (
    """CREATE TRIGGER issue_added AFTER INSERT ON issues BEGIN
        UPDATE tally SET number = number + 1 WHERE state = new.state;
    END""",
    # Not the issue's own dependencies: the row that is being deleted must not be changed.
    """CREATE TRIGGER issue_going BEFORE DELETE ON issues BEGIN
        DELETE FROM dependencies WHERE needs = old.id;
    END""",
    """CREATE TRIGGER issue_gone AFTER DELETE ON issues BEGIN
        UPDATE tally SET number = number - 1 WHERE state = old.state;
    END""",
    """CREATE TRIGGER state_changed AFTER UPDATE OF state ON issues WHEN old.state <> new.state
    BEGIN
        UPDATE tally SET number = number - 1 WHERE state = old.state;
        UPDATE tally SET number = number + 1 WHERE state = new.state;
        UPDATE labelled SET state = new.state WHERE issue = new.id;
        UPDATE assigned SET state = new.state WHERE issue = new.id;
    END""",
    """CREATE TRIGGER issue_closed AFTER UPDATE OF state ON issues
    WHEN old.state <> 'closed' AND new.state = 'closed' BEGIN
        UPDATE issues SET waits = waits - 1
            WHERE id IN (SELECT issue FROM dependencies WHERE needs = new.id);
    END""",
    """CREATE TRIGGER issue_reopened AFTER UPDATE OF state ON issues
    WHEN old.state = 'closed' AND new.state <> 'closed' BEGIN
        UPDATE issues SET waits = waits + 1
            WHERE id IN (SELECT issue FROM dependencies WHERE needs = new.id);
    END""",
    """CREATE TRIGGER dependency_added AFTER INSERT ON dependencies BEGIN
        UPDATE issues SET waits = waits + 1 WHERE id = new.issue
            AND (SELECT state FROM issues WHERE id = new.needs) <> 'closed';
    END""",
    """CREATE TRIGGER dependency_gone AFTER DELETE ON dependencies BEGIN
        UPDATE issues SET waits = waits - 1 WHERE id = old.issue
            AND (SELECT state FROM issues WHERE id = old.needs) <> 'closed';
    END""",
    """CREATE TRIGGER label_added AFTER INSERT ON labelled WHEN new.label = 'meta' BEGIN
        UPDATE issues SET is_meta = 1 WHERE id = new.issue;
    END""",
    """CREATE TRIGGER label_gone AFTER DELETE ON labelled WHEN old.label = 'meta' BEGIN
        UPDATE issues SET is_meta = 0 WHERE id = old.issue;
    END""",
    """CREATE TRIGGER label_renamed AFTER UPDATE OF label ON labelled
    WHEN 'meta' IN (old.label, new.label) BEGIN
        UPDATE issues SET is_meta = (new.label = 'meta') WHERE id = new.issue;
    END""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _VERSION_1,
    (
        *(*_TABLES_2, *_ROWS_2, *_INDEXES_2, *_TEXT_INDEX_2, *_TRIGGERS_2),
        *(statement for statements in RECOUNT.values() for statement in statements),
    ),
)
"""What was done to the file to bring it to version 1, 2, …; never edited, only added to.

They use one function of ours, `indexed` (see `_words`). Whoever adds a version in which `RECOUNT`
is another must keep the one of version 2 here.
"""

VERSION = len(MIGRATIONS)
