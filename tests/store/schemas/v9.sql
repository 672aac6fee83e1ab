PRAGMA user_version = 9;
BEGIN TRANSACTION;
CREATE TABLE attached (message INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (message, hash)) WITHOUT ROWID;
CREATE TABLE attachments (hash TEXT PRIMARY KEY, is_base64 INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE chats (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL DEFAULT '',
            folded_title TEXT NOT NULL DEFAULT '',
            title_is_mine INTEGER NOT NULL DEFAULT 0,
            model TEXT NOT NULL DEFAULT '',
            system TEXT NOT NULL DEFAULT '',
            tools TEXT NOT NULL DEFAULT '',
            preset TEXT NOT NULL DEFAULT '',
            created REAL NOT NULL,
            updated REAL NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0,
            deleted_at REAL,
            head TEXT,
            messages INTEGER NOT NULL DEFAULT 0,
            cost_usd REAL NOT NULL DEFAULT 0,
            saved_usd REAL NOT NULL DEFAULT 0,
            cached_at REAL NOT NULL DEFAULT 0,
            cache_ttl_s INTEGER NOT NULL DEFAULT 0
        , thinking TEXT NOT NULL DEFAULT '', effort TEXT NOT NULL DEFAULT '', definitions TEXT NOT NULL DEFAULT '', changed TEXT NOT NULL DEFAULT '');
INSERT INTO "chats" VALUES(1,'fjord','Which way does the tide run?','which way does the tide run?',0,'claude-sonnet-5-5','','','',1780000000.0,1780000000.0,0,NULL,'again',3,0.25,0.0,0.0,0,'','','','');
CREATE TABLE days (
            day TEXT NOT NULL,
            model TEXT NOT NULL,
            requests INTEGER NOT NULL,
            unpriced INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            cache_read_tokens INTEGER NOT NULL,
            cache_write_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            cost_usd REAL NOT NULL,
            saved_usd REAL NOT NULL, cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0, thinking_tokens INTEGER NOT NULL DEFAULT 0, searches INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (day, model)
        ) WITHOUT ROWID
        ;
INSERT INTO "days" VALUES('1970-01-01','',1,1,0,0,0,0,0.0,0.0,0,0,0);
INSERT INTO "days" VALUES('1970-01-01','claude-sonnet-5-5',1,0,10,0,0,4,0.25,0.0,0,0,0);
CREATE TABLE instances (
            token TEXT PRIMARY KEY,
            pid INTEGER NOT NULL,
            host TEXT NOT NULL,
            started REAL NOT NULL,
            seen REAL NOT NULL,
            chat_id TEXT NOT NULL DEFAULT ''
        );
CREATE TABLE left_unsent (
            key INTEGER PRIMARY KEY,
            chat_id TEXT NOT NULL,
            at REAL NOT NULL,
            text TEXT NOT NULL
        );
CREATE TABLE messages (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            chat INTEGER NOT NULL,
            parent INTEGER,
            role TEXT NOT NULL,
            state TEXT NOT NULL,
            at REAL NOT NULL,
            writer TEXT,
            cost_usd REAL NOT NULL DEFAULT 0,
            saved_usd REAL NOT NULL DEFAULT 0,
            facts BLOB NOT NULL,
            blocks BLOB NOT NULL
        , copied INTEGER NOT NULL DEFAULT 0);
INSERT INTO "messages" VALUES(1,'prompt',1,NULL,'user','complete',100.0,NULL,0.0,0.0,X'',X'5B7B2274797065223A2274657874222C2274657874223A2257686963682077617920646F65732074686520746964652072756E3F222C226369746174696F6E73223A5B5D7D5D',0);
INSERT INTO "messages" VALUES(2,'answer',1,1,'assistant','complete',101.0,NULL,0.25,0.0,X'7B22726F6C65223A22617373697374616E74222C226D6F64656C223A22636C617564652D736F6E6E65742D352D35222C227573616765223A7B22696E7075745F746F6B656E73223A31302C226F75747075745F746F6B656E73223A347D2C2262696C6C223A7B22636F73745F757364223A302E32357D7D',X'5B7B2274797065223A2274657874222C2274657874223A224F75742E222C226369746174696F6E73223A5B5D7D5D',0);
INSERT INTO "messages" VALUES(3,'again',1,1,'assistant','complete',102.0,NULL,0.0,0.0,X'',X'5B7B2274797065223A2274657874222C2274657874223A224F75742C2049207468696E6B2E222C226369746174696F6E73223A5B5D7D5D',0);
CREATE TABLE places (
            token TEXT NOT NULL,
            chat_id TEXT NOT NULL,
            at REAL NOT NULL,
            draft BLOB NOT NULL,
            queue BLOB NOT NULL,
            held INTEGER NOT NULL,
            scroll REAL, edits TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (token, chat_id)
        ) WITHOUT ROWID
        ;
CREATE TABLE written_off (
            key INTEGER PRIMARY KEY,
            chat_id TEXT NOT NULL,
            at REAL NOT NULL,
            state TEXT NOT NULL,
            cost_usd REAL NOT NULL,
            saved_usd REAL NOT NULL,
            facts BLOB NOT NULL,
            UNIQUE (chat_id, at, facts)
        );
CREATE INDEX chats_in_order ON chats (pinned DESC, updated DESC) WHERE deleted_at IS NULL;
CREATE INDEX chats_deleted ON chats (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_by_parent ON messages (chat, parent);
CREATE INDEX messages_arriving ON messages (writer) WHERE writer IS NOT NULL;
CREATE INDEX prompts ON messages (key) WHERE role = 'user';
CREATE TRIGGER message_added AFTER INSERT ON messages BEGIN
            UPDATE chats SET messages = messages + 1, cost_usd = cost_usd + NEW.cost_usd,
                saved_usd = saved_usd + NEW.saved_usd WHERE key = NEW.chat;
        END;
CREATE TRIGGER message_billed AFTER UPDATE OF cost_usd, saved_usd ON messages BEGIN
            UPDATE chats SET cost_usd = cost_usd + NEW.cost_usd - OLD.cost_usd,
                saved_usd = saved_usd + NEW.saved_usd - OLD.saved_usd WHERE key = NEW.chat;
        END;
CREATE TRIGGER message_gone AFTER DELETE ON messages BEGIN
            UPDATE chats SET messages = messages - 1, cost_usd = cost_usd - OLD.cost_usd,
                saved_usd = saved_usd - OLD.saved_usd WHERE key = OLD.chat;
        END;
CREATE INDEX places_by_chat ON places (chat_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('chats',1);
INSERT INTO "sqlite_sequence" VALUES('messages',3);
CREATE VIRTUAL TABLE words USING fts5 (body, content='', columnsize=0, tokenize='ascii', prefix='1 2');
INSERT INTO words (rowid, body) VALUES (1, 'Which way does the tide run?');
INSERT INTO words (rowid, body) VALUES (2, 'Out.');
INSERT INTO words (rowid, body) VALUES (3, 'Out, I think.');
COMMIT;
