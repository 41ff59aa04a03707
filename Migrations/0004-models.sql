-- Names for versions of models, which can be moved from one version to another; the data set a version was trained on, which
-- stays known when its job is deleted; evaluations of versions on splits.

CREATE TABLE model_aliases (
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    -- NULL when the alias was removed: its revision goes on when it is made again.
    version INTEGER,
    revision INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (name, alias),
    FOREIGN KEY (name, version) REFERENCES model_versions (name, version)
) STRICT, WITHOUT ROWID;

-- Its id; NULL for weights that were brought in.
ALTER TABLE model_versions ADD COLUMN dataset TEXT;

UPDATE model_versions SET dataset = (
    SELECT datasets.id FROM jobs JOIN datasets ON jobs.dataset = datasets.ordinal WHERE jobs.ordinal = model_versions.job
);

CREATE TABLE evaluations (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    -- An id; the data set may be deleted while the evaluation stays.
    dataset TEXT NOT NULL,
    split TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed')),
    -- What was asked for, and what came of it.
    document TEXT NOT NULL,
    result TEXT,
    error TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    FOREIGN KEY (name, version) REFERENCES model_versions (name, version)
) STRICT;

CREATE INDEX evaluations_of_version ON evaluations (name, version, ordinal);
CREATE INDEX evaluations_waiting ON evaluations (ordinal) WHERE state IN ('queued', 'running');
