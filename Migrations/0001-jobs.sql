-- Data sets, jobs with their attempts, events and metrics, and the versions of models that came of them.
--
-- Times are milliseconds since 1970 in UTC. Documents are JSON made and read by the service and opaque here.
-- An ordinal counts rows in the order they were made: it orders lists and queues whatever the clock does.

CREATE TABLE datasets (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- When the first job used it; its splits never change afterwards.
    frozen_at INTEGER
) STRICT;

CREATE TABLE dataset_splits (
    dataset INTEGER NOT NULL REFERENCES datasets (ordinal) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    byte_count INTEGER NOT NULL,
    -- The file, relative to the data directory.
    path TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (dataset, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    dataset INTEGER NOT NULL REFERENCES datasets (ordinal),
    model TEXT NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('queued', 'running', 'pausing', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled')
    ),
    priority INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
    -- The number of the latest attempt. Every write of an attempt names its number, and is void when it is not this.
    attempt INTEGER NOT NULL DEFAULT 0,
    -- The attempts that count against max_attempts; those that ended with the server do not.
    failures INTEGER NOT NULL DEFAULT 0,
    last_event INTEGER NOT NULL DEFAULT 0,
    -- Grows with every change of the job, its events or its metrics.
    revision INTEGER NOT NULL DEFAULT 0,
    progress TEXT,
    result TEXT,
    error TEXT,
    idempotency_key TEXT UNIQUE,
    request_digest TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    CHECK ((idempotency_key IS NULL) = (request_digest IS NULL))
) STRICT;

CREATE INDEX jobs_by_state ON jobs (state, ordinal);
CREATE INDEX jobs_by_dataset ON jobs (dataset);
CREATE INDEX jobs_waiting ON jobs (priority DESC, ordinal) WHERE state = 'queued';

CREATE TRIGGER jobs_stay_over BEFORE UPDATE OF state ON jobs
WHEN OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state <> OLD.state
BEGIN
    SELECT RAISE(ABORT, 'a job that is over keeps its state');
END;

CREATE TABLE attempts (
    job INTEGER NOT NULL REFERENCES jobs (ordinal) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    error TEXT,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    job INTEGER NOT NULL REFERENCES jobs (ordinal) ON DELETE CASCADE,
    -- 1, 2, 3, … within the job.
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- The attempt it happened in; 0 before the first.
    attempt INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (job, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
    job INTEGER NOT NULL REFERENCES jobs (ordinal) ON DELETE CASCADE,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,
    -- NULL where the measurement was not a finite number.
    value REAL,
    PRIMARY KEY (job, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_versions (
    name TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    -- The job it came of; NULL for weights that were brought in.
    job INTEGER REFERENCES jobs (ordinal) ON DELETE SET NULL,
    digest TEXT NOT NULL,
    -- Relative to the data directory.
    directory TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX model_versions_by_job ON model_versions (job);
