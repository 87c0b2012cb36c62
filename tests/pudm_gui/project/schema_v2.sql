-- A project as the second format had it, with labels, undo and redo of two annotators; recorded; never edit.
PRAGMA application_id = 1347765325;
PRAGMA user_version = 2;
CREATE TABLE IF NOT EXISTS "roots" (
   "id" INTEGER PRIMARY KEY,
   "path" TEXT NOT NULL
);
INSERT INTO roots VALUES(1,'/pictures');
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
            problem TEXT, "sort_key" BLOB NOT NULL DEFAULT '', "folded" TEXT,
            UNIQUE (root_id, path)
        );
INSERT INTO images VALUES(1,1,'img1.png',100,1,1,8,8,'PNG','01',NULL,X'696d6731312e706e67',NULL);
INSERT INTO images VALUES(2,1,'img2.png',100,1,1,8,8,'PNG','02',NULL,X'696d6731322e706e67',NULL);
INSERT INTO images VALUES(3,1,'img3.png',100,1,1,8,8,'PNG','03',NULL,X'696d6731332e706e67',NULL);
INSERT INTO images VALUES(4,1,'img4.png',100,1,1,8,8,'PNG','04',NULL,X'696d6731342e706e67',NULL);
INSERT INTO images VALUES(5,1,'img5.png',100,1,1,8,8,'PNG','05',NULL,X'696d6731352e706e67',NULL);
INSERT INTO images VALUES(6,1,'img6.png',100,1,1,8,8,'PNG','06',NULL,X'696d6731362e706e67',NULL);
CREATE TABLE labels (
            image_id INTEGER PRIMARY KEY REFERENCES images(id),
            label INTEGER NOT NULL CHECK (label IN (1, 2))
        );
INSERT INTO labels VALUES(1,1);
INSERT INTO labels VALUES(2,2);
INSERT INTO labels VALUES(3,2);
INSERT INTO labels VALUES(4,2);
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
INSERT INTO actions VALUES(1,1.0,'label','ann','hand',1,3,NULL,0,1,3,0);
INSERT INTO actions VALUES(2,2.0,'label','bo','hand',2,3,NULL,1,2,1,3);
INSERT INTO actions VALUES(3,3.0,'label','bo','hand',1,2,NULL,2,3,3,3);
INSERT INTO actions VALUES(4,4.0,'undo','bo','hand',0,2,3,NULL,2,1,3);
INSERT INTO actions VALUES(5,5.0,'label','ann','hand',0,1,NULL,2,5,0,3);
INSERT INTO actions VALUES(6,6.0,'undo','ann','hand',1,1,5,NULL,2,1,3);
INSERT INTO actions VALUES(7,7.0,'undo','ann','hand',NULL,3,2,NULL,1,3,0);
INSERT INTO actions VALUES(8,8.0,'redo','ann','hand',2,3,2,NULL,2,1,3);
CREATE TABLE label_history (
            action_id INTEGER NOT NULL REFERENCES actions(id) DEFERRABLE INITIALLY DEFERRED,
            image_id INTEGER NOT NULL,
            old INTEGER NOT NULL,
            new INTEGER NOT NULL,
            PRIMARY KEY (action_id, image_id)
        ) WITHOUT ROWID;
INSERT INTO label_history VALUES(1,1,0,1);
INSERT INTO label_history VALUES(1,2,0,1);
INSERT INTO label_history VALUES(1,3,0,1);
INSERT INTO label_history VALUES(2,2,1,2);
INSERT INTO label_history VALUES(2,3,1,2);
INSERT INTO label_history VALUES(2,4,0,2);
INSERT INTO label_history VALUES(3,5,0,1);
INSERT INTO label_history VALUES(3,6,0,1);
INSERT INTO label_history VALUES(4,5,1,0);
INSERT INTO label_history VALUES(4,6,1,0);
INSERT INTO label_history VALUES(5,1,1,0);
INSERT INTO label_history VALUES(6,1,0,1);
INSERT INTO label_history VALUES(7,2,2,1);
INSERT INTO label_history VALUES(7,3,2,1);
INSERT INTO label_history VALUES(7,4,2,0);
INSERT INTO label_history VALUES(8,2,1,2);
INSERT INTO label_history VALUES(8,3,1,2);
INSERT INTO label_history VALUES(8,4,0,2);
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
CREATE INDEX images_to_inspect ON images(id) WHERE state = 0;
CREATE INDEX images_with_problem ON images(id) WHERE problem IS NOT NULL;
CREATE INDEX actions_by_target ON actions(target, id) WHERE target IS NOT NULL;
CREATE INDEX actions_by_parent ON actions(parent, id) WHERE parent IS NOT NULL;
CREATE INDEX label_history_by_image ON label_history(image_id, action_id);
CREATE TRIGGER actions_no_update BEFORE UPDATE ON actions BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END;
CREATE TRIGGER actions_no_delete BEFORE DELETE ON actions BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END;
CREATE TRIGGER label_history_no_update BEFORE UPDATE ON label_history BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END;
CREATE TRIGGER label_history_no_delete BEFORE DELETE ON label_history BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END;
CREATE TRIGGER images_no_delete BEFORE DELETE ON images BEGIN SELECT RAISE(ABORT, 'images stay, with their labels and history'); END;
CREATE INDEX "images_in_order"
    ON "images" ("root_id", "sort_key");
INSERT INTO tags VALUES(1,'face');
