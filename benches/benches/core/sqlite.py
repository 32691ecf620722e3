"""Folders in SQLite with a materialised path; prints seconds per step as a JSON list."""

import json
import sqlite3
import statistics
import sys
import time


def median_seconds(work, steps):
    times = []
    for _ in range(5):
        begin = time.process_time()
        work()
        times.append((time.process_time() - begin) / steps)
    return statistics.median(times)


question = json.load(sys.stdin)
db = sqlite3.connect("")  # a temporary file, cached in memory
db.execute("PRAGMA synchronous=OFF")
db.execute("PRAGMA journal_mode=MEMORY")
db.execute("PRAGMA cache_size=-1000000")
db.execute(
    "CREATE TABLE folders(id TEXT PRIMARY KEY, parent_id TEXT, name TEXT NOT NULL,"
    " path TEXT NOT NULL UNIQUE COLLATE NOCASE, created_at INTEGER, updated_at INTEGER,"
    " revision INTEGER)"
)
begin = time.process_time()
db.executemany("INSERT INTO folders VALUES(?, ?, ?, ?, 0, 0, 0)", question["folders"])
db.execute("CREATE INDEX by_parent ON folders(parent_id, name)")
db.commit()
build = time.process_time() - begin

db.execute("CREATE TEMP TABLE probes(path TEXT)")
db.executemany("INSERT INTO probes VALUES(?)", [(path,) for path in question["probes"]])
db.execute("CREATE TEMP TABLE local(path TEXT)")
db.executemany("INSERT INTO local VALUES(?)", [(path,) for path in question["local"]])
lookup_sql = "SELECT count(f.id) FROM probes p CROSS JOIN folders f ON f.path = p.path"
assert db.execute(lookup_sql).fetchone()[0] == len(question["probes"])
lookup = median_seconds(lambda: db.execute(lookup_sql).fetchone(), len(question["probes"]))
local_sql = lookup_sql.replace("probes", "local")
local = median_seconds(lambda: db.execute(local_sql).fetchone(), len(question["local"]))


def relocate(source, target):
    db.execute(
        "UPDATE folders SET path = ? || substr(path, ?) WHERE path = ? OR (path > ? AND path < ?)",
        (target, len(source) + 1, source, source + "/", source + "0"),
    )
    db.commit()


def there_and_back(source, away):
    target = away + "/" + source.rsplit("/", 1)[1]
    relocate(source, target)
    relocate(target, source)


large, small, away = question["paths"]
move_small = median_seconds(lambda: there_and_back(small, away), 2)
move_large = median_seconds(lambda: there_and_back(large, away), 2)


def list_children():
    for folder in question["listed"]:
        db.execute("SELECT id, path FROM folders WHERE parent_id = ? ORDER BY name", (folder,)).fetchall()


children = median_seconds(list_children, len(question["listed"]))
everything = median_seconds(
    lambda: db.execute("SELECT sum(length(path)) FROM (SELECT path FROM folders ORDER BY path)").fetchone(), 1
)
json.dump([build, lookup, move_small, move_large, children, everything, local], sys.stdout)
