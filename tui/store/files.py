"""Operations on SQLite files, and the meaning of SQLite's errors. `database` decides what they mean for the chats."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, TypeVar

from tui.inputs import UnfitFile, bounded
from tui.store import columns, schema
from tui.store.index import check, rebuild

if TYPE_CHECKING:
    from sqlite3 import Connection

Result = TypeVar("Result")
Job = Callable[["Connection"], Result]
"""Reads, or makes a change that can safely be made twice."""
Trouble = Literal["damaged", "refused", "none"]

PATIENCE_S = 2.0
"""How long to wait for other programs that are writing."""
_LARGEST_COPY = 1_000_000_000  # bytes; a larger file is not copied into memory


_DAMAGE = (
    "malformed",
    "not a database",
    "no such",  # a table or a column, where its name is damaged in the schema
    "has no column",
    "vtable constructor failed",
)


def classify_error(error: Exception, db: Connection | None = None) -> Trouble:
    """Return what an error of SQLite says about the file. Parsed from the text: Python 3.10 does not give the code.

    Any other error is damage, too, if the schema of `db` is not ours any more: a changed letter in it can mean anything.
    """
    text = str(error)
    if any(sign in text for sign in _DAMAGE):
        return "damaged"
    if is_refused(text) or any(sign in text for sign in ("is full", "disk I/O", "locked")):
        return "refused"
    import sqlite3

    try:
        return "none" if db is None or schema.is_as_made(db) else "damaged"
    except sqlite3.Error:  # it cannot even be read
        return "damaged"


def is_refused(text: str) -> bool:
    """True if SQLite reports that the file is read-only or cannot be opened."""
    return "readonly" in text or "unable to open" in text


def connect(path: str, *, uri: bool = False, patience_s: float = PATIENCE_S) -> Connection:
    """Open a connection without implicit transactions."""
    import sqlite3

    return sqlite3.connect(path, uri=uri, isolation_level=None, timeout=patience_s)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise DatabaseError for a message of SQLite that quotes a damaged schema and is not UTF-8."""
    try:
        yield
    except UnicodeDecodeError as error:
        if not error.object.startswith((b"malformed database schema", b"database disk image is malformed")):
            raise
        import sqlite3

        raise sqlite3.DatabaseError(error.object.decode("utf-8", "replace")) from error


def allow_invalid_text(db: Connection, error: Exception) -> bool:
    """Accept text that is not UTF-8 from now on, which is slower. Return False if that was not the problem."""
    is_new = "decode" in str(error) and db.text_factory is str
    if is_new:
        db.text_factory = columns.text
    return is_new


def set_busy_timeout(db: Connection, patience_s: float) -> None:
    """Set how long the connection waits for other writers."""
    db.execute(f"PRAGMA busy_timeout = {round(1000 * patience_s)}")


@plain_errors()
def transaction(db: Connection, job: Job[Result]) -> Result:
    """Run a job as one transaction and return its result."""
    db.execute("BEGIN IMMEDIATE")
    try:
        result = job(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return result


def copy(disk: Connection | None) -> Connection:
    """Return a database in memory with the content of the file, if it is not too large."""
    import sqlite3

    memory = connect(":memory:")
    if disk is not None:
        with suppress(sqlite3.Error):
            pages, size = (disk.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            if pages * size <= _LARGEST_COPY or schema.version_of(disk) < schema.VERSION:
                disk.backup(memory)
    schema.migrate(memory)
    return memory


def has_wal(path: Path) -> bool:
    """True if there may be changes only in the write-ahead log beside the file, as after a crash."""
    try:
        return Path(f"{path}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


@contextmanager
def opened_copy(path: Path) -> Iterator[Connection]:
    """Open a copy of the file with its log. Raises OSError if one of them cannot be read."""
    with TemporaryDirectory(prefix="prx-") as folder:  # for the user alone
        for ending in ("", "-wal"):
            shutil.copyfile(f"{path}{ending}", f"{folder}/{path.name}{ending}")
        with closing(connect(f"{folder}/{path.name}")) as db:
            yield db


def require_regular_file(path: Path) -> None:
    """Raise OSError for a file that SQLite would block on, e.g. a named pipe or device, as the database or beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        file = Path(f"{path}{ending}")
        try:
            bounded.require_regular_file(file, missing_ok=True)
        except UnfitFile as error:
            raise UnfitFile(error.errno, str(error.strerror).replace("it", file.name, 1)) from error
        except OSError as error:  # a link to itself
            raise OSError(error.errno, f"{file.name}: {error.strerror}") from error


def identity(path: Path) -> tuple[int, int]:
    """Return device and inode of the file."""
    found = path.stat()
    return found.st_dev, found.st_ino


def is_sound(path: Path) -> bool:
    """True if the file has our tables and passes a quick check."""
    import sqlite3

    try:
        with plain_errors(), closing(connect(str(path))) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            is_whole = (tables >= schema.TABLES and schema.is_as_made(db)) or schema.version_of(db) == 0
            return is_whole and bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def is_intact(path: Path) -> bool:
    """True if every index matches its table. Reads the whole file."""
    import sqlite3

    try:
        with plain_errors(), closing(connect(str(path))) as db:
            if db.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                return False
            try:
                check(db)
            except sqlite3.OperationalError as error:
                return classify_error(error) == "refused"  # then nobody knows
    except (sqlite3.Error, MemoryError):  # MemoryError: the index has absurd lengths
        return False
    return True


def reindexed(path: Path) -> bool:
    """Rebuild all indexes. Return False if that fails."""
    import sqlite3

    try:
        with plain_errors(), closing(connect(str(path))) as db:
            transaction(db, rebuild)
            db.execute("REINDEX")
    except sqlite3.Error:
        return False
    return True


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder against other instances, if the system supports it."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def make_private(path: Path) -> None:
    """Create the file, or restrict it, so that only the user can read and write it. SQLite's auxiliary files get the same
    mode.
    """
    opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if stat.S_IMODE(os.fstat(opened).st_mode) & 0o077 and os.name == "posix":
            os.fchmod(opened, 0o600)
    finally:
        os.close(opened)
