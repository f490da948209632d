-- Everything the demo LMS keeps. Times are whole seconds since 1970 unless named otherwise.
CREATE TABLE IF NOT EXISTS notes (          -- single values, as JSON
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS links (          -- resource links placed in the course
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    url TEXT,
    custom TEXT NOT NULL,                   -- JSON object of texts
    target TEXT NOT NULL CHECK (target IN ('iframe', 'window'))
);
CREATE TABLE IF NOT EXISTS link_dates (     -- ISO 8601; NULL is open
    link_id TEXT PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    opens_at TEXT,
    due_at TEXT,
    closes_at TEXT
);
CREATE TABLE IF NOT EXISTS courses (        -- copies of the course that is built in
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    history TEXT NOT NULL                   -- context ids, the nearest first
);
CREATE TABLE IF NOT EXISTS links_of_copies (
    link_id TEXT PRIMARY KEY REFERENCES links (id) ON DELETE CASCADE,
    course_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS items_of_copies (
    line_item_id INTEGER PRIMARY KEY REFERENCES line_items (id) ON DELETE CASCADE,
    course_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS visits (         -- what a hint or a ticket is about, JSON
    key TEXT PRIMARY KEY,
    about TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS line_items (     -- columns of the gradebook
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    link_id TEXT REFERENCES links (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    score_maximum REAL NOT NULL CHECK (score_maximum > 0),
    resource_id TEXT,
    tag TEXT,
    starts_at TEXT,
    ends_at TEXT
);
CREATE TABLE IF NOT EXISTS submission_reviews (  -- where the tool shows the work behind a column
    line_item_id INTEGER PRIMARY KEY REFERENCES line_items (id) ON DELETE CASCADE,
    url TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS reviews (        -- launches that are submission reviews
    hint TEXT PRIMARY KEY,
    line_item_id INTEGER NOT NULL REFERENCES line_items (id) ON DELETE CASCADE,
    person_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS grades (         -- cells of the gradebook
    line_item_id INTEGER NOT NULL REFERENCES line_items (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    score_given REAL,
    score_maximum REAL,
    activity_progress TEXT NOT NULL,
    grading_progress TEXT NOT NULL,
    comment TEXT NOT NULL,
    stamped_at TEXT NOT NULL,               -- the score's own timestamp, ISO 8601
    stamped_second INTEGER NOT NULL,
    by_teacher INTEGER NOT NULL,
    PRIMARY KEY (line_item_id, subject)
);
CREATE TABLE IF NOT EXISTS score_posts (    -- what the tool sent, taken or refused
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL,
    line_item_id INTEGER NOT NULL,
    label TEXT NOT NULL,
    subject TEXT NOT NULL,
    status INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS launches (       -- what lti_message_hint stands for, spent once
    hint TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    link_id TEXT,                           -- NULL: deep linking
    expires_at INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS deep_links (     -- picker visits that may come back
    ticket TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    outcome TEXT                            -- JSON, once the answer was taken
);
CREATE TABLE IF NOT EXISTS spent (          -- jti of client assertions, nonces of answers
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE TABLE IF NOT EXISTS tools (          -- tools that registered themselves
    client_id TEXT PRIMARY KEY,
    tool TEXT NOT NULL                      -- JSON
);
CREATE TABLE IF NOT EXISTS registration_tokens (
    hash TEXT PRIMARY KEY,
    manner TEXT NOT NULL,
    client_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS access_tokens (
    hash TEXT PRIMARY KEY,
    scopes TEXT NOT NULL,                   -- space-separated
    expires_at INTEGER NOT NULL
);
