-- INVARIANT: numbers of assets and of labels ascend with (created_at, id), so that the order of the numbers is the
-- order of the pages.
CREATE TABLE IF NOT EXISTS project (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    id TEXT NOT NULL,
    document TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS users (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    firstname TEXT NOT NULL,
    lastname TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS assets (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    external_id TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    skipped INTEGER NOT NULL DEFAULT 0,
    is_honeypot INTEGER NOT NULL DEFAULT 0,
    consensus_mark REAL,
    honeypot_mark REAL,
    inference_mark REAL,
    priority INTEGER NOT NULL DEFAULT 0,
    duration REAL,
    content TEXT NOT NULL,
    json_content TEXT NOT NULL,
    json_metadata TEXT NOT NULL,
    ocr_metadata TEXT,
    resolution TEXT,
    page_resolutions TEXT
);
CREATE INDEX IF NOT EXISTS assets_by_external_id ON assets (external_id);

-- apart from the labels, so that reading many labels does not read through their contents
CREATE TABLE IF NOT EXISTS contents (
    number INTEGER PRIMARY KEY,
    json_response TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS labels (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    asset INTEGER NOT NULL REFERENCES assets (number),
    author INTEGER NOT NULL REFERENCES users (number),
    label_type TEXT NOT NULL,
    model_name TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT,
    seconds_to_label REAL,
    is_latest_label_for_user INTEGER NOT NULL,
    is_sent_back_to_queue INTEGER NOT NULL DEFAULT 0,
    consensus_mark REAL,
    honeypot_mark REAL,
    inference_mark REAL,
    content INTEGER NOT NULL REFERENCES contents (number),
    -- why the content cannot be counted; null where it was
    fault TEXT
);
CREATE INDEX IF NOT EXISTS labels_by_asset ON labels (asset);

-- where an asset is in the workflow; no row in projects without steps
CREATE TABLE IF NOT EXISTS asset_steps (
    asset INTEGER PRIMARY KEY REFERENCES assets (number),
    step TEXT NOT NULL,
    status TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS asset_steps_by_step ON asset_steps (step, status);

CREATE TABLE IF NOT EXISTS assignees (
    asset INTEGER NOT NULL REFERENCES assets (number),
    user INTEGER NOT NULL REFERENCES users (number),
    PRIMARY KEY (asset, user)
) WITHOUT ROWID;

-- the layers of an image of the earth, as JSON; no row for assets without any
CREATE TABLE IF NOT EXISTS layers (
    asset INTEGER PRIMARY KEY REFERENCES assets (number),
    metadata TEXT NOT NULL
);

-- the step that a label was made in, and the label that it reviews
CREATE TABLE IF NOT EXISTS label_steps (
    label INTEGER PRIMARY KEY REFERENCES labels (number) ON DELETE CASCADE,
    step TEXT,
    reviewed TEXT
);

-- what projects of conversations have beside contents, as JSON
CREATE TABLE IF NOT EXISTS answers (
    content INTEGER PRIMARY KEY REFERENCES contents (number) ON DELETE CASCADE,
    annotations TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS conversations (
    asset INTEGER PRIMARY KEY REFERENCES assets (number),
    messages TEXT NOT NULL,
    models TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS counts (
    job TEXT NOT NULL,
    category TEXT NOT NULL,
    label INTEGER NOT NULL REFERENCES labels (number) ON DELETE CASCADE,
    count INTEGER NOT NULL,
    PRIMARY KEY (job, category, label)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS counts_by_label ON counts (label);

-- AUTOINCREMENT: the number of an event is never used again. The id of a label stays once the label is deleted.
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    user INTEGER NOT NULL REFERENCES users (number),
    asset INTEGER NOT NULL REFERENCES assets (number),
    label TEXT,
    -- JSON, the names of the fields that changed
    fields TEXT
);

-- the long layout of `Query.to_sql`, by id
CREATE VIEW IF NOT EXISTS labels_counts AS
    SELECT labels.id AS label_id, job, category, count FROM counts JOIN labels ON labels.number = counts.label;
