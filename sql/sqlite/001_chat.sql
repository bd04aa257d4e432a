-- Users, 1:1 conversations and their logs, marks, ids. SQLite dialect.
-- Text that a person typed is a BLOB of UTF-8: it is compared as bytes and keeps every character, also U+0000.
-- Times are ms since 1970 by the clock of the process that wrote the row; those that sync goes by, conversation.last_at
-- and conversation_member.changed_at, never fall: they wait where the clock is set back until it has caught up.

-- AUTOINCREMENT: a uid is never given twice, also when the newest user has been removed.
CREATE TABLE user (
  uid           INTEGER PRIMARY KEY AUTOINCREMENT CHECK (uid BETWEEN 1 AND 1073741823),
  account       BLOB NOT NULL,
  email         BLOB NOT NULL,
  nickname      BLOB NOT NULL,
  avatar        BLOB NOT NULL,
  password_hash BLOB NOT NULL,
  contacts_only INTEGER NOT NULL DEFAULT 0,
  created_at    INTEGER NOT NULL
) STRICT;
INSERT INTO sqlite_sequence (name, seq) VALUES ('user', 10000);

-- Everything that somebody may type to sign in: account and e-mail, ASCII letters folded to lower case.
-- Key: sign-in by name, and that nobody takes a name which somebody else has as account or e-mail.
CREATE TABLE sign_in_name (
  name BLOB PRIMARY KEY,
  uid  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Key: a user's contact list; "is the sender a contact of the recipient" in every append to such a user.
CREATE TABLE contact (
  uid      INTEGER NOT NULL,
  peer     INTEGER NOT NULL,
  remark   BLOB NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (uid, peer)
) STRICT, WITHOUT ROWID;

-- What uid thinks of peer. Key: the recipient's view of the sender in every append.
CREATE TABLE relation (
  uid   INTEGER NOT NULL,
  peer  INTEGER NOT NULL,
  black INTEGER NOT NULL DEFAULT 0,
  white INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (uid, peer)
) STRICT, WITHOUT ROWID;

-- id stands for the name in every other table: an integer keeps their indexes small.
-- Unique name: the conversation of a request.
CREATE TABLE conversation (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  first_seq  INTEGER NOT NULL DEFAULT 1,
  last_seq   INTEGER NOT NULL DEFAULT 0,
  last_n     INTEGER NOT NULL DEFAULT 0,
  last_mid   INTEGER NOT NULL DEFAULT 0,
  last_at    INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;

-- One side of a conversation. Key: all conversations of a user, and (peer, conv) for the other side's marks.
CREATE TABLE conversation_member (
  uid           INTEGER NOT NULL,
  conv          INTEGER NOT NULL,
  peer          INTEGER NOT NULL,
  delivered_seq INTEGER NOT NULL DEFAULT 0,
  read_seq      INTEGER NOT NULL DEFAULT 0,
  changed_at    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (uid, conv)
) STRICT, WITHOUT ROWID;

-- The log. mid as the row's own key: appends go to the end of the table, a receipt by mid is one look-up.
-- (conv, seq): range, history, offline and marks; refuses a number given twice.
-- (client_id, conv, sender): finds the original of a retry; refuses a second row of it. The client id comes first
-- because ours begin with the time: the new entries of all conversations then share a few pages, where one page
-- per conversation would be written for each (23-28 instead of 38-41 µs CPU a row at batches of 100, flushed).
-- kind 0 counts as unread; n numbers those. status 0: normal.
CREATE TABLE message (
  mid       INTEGER PRIMARY KEY,
  conv      INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  kind      INTEGER NOT NULL DEFAULT 0,
  sender    INTEGER NOT NULL,
  device    INTEGER NOT NULL,
  client_id BLOB NOT NULL,
  type      INTEGER NOT NULL,
  content   BLOB NOT NULL,
  sent_at   INTEGER NOT NULL,
  stored_at INTEGER NOT NULL,
  status    INTEGER NOT NULL DEFAULT 0,
  UNIQUE (conv, seq),
  UNIQUE (client_id, conv, sender)
) STRICT;

-- Up to where a device has everything. Key: the mark of one device in one conversation.
CREATE TABLE device_mark (
  uid    INTEGER NOT NULL,
  device INTEGER NOT NULL,
  conv   INTEGER NOT NULL,
  seq    INTEGER NOT NULL,
  PRIMARY KEY (uid, device, conv)
) STRICT, WITHOUT ROWID;

-- The first id that nobody has been given yet.
CREATE TABLE id_segment (
  name    TEXT PRIMARY KEY,
  next_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO id_segment (name, next_id) VALUES ('mid', 1);

-- Mids that a user may name himself: [first, first + count). Key: the block in which a mid lies.
CREATE TABLE mid_block (
  first INTEGER PRIMARY KEY,
  count INTEGER NOT NULL,
  uid   INTEGER NOT NULL
) STRICT;

-- Key: the version of one device's tokens; all devices of a user when his password changes.
CREATE TABLE token_version (
  uid     INTEGER NOT NULL,
  device  INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (uid, device)
) STRICT, WITHOUT ROWID;

-- epoch: raised by a restore. min_program: the oldest program that may open this. probe: the last test write.
-- stamp_limit: no last_at or changed_at is higher; a new start goes on from here if the clock was set back.
CREATE TABLE store_meta (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  epoch       INTEGER NOT NULL,
  min_program INTEGER NOT NULL,
  probe       INTEGER NOT NULL,
  stamp_limit INTEGER NOT NULL
) STRICT;
INSERT INTO store_meta (id, epoch, min_program, probe, stamp_limit) VALUES (1, 1, 1, 0, 0);
