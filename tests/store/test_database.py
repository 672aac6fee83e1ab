"""Files that are damaged, newer than we are, not writable or on a full disk: said, kept, and gone on with."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from storing import LIMIT_S, add_messages, answer, billed, opened, prompt, said

from tui.chat.transcript import Draft, Message, Text
from tui.store import NewChat, Position, presence
from tui.store import schema as tables
from tui.store.errors import Damaged, NeverWritten, NewerSchema, NotWritten, ReadOnly, Unreachable, WrittenAgain
from tui.store.files import classify_error, is_sound, reindexed

ROOT = Path(__file__).parent.parent.parent
SCHEMAS = Path(__file__).parent / "schemas"


def file_in(folder: Path) -> Path:
    return folder / "data" / "chats.db"


def filled(folder: Path, chats: int = 40) -> Path:
    """A file with some chats, closed properly."""
    with opened(folder) as store:
        for number in range(chats):
            add_messages(store, f"chat{number}", f"Prompt {number}", "An answer. " * 40)
    return file_in(folder)


def overwritten(file: Path, start: int, data: bytes) -> None:
    with file.open("r+b") as stream:
        stream.seek(start)
        stream.write(data)


DAMAGES = {
    "no database": lambda file: file.write_bytes(b"these are my notes\n" * 500),
    "header": lambda file: overwritten(file, 0, b"\x00" * 100),
    "first page": lambda file: overwritten(file, 100, b"\xff" * 3000),
    "all but the first page": lambda file: overwritten(file, 4096, b"\xff" * (file.stat().st_size - 4096)),
    "cut": lambda file: os.truncate(file, 5000),
    "a table missing": lambda file: _dropped(file, "messages"),
    "no tables at all": lambda file: _dropped(file, "chats", "messages"),
}


def _dropped(file: Path, *names: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        for name in names:
            db.execute(f"DROP TABLE {name}")


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, damage) -> None:
    file = filled(tmp_path)
    damage(file)
    content = file.read_bytes()
    with opened(tmp_path) as store:
        assert store.chats().result(LIMIT_S) == () or damage is DAMAGES["a table missing"]
        add_messages(store, "new", "Hello")
        assert said(store, "new") == ["Hello"]
        (told,) = store.told
    assert isinstance(told, Damaged)
    assert str(file) in told.message
    assert str(told.backup) in told.hint
    assert told.backup.name.startswith("chats.db.damaged-2")
    assert told.backup.read_bytes() == content
    with opened(tmp_path) as store:
        assert said(store, "new") == ["Hello"]
        assert store.told == []


def test_two_damaged_files_in_one_second_are_both_kept(tmp_path: Path) -> None:
    for number in range(3):
        filled(tmp_path, 1).write_bytes(b"%d" % number * 5000)
        with opened(tmp_path) as store:
            store.settle()
    kept = {file.read_bytes()[:1] for file in file_in(tmp_path).parent.glob("chats.db.damaged-*")}
    assert kept == {b"0", b"1", b"2"}


def test_damage_that_shows_only_in_use_is_met_in_the_same_way(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with closing(sqlite3.connect(file)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()[0]
    overwritten(file, (page - 1) * 4096, b"\xff" * 4096)
    with opened(tmp_path) as store:
        add_messages(store, "new", "Hello")
        assert said(store, "new") == ["Hello"]
        assert [type(told) for told in store.told] == [Damaged]


def test_a_file_that_is_taken_away_while_it_is_open_is_begun_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "a", "Before")
        store.settle()
        for file in file_in(tmp_path).parent.iterdir():
            file.rename(file.with_name(f"mine-{file.name}"))
        add_messages(store, "b", "After")
        assert said(store, "b") == ["After"]
    with opened(tmp_path) as store:
        assert [chat.id for chat in store.chats().result(LIMIT_S)] == ["b"]
    with closing(sqlite3.connect(file_in(tmp_path).with_name("mine-chats.db"))) as db:
        assert db.execute("SELECT id FROM chats").fetchall() == [("a",)]


def test_when_one_instance_sets_the_file_aside_the_others_follow(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with opened(tmp_path) as one, opened(tmp_path) as two:
        assert len(one.chats().result(LIMIT_S)) == len(two.chats().result(LIMIT_S)) == 40
        with closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()[0]
        overwritten(file, (page - 1) * 4096, b"\xff" * 4096)
        add_messages(one, "from one", "Hello")
        add_messages(two, "from two", "Hello")
        one.settle()
        two.settle()
    assert [type(told) for told in (*one.told, *two.told)] == [Damaged]
    with opened(tmp_path) as store:
        assert {chat.id for chat in store.chats().result(LIMIT_S)} == {"from one", "from two"}


@pytest.mark.parametrize(
    "block",
    ["x'ffffffffffffffffffffff'", f"CAST(substr(block, 1, 30) || x'{'ff' * 8}' || substr(block, 39) AS BLOB)"],
    ids=["not an index", "absurd lengths"],  # for which SQLite has no memory
)
def test_a_damaged_index_is_made_anew_and_no_chat_is_lost(tmp_path: Path, block: str) -> None:
    file = filled(tmp_path)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(f"UPDATE words_data SET block = {block}")
    with opened(tmp_path) as store:
        for word in ("an", "answer"):
            assert len(store.search(word).result(LIMIT_S).hits) == 40
        assert len(store.chats().result(LIMIT_S)) == 40
        assert store.told == []


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = filled(tmp_path, 1)
    with closing(sqlite3.connect(file)) as db:
        db.execute(f"PRAGMA user_version = {tables.VERSION + 1}")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = file.read_bytes()
    with opened(tmp_path) as store:
        with pytest.raises(NewerSchema) as refused:
            store.ready().result(LIMIT_S)
        for word in (str(file), str(tables.VERSION), str(tables.VERSION + 1)):
            assert word in refused.value.message
        add_messages(store, "new", "Hello")
        assert said(store, "new") == ["Hello"], "what is said now is kept in memory"
        assert [type(told) for told in store.told] == [NewerSchema]
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told_and_gone_on_without(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with opened(tmp_path) as store:
        with pytest.raises(Unreachable):
            store.ready().result(LIMIT_S)
        add_messages(store, "new", "Hello")
        assert said(store, "new") == ["Hello"]
        assert [type(told) for told in store.told] == [Unreachable]


READ_ONLY = """
import os, sys
from pathlib import Path
sys.path.insert(0, os.fspath(Path(sys.argv[2]) / "tests" / "store"))
from storing import LIMIT_S, Opened, said, add_messages
import sqlite3
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
with Opened(Path(sys.argv[1])) as store:
    store.ready().result(LIMIT_S)
    assert said(store, "chat0")[0] == "Prompt 0"
    add_messages(store, "new", "Hello")
    add_messages(store, "chat0", "More", head="chat0-1")
    assert said(store, "new") == ["Hello"]
    assert said(store, "chat0")[-1] == "More"
    assert len(store.chats().result(LIMIT_S)) == 3
    assert store.search("hello").result(LIMIT_S).hits
print([type(told).__name__ for told in store.told])
"""


DAMAGED_TOO = """
import os, sys
from pathlib import Path
sys.path.insert(0, os.fspath(Path(sys.argv[2]) / "tests" / "store"))
from storing import LIMIT_S, Opened, said, add_messages
import sqlite3
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
with Opened(Path(sys.argv[1])) as store:
    add_messages(store, "new", "Hello")
    try:
        said(store, "chat1")
    except Exception as error:
        print(type(error).__name__)
    add_messages(store, "other", "Hello")
    assert said(store, "new") == said(store, "other") == ["Hello"]
print([type(told).__name__ for told in store.told])
"""


@pytest.fixture
def public_path() -> Iterator[Path]:
    """A folder that other users can reach. Those of pytest are closed again whenever another pytest starts."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def read_only_run(file: Path, folder_mode: int, program: str = READ_ONLY) -> str:
    """What a process that may not write the file says of it. The folders above those two are public."""
    file.chmod(0o444)
    file.parent.parent.chmod(0o755)
    file.parent.chmod(folder_mode)
    try:
        run = subprocess.run(
            [sys.executable, "-c", program, str(file), str(ROOT)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=60,
        )
    finally:
        file.parent.chmod(0o755)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.skipif(os.name != "posix", reason="about modes of files")
@pytest.mark.parametrize("folder_mode", [0o555, 0o777])
def test_a_file_that_cannot_be_written_is_read_and_the_rest_kept_in_memory(public_path: Path, folder_mode: int) -> None:
    file = filled(public_path, 2)
    before = file.read_bytes()
    assert read_only_run(file, folder_mode) == "['ReadOnly']"
    assert file.read_bytes() == before
    assert str(file) in ReadOnly(file).message


@pytest.mark.skipif(os.name != "posix", reason="about modes of files")
@pytest.mark.parametrize("before", [0, 1], ids=["all of it", "the last chat"])
def test_what_stands_only_in_the_log_is_read_where_nothing_can_be_written(public_path: Path, before: int) -> None:
    """As in a copy of the folder of a prx that was killed, without the `-shm` that SQLite would have to make."""
    file = file_in(public_path)
    if before:
        filled(public_path / "first", before)
        (public_path / "first" / "data").rename(file.parent)
    with opened(public_path) as store:
        for number in range(before, 2):
            add_messages(store, f"chat{number}", f"Prompt {number}", "An answer.")
        store.settle()
        copied = public_path / "copied" / "data" / file.name
        copied.parent.mkdir(parents=True)
        for ending in ("", "-wal"):
            copied.with_name(f"{file.name}{ending}").write_bytes(Path(f"{file}{ending}").read_bytes())
    log = copied.with_name(f"{file.name}-wal")
    content = copied.read_bytes(), log.read_bytes()
    assert read_only_run(copied, 0o555) == "['ReadOnly']"
    assert (copied.read_bytes(), log.read_bytes()) == content
    with opened(public_path / "copied") as store:
        assert [said(store, f"chat{number}")[-1][:9] for number in range(2)] == ["An answer"] * 2


@pytest.mark.skipif(os.name != "posix", reason="about modes of files")
def test_a_log_that_cannot_be_read_is_told_and_nothing_older_is_shown(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        add_messages(store, "chat0", "Prompt", "An answer.")
        store.settle()
        copied = tmp_path / "copied" / "data" / "chats.db"
        copied.parent.mkdir(parents=True)
        copied.write_bytes(store.file.read_bytes())
    copied.with_name("chats.db-wal").mkdir()
    with opened(tmp_path / "copied") as store, pytest.raises(Unreachable):
        store.ready().result(LIMIT_S)


@pytest.mark.skipif(os.name != "posix", reason="about modes of files")
@pytest.mark.parametrize("damage", ["header", "in use"])
def test_a_damaged_file_that_cannot_be_set_aside_is_told_and_gone_on_without(public_path: Path, damage: str) -> None:
    file = filled(public_path)
    if damage == "in use":
        with closing(sqlite3.connect(file)) as db:
            page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'").fetchone()[0]
        overwritten(file, (page - 1) * 4096, b"\xff" * 4096)
    else:
        DAMAGES[damage](file)
    before = file.read_bytes()
    *met, told = read_only_run(file, 0o555, DAMAGED_TOO).splitlines()
    assert set(met) <= {"NoSuchChat"}
    assert told == ("['ReadOnly', 'Unreachable']" if damage == "in use" else "['Unreachable']")
    assert file.read_bytes() == before


def test_a_full_disk_costs_nothing_that_was_said(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    pages = file_in(tmp_path).stat().st_size // 4096
    with opened(tmp_path, max_pages=pages + 4) as store:
        for number in range(30):
            add_messages(store, f"more{number}", f"Prompt {number}", f"word{number} " * 300)
        store.save_position(Position(chat_id="chat0", draft=Draft(text="unsent")))
        assert len(store.chats().result(LIMIT_S)) == 31
        assert said(store, "more29")[0] == "Prompt 29"
        assert said(store, "chat0")[0] == "Prompt 0"
        assert store.search("word29").result(LIMIT_S).hits
        assert [type(told) for told in store.told] == [NotWritten], "it is said once"
        assert str(store.file) in store.told[0].message
        store.make_room()
    assert [type(told) for told in store.told] == [NotWritten, WrittenAgain]
    with opened(tmp_path) as store:
        assert len(store.chats().result(LIMIT_S)) == 31
        assert said(store, "more29")[0] == "Prompt 29"
        assert [place.draft.text for place in store.unsent().result(LIMIT_S)] == ["unsent"]


def test_what_never_found_room_is_said_at_the_end(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    pages = file_in(tmp_path).stat().st_size // 4096
    with opened(tmp_path, max_pages=pages) as store:
        add_messages(store, "more", "word " * 9000)
        assert said(store, "more")
    assert [type(told) for told in store.told] == [NotWritten, NeverWritten]
    with opened(tmp_path) as store:
        assert said(store, "chat0")[0] == "Prompt 0"


@pytest.mark.parametrize("message", ["UNIQUE constraint failed: chats.id", 'near "FROM": syntax error'])
def test_our_own_mistakes_are_not_taken_for_the_disks(message: str) -> None:
    assert classify_error(sqlite3.OperationalError(message)) == "none"


def load(name: str, file: Path) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as db:
        db.executescript((SCHEMAS / name).read_text())


@pytest.mark.parametrize("version", range(1, tables.VERSION + 1))
def test_every_older_schema_is_brought_up_to_date_with_all_it_holds(tmp_path: Path, version: int) -> None:
    load(f"v{version}.sql", file_in(tmp_path))
    with opened(tmp_path) as store:
        (chat,) = store.chats().result(LIMIT_S)
        assert (chat.title, chat.messages, chat.cost_usd) == ("Which way does the tide run?", 3, 0.25)
        assert said(store, chat.id) == ["Which way does the tide run?", "Out, I think."]
        assert len(store.branch(chat.id).result(LIMIT_S)[1].siblings) == 2
        assert [hit.message_id for hit in store.search("think").result(LIMIT_S).hits] == ["again"]
        store.append(NewChat(id=chat.id), "next", chat.head, prompt("And now?"))
        assert said(store, chat.id)[-1] == "And now?"
        assert store.told == []
    with closing(sqlite3.connect(file_in(tmp_path))) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == tables.VERSION
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        new = schema_of(db)
    with opened(tmp_path / "fresh") as store:
        store.settle()
    with closing(sqlite3.connect(file_in(tmp_path / "fresh"))) as db:
        assert schema_of(db) == new, "an old file ends up with the same tables as a new one"


def schema_of(db: sqlite3.Connection) -> set[tuple[str, str]]:
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'words%' AND sql IS NOT NULL")
    return {(name, " ".join(sql.split())) for name, sql in rows if not name.startswith("sqlite_")}


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    load("v1.sql", file_in(tmp_path))

    def breaks(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (way)")
        raise sqlite3.OperationalError("interrupted")

    with closing(sqlite3.connect(file_in(tmp_path), isolation_level=None)) as db:
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            tables.migrate(db, (*tables.STEPS[:1], breaks))
        assert tables.version_of(db) == 1
        assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)


def test_an_answer_that_was_cut_by_a_crash_is_marked_and_found(tmp_path: Path) -> None:
    streaming = Message(role="assistant", state="streaming", blocks=(Text("Out, because"),))
    with opened(tmp_path) as store:
        add_messages(store, "a", "Tide?")
        store.partial(NewChat(id="a"), "m", "a-0", streaming)
        store.settle()
        with opened(tmp_path) as other:
            assert [row.state for row in other.branch("a").result(LIMIT_S)] == ["complete", "streaming"]
        with closing(sqlite3.connect(file_in(tmp_path))) as db, db:
            db.execute("UPDATE instances SET pid = 99999999")  # as if it had been killed
        with opened(tmp_path) as other:
            assert [row.state for row in other.branch("a").result(LIMIT_S)] == ["complete", "interrupted"]
            assert [hit.message_id for hit in other.search("because").result(LIMIT_S).hits] == ["m"]
            store.append(NewChat(id="a"), "m", "a-0", answer("Out, because it ebbs."))  # it was alive after all
            assert said(store, "a") == ["Tide?", "Out, because it ebbs."]
            assert len(other.search("because").result(LIMIT_S).hits) == 1


def test_an_answer_that_was_cut_by_a_crash_ends_for_those_who_have_the_chat_open(tmp_path: Path) -> None:
    streaming = Message(role="assistant", state="streaming", blocks=(Text("Out, because"),))
    with opened(tmp_path) as store, opened(tmp_path) as other:
        add_messages(store, "a", "Tide?")
        store.partial(NewChat(id="a"), "m", "a-0", streaming)
        store.settle()
        other.settle()
        with closing(sqlite3.connect(file_in(tmp_path))) as db, db:
            presence.heartbeat(db, other.token, other._now())
            assert [row.state for row in other.branch("a").result(LIMIT_S)] == ["complete", "streaming"]
            db.execute("UPDATE instances SET pid = 99999999 WHERE token = ?", (store.token,))
            presence.heartbeat(db, other.token, other._now())
        assert [row.state for row in other.branch("a").result(LIMIT_S)] == ["complete", "interrupted"]


def test_an_answer_that_was_cut_by_a_crash_costs_its_chat_and_its_day_what_is_known_of_it(tmp_path: Path) -> None:
    partial = replace(billed("Out, because", cost_usd=0.5), state="streaming")
    with opened(tmp_path) as store:
        add_messages(store, "a", "Tide?")
        store.partial(NewChat(id="a"), "m", "a-0", partial)
        store.settle()
        with closing(sqlite3.connect(file_in(tmp_path))) as db, db:
            db.execute("UPDATE instances SET pid = 99999999")  # as if it had been killed
        with opened(tmp_path) as other:
            (day,) = other.days().result(LIMIT_S)
            assert (day.requests, day.input_tokens, day.cost_usd) == (1, 10, 0.5)
            assert other.spent("a").result(LIMIT_S).chat_usd == 0.5
            whole = billed("Out, because it ebbs.", cost_usd=0.75)
            store.append(NewChat(id="a"), "m", "a-0", whole)  # it was alive after all
            store.settle()
            (day,) = other.days().result(LIMIT_S)
            assert day.requests == 1
            assert other.spent("a").result(LIMIT_S).chat_usd == 0.75


def test_sqlite_is_not_loaded_before_the_first_job(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tui.store import Store\n"
        "with Store(Path(sys.argv[1])) as store:\n    assert 'sqlite3' not in sys.modules\n"
        "    store.chats().result(20)\n    assert 'sqlite3' in sys.modules"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "chats.db")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr


def test_a_file_that_another_one_is_just_making_is_taken_as_it_is(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    assert is_sound(file)
    assert reindexed(file)
