-- Keys by which clients show what they may ask for. The secrets themselves are kept nowhere.

CREATE TABLE keys (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    -- What people call it.
    name TEXT,
    -- SHA-256 of the secret.
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    -- Words separated by blanks, from the least scope to the greatest.
    scopes TEXT NOT NULL,
    -- Requests a minute; NULL for what the server is told.
    rate_limit INTEGER,
    created_at INTEGER NOT NULL,
    -- Behind by a minute at most.
    used_at INTEGER,
    -- A key that is revoked stays: where there has been one, nobody is let in without.
    revoked_at INTEGER
) STRICT;
