"""The database file and its failures: damaged, of a newer version, not writable, or on a full disk.

Everything here runs on the store's thread. Jobs can safely run twice: while the file accepts no changes, they run on a copy
in memory and are kept, to run on the file as soon as it accepts them again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

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
from tui.store.files import (
    PATIENCE_S,
    Job,
    Result,
    allow_invalid_text,
    classify_error,
    connect,
    copy,
    folder_lock,
    has_wal,
    identity,
    is_intact,
    is_refused,
    is_sound,
    make_private,
    opened_copy,
    plain_errors,
    reindexed,
    require_regular_file,
    set_busy_timeout,
    transaction,
)

if TYPE_CHECKING:
    from sqlite3 import Connection

RETRY_S = 1.5
_HIDDEN_DAMAGE = (LookupError, TypeError, ValueError, AttributeError, MemoryError)
"""What a job raises if a damaged index hides or adds rows, or has absurd lengths, without SQLite noticing."""
_SHORT_PATIENCE_S = 0.2  # the same while everything runs in memory: nothing may wait for the file then


class Database:
    """The database. `report` receives problems for the user, each once."""

    def __init__(
        self,
        path: Path,
        report: Callable[[StoreProblem], None],
        *,
        on_open: Job[None],
        on_loss: Job[None],
        max_pages: int | None = None,
    ) -> None:
        """`on_open` runs first. `on_loss` runs last, on the copy in memory, if the file has not accepted all text
        by then.
        """
        self.path = path
        self.refusal: StoreProblem | None = None
        """Why the chats in the file cannot even be read, or None."""
        self._report = report
        self._on_open = on_open
        self._on_loss = on_loss
        self._max_pages = max_pages
        self._disk: Connection | None = None
        self._memory: Connection | None = None
        self._is_writable = True
        """True if the file accepted changes when it was opened. Otherwise that is tried again."""
        self._identity = (0, 0)
        """Device and inode of the open file, since another file may have its name by now."""
        self._backlog: dict[object, Job[object]] = {}
        """Jobs that the file has not accepted yet, in order."""
        self._texts: dict[object, str] = {}
        """The chat id for each key whose job contains a message or draft."""
        self._transient: set[object] = set()
        """Keys of jobs that are no loss if they are never written."""
        self._repairs = 0
        self._reported: set[type[StoreProblem]] = set()

    def open(self) -> None:
        """Open the file, or a replacement. Never raises for problems of the file."""
        import sqlite3

        for attempt in range(3):
            try:
                self._open_file()
                break
            except sqlite3.Error as error:
                self._disconnect()
                if classify_error(error) != "damaged" or attempt == 2 or not self._rename_damaged():
                    self._refuse(Unreachable(self.path, str(error)))
                    break
            except NewerSchema as error:
                self._disconnect()
                self._refuse(error)
                break
            except OSError as error:
                self._refuse(Unreachable(self.path, error.strerror or str(error)))
                break
        self.write(self._on_open, "arrival", is_transient=True)

    def read(self, job: Job[Result]) -> Result:
        """Run a job that reads the current chats. It must not change them."""
        import sqlite3

        self._reopen_if_replaced()
        try:
            with plain_errors():
                return job(self._current)
        except sqlite3.DatabaseError as error:
            if not allow_invalid_text(self._current, error):
                if classify_error(error, self._current) != "damaged":
                    raise
                self._repair()
            return job(self._current)
        except _HIDDEN_DAMAGE as error:
            self._repair_hidden_damage(error)
            try:
                return job(self._current)
            except _HIDDEN_DAMAGE as again:
                raise Unreachable(self.path, "it is damaged") from again

    def write(self, job: Job[Result], key: str = "", *, is_transient: bool = False, chat_id: str = "") -> Result:
        """Run a job as one transaction: on the file, or in memory until the file accepts it.

        `key`: replaces an earlier job of that key which is not written yet. `is_transient`: the job is about this process,
        and no loss when prx exits. `chat_id`: the chat whose text the job contains.
        """
        import sqlite3

        self._reopen_if_replaced()
        if self._memory is None:
            try:
                return transaction(self._current, job)
            except sqlite3.DatabaseError as error:
                trouble = classify_error(error, self._current)
                if allow_invalid_text(self._current, error):
                    return self.write(job, key, is_transient=is_transient, chat_id=chat_id)
                if trouble == "none":
                    raise
                if trouble == "damaged":
                    self._repair()
                    return self.write(job, key, is_transient=is_transient, chat_id=chat_id)
                self._fall_back_to_memory(error)
            except _HIDDEN_DAMAGE as error:
                self._repair_hidden_damage(error)
        try:
            result = transaction(self._current, job)
        except sqlite3.DatabaseError as error:
            if classify_error(error, self._current) != "damaged":
                raise
            self._repair()
            result = transaction(self._current, job)
        place = key or object()
        self._backlog[place], self._texts[place] = job, chat_id
        if is_transient:
            self._transient.add(place)
        return result

    @property
    def has_backlog(self) -> bool:
        """True if there are changes that the file does not contain yet."""
        return bool(self._backlog)

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The ids of the chats with messages or drafts that the file does not contain yet."""
        return tuple(dict.fromkeys(chat_id for place in self._backlog if (chat_id := self._texts[place])))

    def catch_up(self, patience_s: float = _SHORT_PATIENCE_S) -> None:
        """Try to run the backlog on the file."""
        import sqlite3

        self._reopen_if_replaced()
        if not self._backlog or not self._takes_changes(patience_s):
            return
        disk = self._disk
        assert disk is not None, "it takes changes"
        try:
            set_busy_timeout(disk, patience_s)
            while self._backlog:
                key, job = next(iter(self._backlog.items()))
                transaction(disk, job)
                del self._backlog[key]
        except sqlite3.DatabaseError:
            return
        finally:
            set_busy_timeout(disk, PATIENCE_S)
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        self._reported -= {NotWritten, ReadOnly, Unreachable}
        self._report(WrittenAgain(self.path))

    def close(self) -> None:
        if self._backlog.keys() - self._transient:  # everything else is not worth waiting for
            self.catch_up(PATIENCE_S)
        lost = len(self._backlog.keys() - self._transient)
        if lost and NotWritten in self._reported:  # other problems already said that nothing is stored
            self._report(NeverWritten(self.path, lost))
        if self.unsaved:
            self._on_loss(self._current)
        self._disconnect()
        if self._memory is not None:
            self._memory.close()

    @property
    def _current(self) -> Connection:
        connection = self._memory or self._disk
        assert connection is not None, "the database is open"
        return connection

    @plain_errors()
    def _open_file(self) -> None:
        import sqlite3

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_regular_file(self.path)
        try:
            make_private(self.path)
        except OSError:
            if not os.access(self.path, os.R_OK):
                raise
            self._is_writable = False
        why = "readonly"
        if self._is_writable:
            try:
                self._open_to_write(PATIENCE_S)
                return
            except sqlite3.OperationalError as error:
                why = str(error)
                if classify_error(error) != "refused":
                    raise
                self._is_writable = False
        self._open_to_read(why)

    def _open_to_write(self, patience_s: float) -> None:
        """Open the file and verify that it accepts changes. Raises the error of SQLite if it does not."""
        db = connect(str(self.path), patience_s=patience_s)
        try:
            self._check(db)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA fullfsync = ON")
            db.execute("PRAGMA journal_size_limit = 16000000")
            if self._max_pages:
                db.execute(f"PRAGMA max_page_count = {self._max_pages}")
            schema.migrate(db)
            transaction(db, lambda db: db.execute("UPDATE chats SET key = key WHERE 0"))
            self._identity = identity(self.path)
        except BaseException:
            db.close()
            raise
        set_busy_timeout(db, PATIENCE_S)
        self._disk = db

    def _takes_changes(self, patience_s: float) -> bool:
        """True if the file is open for writing. It may have been read-only, locked or on a full disk before."""
        import sqlite3

        if self._disk is not None and self._is_writable:
            return True
        if isinstance(self.refusal, NewerSchema):
            return False
        before = self._disk
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            require_regular_file(self.path)
            make_private(self.path)
            self._open_to_write(patience_s)
        except (OSError, sqlite3.Error, NewerSchema):
            return False
        if before is not None:
            before.close()
        self.refusal, self._is_writable = None, True
        return True

    def _open_to_read(self, why: str) -> None:
        import sqlite3

        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        try:
            self._disk = connect(uri, uri=True)
            self._check(self._disk)
        except sqlite3.OperationalError as error:
            self._disconnect()
            if "locked" in why or "locked" in str(error):  # it may change while it is read
                raise
            self._open_immutable(uri)
        self._report_once(ReadOnly(self.path) if is_refused(why) else NotWritten(self.path, why))
        if self._disk is not None and schema.version_of(self._disk) < schema.VERSION:
            self._memory = copy(self._disk)

    def _open_immutable(self, uri: str) -> None:
        """Open the file if not even SQLite's auxiliary files can be created; a write-ahead log is then read from a copy."""
        if has_wal(self.path):
            with opened_copy(self.path) as db:
                self._check(db)
                self._memory = copy(db)
        else:
            self._disk = connect(f"{uri}&immutable=1", uri=True)
            self._check(self._disk)

    def _check(self, db: Connection) -> None:
        """Raise if the file has a newer schema, or is damaged at its start."""
        version = schema.version_of(db)
        if version > schema.VERSION:
            raise NewerSchema(self.path, version, schema.VERSION)
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def _reopen_if_replaced(self) -> None:
        """Reopen the file if another has taken its place or it is gone: changes would be lost."""
        if self._disk is None or not self._is_writable:
            return
        try:
            is_moved = identity(self.path) != self._identity
        except OSError:
            is_moved = True
        if is_moved:
            self._disconnect()
            self.open()

    def _refuse(self, problem: StoreProblem) -> None:
        self.refusal = problem
        self._memory = copy(None)
        for job in self._backlog.values():
            transaction(self._memory, job)
        self._report_once(problem)

    def _fall_back_to_memory(self, error: Exception) -> None:
        """Continue in memory, with a copy of the file unless it is huge."""
        if self._is_writable:
            self._report_once(NotWritten(self.path, str(error)))
        assert self._disk is not None
        self._memory = copy(self._disk)

    def _repair(self) -> None:
        """Handle damage: start a new file, or rebuild the indexes if nothing else is wrong."""
        self._disconnect()
        self._repairs += 1
        if self._memory is None and self._rename_damaged(is_certain=self._repairs > 2):
            self.open()
        else:  # it is not writable either, and its copy is damaged
            self._refuse(Unreachable(self.path, "it is damaged"))

    def _repair_hidden_damage(self, error: Exception) -> None:
        """Handle an error that would be a bug if the file were intact; if it is, raise the error again."""
        if self._memory is not None or is_intact(self.path):
            raise error
        self._repair()

    def _rename_damaged(self, *, is_certain: bool = False) -> bool:
        """Rename a damaged file, unless new indexes suffice or another prx was faster. Return False if that is not
        permitted.
        """
        try:
            self._rename_or_reindex(is_certain=is_certain)
        except OSError:
            return False
        return True

    def _rename_or_reindex(self, *, is_certain: bool) -> None:
        with folder_lock(self.path.parent):
            if not is_certain and is_sound(self.path) and reindexed(self.path):
                return
            backup = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
            number = 1
            while backup.exists():
                number += 1
                backup = backup.with_name(f"{backup.name.split('_')[0]}_{number}")
            for ending in ("-wal", "-shm", ""):  # the file last: a new one must not find the old auxiliary files
                with suppress(FileNotFoundError):
                    Path(f"{self.path}{ending}").rename(f"{backup}{ending}")
        self._report(Damaged(self.path, backup))

    def _report_once(self, problem: StoreProblem) -> None:
        if type(problem) not in self._reported:
            self._reported.add(type(problem))
            self._report(problem)

    def _disconnect(self) -> None:
        if self._disk is not None:
            self._disk.close()
            self._disk = None
