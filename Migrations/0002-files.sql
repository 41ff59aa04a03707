-- Which data directory this database belongs to, and the files in it that no other record names.

CREATE TABLE data_directory (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    -- The identifier that the directory's marker holds too.
    id TEXT NOT NULL,
    -- When the health probe last wrote here, and something that needs room.
    probed_at INTEGER,
    probe BLOB
) STRICT;

-- Files that are being made and that no record names yet, and files whose record is gone. What a crash leaves of them is
-- removed at the next start; a file that is neither here nor in another record is not ours.
CREATE TABLE pending_files (
    -- Relative to the data directory. A path that ends with a slash is a folder that goes only when it is empty.
    path TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What jobs wrote to until now.
INSERT INTO pending_files (path) SELECT 'work/' || id FROM jobs;
