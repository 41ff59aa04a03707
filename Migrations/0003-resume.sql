-- Jobs that go on where they were: checkpoints, the position in their history, the time they have run, delays before they
-- run again; keys of requests in a table of their own; sweeps, which are many jobs.

CREATE TABLE sweeps (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE jobs_anew (
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
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    -- Of jobs that wait, the lowest comes first: the time it began to wait, which never goes back from one job to the next
    -- whatever the clock does, less what its priority is worth.
    turn INTEGER NOT NULL,
    -- Of a job that waits: how long it shall wait before it runs again, in milliseconds from when it was put back or the
    -- server was started; NULL when it may run.
    delay INTEGER,
    -- How long its attempts may run together, in milliseconds.
    time_limit INTEGER,
    -- How long its attempts have run, in milliseconds.
    ran INTEGER NOT NULL DEFAULT 0,
    -- The position of its last event in the history of the training: an attempt that goes on from a checkpoint tells some
    -- events again, under the same positions.
    history INTEGER NOT NULL DEFAULT 0,
    -- How many checkpoints stay.
    kept_checkpoints INTEGER NOT NULL DEFAULT 3 CHECK (kept_checkpoints >= 1),
    sweep INTEGER REFERENCES sweeps (ordinal),
    -- Its cell, counted from 0 in the order of the sweep's document.
    cell INTEGER,
    CHECK ((sweep IS NULL) = (cell IS NULL))
) STRICT;

INSERT INTO jobs_anew (
    ordinal, id, dataset, model, document, state, priority, max_attempts, attempt, failures, last_event, revision,
    progress, result, error, created_at, updated_at, started_at, finished_at, turn
)
SELECT
    ordinal, id, dataset, model, document, state, priority, max_attempts, attempt, failures, last_event, revision,
    progress, result, error, created_at, updated_at, started_at, finished_at,
    max(created_at) OVER (ORDER BY ordinal) - priority * 600000
FROM jobs;

CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    -- Of the request.
    digest TEXT NOT NULL,
    -- What came of it; gone with it.
    job INTEGER NOT NULL REFERENCES jobs (ordinal) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO idempotency_keys (key, digest, job, created_at)
SELECT idempotency_key, request_digest, ordinal, created_at FROM jobs WHERE idempotency_key IS NOT NULL;

DROP TABLE jobs;
ALTER TABLE jobs_anew RENAME TO jobs;

CREATE INDEX jobs_by_state ON jobs (state, ordinal);
CREATE INDEX jobs_by_dataset ON jobs (dataset);
CREATE INDEX jobs_by_sweep ON jobs (sweep, ordinal) WHERE sweep IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (turn, ordinal) WHERE state = 'queued' AND delay IS NULL;
CREATE INDEX jobs_delayed ON jobs (ordinal) WHERE state = 'queued' AND delay IS NOT NULL;
CREATE INDEX jobs_of_sweep_by_state ON jobs (sweep, state) WHERE sweep IS NOT NULL;
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL AND sweep IS NULL;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (job);

CREATE TRIGGER jobs_stay_over BEFORE UPDATE OF state ON jobs
WHEN OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state <> OLD.state
BEGIN
    SELECT RAISE(ABORT, 'a job that is over keeps its state');
END;

-- Trainings of jobs that can go on, each a file.
CREATE TABLE checkpoints (
    job INTEGER NOT NULL REFERENCES jobs (ordinal) ON DELETE CASCADE,
    -- Steps done.
    step INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    -- The attempt that wrote it.
    attempt INTEGER NOT NULL,
    digest TEXT NOT NULL,
    byte_count INTEGER NOT NULL,
    -- Relative to the data directory.
    path TEXT NOT NULL,
    -- What the worker said of it.
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (job, step)
) STRICT, WITHOUT ROWID;

-- The step of the checkpoint that a version was promoted from; NULL for what a job ended with.
ALTER TABLE model_versions ADD COLUMN checkpoint INTEGER;
