"""The file of the chats and its troubles: damaged, newer than we are, not writable, on a full disk.

Everything here runs on the store's thread. A job is a function of a connection that changes something, in a way that
does no harm when it is done twice. While the file takes no changes, they are done on a copy in memory and kept, to be done
on the file as soon as it takes them again.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from tui.store import schema
from tui.store.errors import (
    Damaged,
    NeverWritten,
    NewerSchema,
    NotWritten,
    ReadOnly,
    StoreProblem,
    Unreachable,
    WrittenAgain,
)
from tui.store.index import rebuild

if TYPE_CHECKING:
    from sqlite3 import Connection

Result = TypeVar("Result")
Job = Callable[["Connection"], Result]
Trouble = Literal["damaged", "refused", "none"]

RETRY_S = 3.0
_PATIENCE_S = 5.0  # for other programs that are writing
_LARGEST_COPY = 256_000_000  # bytes of a file that is copied into memory when it cannot be written


class Database:
    """`report` is told what the user should know, once for each trouble."""

    def __init__(
        self, path: Path, report: Callable[[StoreProblem], None], *, on_open: Job[None], max_pages: int | None = None
    ) -> None:
        self.path = path
        self.refusal: StoreProblem | None = None
        """Why the chats of the file cannot even be read."""
        self._report = report
        self._on_open = on_open
        self._max_pages = max_pages
        self._disk: Connection | None = None
        self._memory: Connection | None = None
        self._is_writable = True
        self._identity = (0, 0)
        """Of the file that is open: by its name there may be another one by now."""
        self._backlog: list[Job[object]] = []
        self._repairs = 0
        self._told: set[type[StoreProblem]] = set()

    def open(self) -> None:
        """Opens the file, or what takes its place. Never raises for what is wrong with the file."""
        import sqlite3

        for attempt in range(3):
            try:
                self._open_file()
                break
            except sqlite3.Error as error:
                self._drop()
                if trouble_of(error) != "damaged" or attempt == 2:
                    self._refuse(Unreachable(self.path, str(error)))
                    break
                self._set_aside()
            except NewerSchema as error:
                self._drop()
                self._refuse(error)
                break
            except OSError as error:
                self._refuse(Unreachable(self.path, error.strerror or str(error)))
                break
        self.write(self._on_open)

    def read(self, job: Job[Result]) -> Result:
        """What the job makes of the chats as they are now. It must not change them."""
        import sqlite3

        self._follow()
        try:
            return job(self._current)
        except sqlite3.DatabaseError as error:
            if trouble_of(error) != "damaged" or self._memory is not None:
                raise
            self._repair()
            return job(self._current)

    def write(self, job: Job[Result]) -> Result:
        """Does the job as one transaction: on the file, or in memory until the file takes it."""
        import sqlite3

        self._follow()
        if self._memory is None:
            try:
                return _transaction(self._current, job)
            except sqlite3.DatabaseError as error:
                trouble = trouble_of(error)
                if trouble == "none":
                    raise
                if trouble == "damaged":
                    self._repair()
                    return self.write(job)
                self._retreat(error)
        result = _transaction(self._current, job)
        if self.refusal is None and self._is_writable:
            self._backlog.append(job)
        return result

    @property
    def is_behind(self) -> bool:
        """Whether there are changes that the file does not hold yet."""
        return bool(self._backlog)

    def catch_up(self) -> None:
        """Tries to do on the file what it did not take before."""
        import sqlite3

        self._follow()
        if self._disk is None or not self._backlog:
            return
        try:
            while self._backlog:
                _transaction(self._disk, self._backlog[0])
                self._backlog.pop(0)
        except sqlite3.DatabaseError:
            return
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        self._told.discard(NotWritten)
        self._report(WrittenAgain(self.path))

    def close(self) -> None:
        self.catch_up()
        if self._backlog:
            self._report(NeverWritten(self.path, len(self._backlog)))
        self._drop()
        if self._memory is not None:
            self._memory.close()

    @property
    def _current(self) -> Connection:
        connection = self._memory or self._disk
        assert connection is not None, "the database is open"
        return connection

    def _open_file(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _make_private(self.path)
        except OSError:
            if not os.access(self.path, os.R_OK):
                raise
            self._is_writable = False
        if self._is_writable:
            self._is_writable = self._open_to_write()
        if not self._is_writable:
            self._open_to_read()

    def _open_to_write(self) -> bool:
        """Whether the file can be written; it is open then."""
        import sqlite3

        self._disk = db = _connect(str(self.path))
        try:
            self._check(db)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA fullfsync = ON")
            db.execute("PRAGMA journal_size_limit = 16000000")
            if self._max_pages:
                db.execute(f"PRAGMA max_page_count = {self._max_pages}")
            schema.migrate(db)
            _transaction(db, lambda db: db.execute("UPDATE chats SET key = key WHERE 0"))
            self._identity = _identity(self.path)
        except sqlite3.OperationalError as error:
            if not _is_refused(error):
                raise
            self._drop()
            return False
        return True

    def _open_to_read(self) -> None:
        """Opens the file as it is. Where not even the files beside it can be made, what they hold is not seen."""
        import sqlite3

        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        try:
            self._disk = _connect(uri, uri=True)
            self._check(self._disk)
        except sqlite3.OperationalError:
            self._drop()
            self._disk = _connect(f"{uri}&immutable=1", uri=True)
            self._check(self._disk)
        self._tell(ReadOnly(self.path))
        if schema.version_of(self._disk) < schema.VERSION:
            self._memory = _copy(self._disk)

    def _check(self, db: Connection) -> None:
        """Raises where the file is none of ours, or not whole at its beginning."""
        version = schema.version_of(db)
        if version > schema.VERSION:
            raise NewerSchema(self.path, version, schema.VERSION)
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def _follow(self) -> None:
        """Opens the file anew where another has taken its place, or it is gone: what was written would go nowhere."""
        if self._disk is None or not self._is_writable:
            return
        try:
            is_moved = _identity(self.path) != self._identity
        except OSError:
            is_moved = True
        if is_moved:
            self._drop()
            self.open()

    def _refuse(self, problem: StoreProblem) -> None:
        self.refusal = problem
        self._memory = _copy(None)
        self._tell(problem)

    def _retreat(self, error: Exception) -> None:
        """Goes on in memory, with a copy of the file unless that would be huge."""
        if self._is_writable:
            self._tell(NotWritten(self.path, str(error)))
        assert self._disk is not None
        self._memory = _copy(self._disk)

    def _repair(self) -> None:
        """After damage was met: a new file, or only a new index where nothing else is wrong."""
        self._drop()
        self._repairs += 1
        if self._repairs > 2 or not (_is_sound(self.path) and _reindexed(self.path)):
            self._set_aside(is_certain=self._repairs > 2)
        self.open()

    def _set_aside(self, *, is_certain: bool = False) -> None:
        """Renames a damaged file and what belongs to it, unless another prx has done so meanwhile."""
        if not is_certain and _is_sound(self.path) and _reindexed(self.path):
            return
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        number = 1
        while aside.exists():
            number += 1
            aside = aside.with_name(f"{aside.name.split('_')[0]}_{number}")
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{ending}").rename(f"{aside}{ending}")
        self._report(Damaged(self.path, aside))

    def _tell(self, problem: StoreProblem) -> None:
        if type(problem) not in self._told:
            self._told.add(type(problem))
            self._report(problem)

    def _drop(self) -> None:
        if self._disk is not None:
            self._disk.close()
            self._disk = None


def trouble_of(error: Exception) -> Trouble:
    """What an error of SQLite says of the file. By its words: Python 3.10 does not give the code."""
    text = str(error)
    if any(sign in text for sign in ("malformed", "not a database", "no such table", "vtable constructor failed")):
        return "damaged"
    if _is_refused(error) or any(sign in text for sign in ("is full", "disk I/O", "locked")):
        return "refused"
    return "none"


def _is_refused(error: Exception) -> bool:
    return "readonly" in str(error) or "unable to open" in str(error)


def _connect(path: str, *, uri: bool = False) -> Connection:
    import sqlite3

    return sqlite3.connect(path, uri=uri, isolation_level=None, timeout=_PATIENCE_S)


def _transaction(db: Connection, job: Job[Result]) -> Result:
    db.execute("BEGIN IMMEDIATE")
    try:
        result = job(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return result


def _copy(disk: Connection | None) -> Connection:
    """A database in memory with what the file holds, if that is not too much."""
    import sqlite3

    memory = _connect(":memory:")
    if disk is not None:
        with suppress(sqlite3.Error):
            pages, size = (disk.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            if pages * size <= _LARGEST_COPY or schema.version_of(disk) < schema.VERSION:
                disk.backup(memory)
    schema.migrate(memory)
    return memory


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _is_sound(path: Path) -> bool:
    import sqlite3

    try:
        with closing(_connect(str(path))) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            is_whole = tables >= schema.TABLES or schema.version_of(db) == 0
            return is_whole and bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def _reindexed(path: Path) -> bool:
    """Whether the index of words could be made anew."""
    import sqlite3

    try:
        with closing(_connect(str(path))) as db:
            _transaction(db, rebuild)
    except sqlite3.Error:
        return False
    return True


def _make_private(path: Path) -> None:
    """The file, readable and writable by the user alone. What SQLite puts beside it is made with the same mode."""
    opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if stat.S_IMODE(os.fstat(opened).st_mode) & 0o077 and os.name == "posix":
            os.fchmod(opened, 0o600)
    finally:
        os.close(opened)
