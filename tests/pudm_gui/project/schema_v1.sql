-- A project as the first format had it, recorded; never edit.
PRAGMA application_id = 1347765325;
PRAGMA user_version = 1;
CREATE TABLE "roots" (
   "id" INTEGER PRIMARY KEY,
   "path" TEXT NOT NULL
);
CREATE TABLE images (
            id INTEGER PRIMARY KEY,
            root_id INTEGER NOT NULL REFERENCES roots(id),
            path TEXT NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            state INTEGER NOT NULL DEFAULT 0,  -- 0: not inspected since it changed, 1: inspected, 2: gone from the disk
            width INTEGER NOT NULL DEFAULT 0,
            height INTEGER NOT NULL DEFAULT 0,
            format TEXT NOT NULL DEFAULT '',
            sha256 TEXT NOT NULL DEFAULT '',
            problem TEXT,
            UNIQUE (root_id, path)
        );
CREATE INDEX images_to_inspect ON images(id) WHERE state = 0;
CREATE INDEX images_with_problem ON images(id) WHERE problem IS NOT NULL;
CREATE TABLE labels (
            image_id INTEGER PRIMARY KEY REFERENCES images(id),
            label INTEGER NOT NULL CHECK (label IN (1, 2))
        );
CREATE TABLE actions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('label', 'import', 'undo', 'redo')),
            annotator TEXT NOT NULL,
            source TEXT NOT NULL,
            label INTEGER,
            count INTEGER NOT NULL,
            target INTEGER REFERENCES actions(id),
            parent INTEGER,
            head INTEGER NOT NULL,
            sensitive INTEGER NOT NULL,  -- images with this label afterwards, so that counting is looking at one row
            normal INTEGER NOT NULL
        );
CREATE INDEX actions_by_target ON actions(target, id) WHERE target IS NOT NULL;
CREATE INDEX actions_by_parent ON actions(parent, id) WHERE parent IS NOT NULL;
CREATE TABLE label_history (
            action_id INTEGER NOT NULL REFERENCES actions(id) DEFERRABLE INITIALLY DEFERRED,
            image_id INTEGER NOT NULL,
            old INTEGER NOT NULL,
            new INTEGER NOT NULL,
            PRIMARY KEY (action_id, image_id)
        ) WITHOUT ROWID;
CREATE INDEX label_history_by_image ON label_history(image_id, action_id);
CREATE TRIGGER actions_no_update BEFORE UPDATE ON actions BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END;
CREATE TRIGGER actions_no_delete BEFORE DELETE ON actions BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END;
CREATE TRIGGER label_history_no_update BEFORE UPDATE ON label_history BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END;
CREATE TRIGGER label_history_no_delete BEFORE DELETE ON label_history BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END;
CREATE TRIGGER images_no_delete BEFORE DELETE ON images BEGIN SELECT RAISE(ABORT, 'images stay, with their labels and history'); END;
CREATE TABLE tags (
            image_id INTEGER NOT NULL REFERENCES images(id),
            tag TEXT NOT NULL,
            PRIMARY KEY (image_id, tag)
        ) WITHOUT ROWID;
CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            folder TEXT NOT NULL,
            created REAL NOT NULL,
            objective TEXT NOT NULL,
            beta REAL NOT NULL,
            unlabeled INTEGER NOT NULL,
            sensitive INTEGER NOT NULL,
            normal INTEGER NOT NULL
        );

INSERT INTO roots (id, path) VALUES (1, '/pictures');
INSERT INTO images (id, root_id, path, size, mtime_ns, state, width, height, format, sha256) VALUES
    (1, 1, 'img10.png', 100, 1, 1, 8, 8, 'PNG', 'aa'),
    (2, 1, 'img2.png', 100, 1, 1, 8, 8, 'PNG', 'bb'),
    (3, 1, 'ÜBER.png', 100, 1, 1, 8, 8, 'PNG', 'cc'),
    (4, 1, CAST(x'636166e92e706e67' AS TEXT), 100, 1, 1, 8, 8, 'PNG', 'dd');
INSERT INTO actions (id, at, kind, annotator, source, label, count, target, parent, head, sensitive, normal)
    VALUES (1, 1.5, 'label', 'ann', 'hand', 1, 1, NULL, 0, 1, 1, 0);
INSERT INTO label_history (action_id, image_id, old, new) VALUES (1, 2, 0, 1);
INSERT INTO labels (image_id, label) VALUES (2, 1);
INSERT INTO tags (image_id, tag) VALUES (2, 'face');
