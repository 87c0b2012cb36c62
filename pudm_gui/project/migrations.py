"""The tables, as a chain of migrations: a new project walks the whole chain, an old one the rest of it.

A released migration is never edited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sqlite_utils import Database

from pudm_gui.project.paths import encode, folded, sort_key


def _v1_first_release(db: Database) -> None:
    db.table("roots").create({"id": int, "path": str}, pk="id", not_null={"path"})
    db.execute(
        """CREATE TABLE images (
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
        )"""
    )
    db.execute("CREATE INDEX images_to_inspect ON images(id) WHERE state = 0")
    db.execute("CREATE INDEX images_with_problem ON images(id) WHERE problem IS NOT NULL")
    db.execute(
        """CREATE TABLE labels (
            image_id INTEGER PRIMARY KEY REFERENCES images(id),
            label INTEGER NOT NULL CHECK (label IN (1, 2))
        )"""
    )
    # The actions form a tree: `parent` is the action on top of which one was done, 0 for none, and `head` is the
    # last one in force afterwards. Undo moves the head to its parent, redo to its youngest child.
    db.execute(
        """CREATE TABLE actions (
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
        )"""
    )
    db.execute("CREATE INDEX actions_by_target ON actions(target, id) WHERE target IS NOT NULL")
    db.execute("CREATE INDEX actions_by_parent ON actions(parent, id) WHERE parent IS NOT NULL")
    db.execute(
        """CREATE TABLE label_history (
            action_id INTEGER NOT NULL REFERENCES actions(id) DEFERRABLE INITIALLY DEFERRED,
            image_id INTEGER NOT NULL,
            old INTEGER NOT NULL,
            new INTEGER NOT NULL,
            PRIMARY KEY (action_id, image_id)
        ) WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX label_history_by_image ON label_history(image_id, action_id)")
    for table in ("actions", "label_history"):
        for verb in ("UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END"
            )
    db.execute(
        "CREATE TRIGGER images_no_delete BEFORE DELETE ON images "
        "BEGIN SELECT RAISE(ABORT, 'images stay, with their labels and history'); END"
    )
    db.execute(
        """CREATE TABLE tags (
            image_id INTEGER NOT NULL REFERENCES images(id),
            tag TEXT NOT NULL,
            PRIMARY KEY (image_id, tag)
        ) WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            folder TEXT NOT NULL,
            created REAL NOT NULL,
            objective TEXT NOT NULL,
            beta REAL NOT NULL,
            unlabeled INTEGER NOT NULL,
            sensitive INTEGER NOT NULL,
            normal INTEGER NOT NULL
        )"""
    )


def _v2_natural_order(db: Database) -> None:
    """Images sort as people count, and are found whatever the case of accented letters."""
    images = db.table("images")
    images.add_column("sort_key", "BLOB", not_null_default="")
    images.add_column("folded", str)
    rows = db.execute("SELECT id, path FROM images").fetchall()
    db.conn.executemany(
        "UPDATE images SET sort_key = ?, folded = CAST(? AS TEXT) WHERE id = ?",
        ((sort_key(path), folded(path), id_) for id_, path in rows),
    )
    images.create_index(["root_id", "sort_key"], index_name="images_in_order")


def _v3_provenance(db: Database) -> None:
    """Labels know the action that gave them, tags have a history, single actions can be reverted, views are kept."""
    for verb in ("update", "delete"):
        db.execute(f"DROP TRIGGER actions_no_{verb}")
    db.execute(
        """CREATE TABLE new_actions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('label', 'tag', 'import', 'undo', 'redo', 'revert')),
            annotator TEXT NOT NULL,
            source TEXT NOT NULL,
            label INTEGER,
            count INTEGER NOT NULL,
            target INTEGER REFERENCES actions(id),
            parent INTEGER,
            head INTEGER NOT NULL,
            sensitive INTEGER NOT NULL,  -- images with this label afterwards, so that counting is looking at one row
            normal INTEGER NOT NULL,
            note TEXT NOT NULL DEFAULT '',  -- such as the name of the file that was imported
            tags TEXT NOT NULL DEFAULT ''  -- the first of what was done to tags, a line each, such as "+face"
        )"""
    )
    db.execute(
        """INSERT INTO new_actions
        (id, at, kind, annotator, source, label, count, target, parent, head, sensitive, normal)
        SELECT id, at, kind, annotator, source, label, count, target, parent, head, sensitive, normal FROM actions"""
    )
    db.execute("DROP TABLE actions")
    db.execute("ALTER TABLE new_actions RENAME TO actions")
    db.execute("CREATE INDEX actions_by_target ON actions(target, id) WHERE target IS NOT NULL")
    db.execute("CREATE INDEX actions_by_parent ON actions(parent, id) WHERE parent IS NOT NULL")
    _v3_who_gave_which_label(db)
    # `added` is 1 where the tag was put on the image, 0 where it was taken off.
    db.execute(
        """CREATE TABLE tag_history (
            action_id INTEGER NOT NULL REFERENCES actions(id) DEFERRABLE INITIALLY DEFERRED,
            image_id INTEGER NOT NULL,
            tag TEXT NOT NULL,
            added INTEGER NOT NULL CHECK (added IN (0, 1)),
            PRIMARY KEY (action_id, image_id, tag)
        ) WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX tag_history_by_image ON tag_history(image_id, action_id)")
    db.execute("CREATE INDEX tags_by_name ON tags(tag, image_id)")
    for table in ("actions", "label_history", "tag_history"):
        for verb in ("UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the label history is append-only'); END"
            )
    # 1: the file has another content than when it was labeled, and nobody has said since that the label still holds.
    db.table("images").add_column("changed", int, not_null_default=0)
    db.execute("CREATE INDEX images_changed ON images(id) WHERE changed = 1")
    db.execute("CREATE TABLE saved_views (name TEXT PRIMARY KEY, query TEXT NOT NULL) WITHOUT ROWID")


def _v3_who_gave_which_label(db: Database) -> None:
    """Each row of the history names the actions that gave the label before and after it (also where that is none), each
    label its action."""
    db.execute("DROP TRIGGER label_history_no_update")
    db.execute("ALTER TABLE label_history ADD COLUMN old_by INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE label_history ADD COLUMN new_by INTEGER NOT NULL DEFAULT 0")
    # 1: `images.changed` was set before, so that undo can set it again.
    db.execute("ALTER TABLE label_history ADD COLUMN changed INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE labels ADD COLUMN action_id INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE TEMP TABLE given (image_id INTEGER PRIMARY KEY, by INTEGER NOT NULL)")
    for action, kind, target in db.execute("SELECT id, kind, target FROM actions ORDER BY id").fetchall():
        values = {"action": action, "target": target, "undo": kind == "undo"}
        # Undo and redo bring back what their target's row has.
        db.execute(
            """UPDATE label_history AS done SET
            old_by = coalesce((SELECT by FROM given WHERE given.image_id = done.image_id), 0),
            new_by = iif(:target IS NULL, :action, coalesce((
                SELECT iif(:undo, old_by, new_by) FROM label_history AS aimed
                WHERE aimed.action_id = :target AND aimed.image_id = done.image_id
            ), 0)) WHERE action_id = :action""",
            values,
        )
        db.execute(
            """INSERT INTO given SELECT image_id, new_by FROM label_history WHERE action_id = ?
            ON CONFLICT (image_id) DO UPDATE SET by = excluded.by""",
            (action,),
        )
    db.execute("UPDATE labels SET action_id = coalesce((SELECT by FROM given WHERE image_id = labels.image_id), 0)")
    db.execute("DROP TABLE given")


def _v4_folders(db: Database) -> None:
    """Folders are known with what was in them, so that unchanged ones are passed over; moves leave a mark."""
    db.execute(
        """CREATE TABLE folders (
            root_id INTEGER NOT NULL REFERENCES roots(id),
            path TEXT NOT NULL,
            images INTEGER NOT NULL,
            listing BLOB,  -- digest of names, sizes and times; NULL where they have to be compared one by one
            PRIMARY KEY (root_id, path)
        ) WITHOUT ROWID"""
    )
    held = Counter(
        (root_id, path.rpartition("/")[0]) for root_id, path in db.execute("SELECT root_id, path FROM images")
    )
    db.conn.executemany(
        "INSERT INTO folders (root_id, path, images) VALUES (?, CAST(? AS TEXT), ?)",
        ((root_id, encode(path), images) for (root_id, path), images in held.items()),
    )
    # What a file that has changed held when it was looked into last; "" once it has been looked into again.
    db.table("images").add_column("former_sha256", str, not_null_default="")
    # Tells whether an order of images that was kept elsewhere still holds: one by place, and one by size or time.
    db.execute("CREATE TABLE image_order (stamp INTEGER NOT NULL, contents INTEGER NOT NULL)")
    db.execute("INSERT INTO image_order VALUES (random(), random())")
    for trigger, columns, stamp in (
        ("images_moved", "root_id, path, sort_key", "stamp"),
        ("images_measured", "size, mtime_ns, width, height", "contents"),
    ):
        db.execute(
            f"""CREATE TRIGGER {trigger} AFTER UPDATE OF {columns} ON images
            BEGIN UPDATE image_order SET {stamp} = random(); END"""
        )


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _v1_first_release,
    _v2_natural_order,
    _v3_provenance,
    _v4_folders,
)
