-- Groups, events that change or mark messages, settings, presence.
-- message.kind: 2 edit, 3 reaction, 4 pin, 5 what happened to a group; their content is JSON text. message.extra: JSON
-- of what few messages have besides (a reply, mentions, an edit); NULL: nothing.
ALTER TABLE message ADD COLUMN extra BLOB;

-- One side of a conversation: what this user may read of it. since_seq: the lowest; until_seq: the last, where he has
-- left a group; 0: no bound. In a group peer is the gid. settings: JSON; NULL: as everybody begins.
ALTER TABLE conversation_member ADD COLUMN since_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation_member ADD COLUMN until_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation_member ADD COLUMN settings BLOB;
-- When he left a group by himself; 0: he did not, or has been removed.
ALTER TABLE conversation_member ADD COLUMN left_at INTEGER NOT NULL DEFAULT 0;
-- Who has left a group: they belong to those whom a message of their time was for.
CREATE INDEX conversation_member_left ON conversation_member (conv, until_seq) WHERE until_seq > 0;

-- join_mode: the place in open, approval, invite. muted: only owner and admins write. dissolved_at: 0: it lives.
-- made_by, client_id: whose request made it.
CREATE TABLE chat_group (
  gid          INTEGER PRIMARY KEY CHECK (gid BETWEEN 1073741824 AND 2147483647),
  name         BLOB NOT NULL,
  avatar       BLOB NOT NULL,
  announcement BLOB NOT NULL,
  owner        INTEGER NOT NULL,
  join_mode    INTEGER NOT NULL,
  open_history INTEGER NOT NULL,
  muted        INTEGER NOT NULL DEFAULT 0,
  dissolved_at INTEGER NOT NULL DEFAULT 0,
  member_count INTEGER NOT NULL,
  member_limit INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  made_by      INTEGER NOT NULL,
  client_id    BLOB NOT NULL
) STRICT;
-- The group that a repeated request has made already.
CREATE INDEX chat_group_by_maker ON chat_group (made_by, client_id);

-- Who is a member now. Key: the sender's rights in every append. role: 1 owner, 2 admin, 3 member.
CREATE TABLE group_member (
  gid         INTEGER NOT NULL,
  uid         INTEGER NOT NULL,
  role        INTEGER NOT NULL,
  alias       BLOB NOT NULL,
  muted_until INTEGER NOT NULL DEFAULT 0,
  joined_seq  INTEGER NOT NULL,
  joined_at   INTEGER NOT NULL,
  PRIMARY KEY (gid, uid)
) STRICT, WITHOUT ROWID;
-- The list of members page by page, owner and admins first.
CREATE INDEX group_member_by_role ON group_member (gid, role, uid);
-- The groups of a user, at his sign-in and in his lists; how many they are.
CREATE INDEX group_member_by_uid ON group_member (uid, gid);

-- Memberships that have ended, from the notice of his coming to that of his going. since_seq: the first event of it that
-- he may read; where history was open, 0.
CREATE TABLE group_past (
  gid        INTEGER NOT NULL,
  uid        INTEGER NOT NULL,
  joined_seq INTEGER NOT NULL,
  left_seq   INTEGER NOT NULL,
  since_seq  INTEGER NOT NULL,
  PRIMARY KEY (gid, uid, joined_seq)
) STRICT, WITHOUT ROWID;

-- Who may not come back. Key: every join; the list page by page.
CREATE TABLE group_ban (
  gid       INTEGER NOT NULL,
  uid       INTEGER NOT NULL,
  banned_by INTEGER NOT NULL,
  banned_at INTEGER NOT NULL,
  PRIMARY KEY (gid, uid)
) STRICT, WITHOUT ROWID;

-- Who asks to be let in. id: the order in which they asked. (gid, uid): the one request of somebody, all of a group.
CREATE TABLE group_request (
  id       INTEGER PRIMARY KEY,
  gid      INTEGER NOT NULL,
  uid      INTEGER NOT NULL,
  comment  BLOB NOT NULL,
  asked_at INTEGER NOT NULL,
  UNIQUE (gid, uid)
) STRICT;

-- Links by which one comes in. expires_at 0: never; uses_left 0: without limit, -1: used up.
CREATE TABLE group_invite (
  code       TEXT PRIMARY KEY,
  gid        INTEGER NOT NULL,
  made_by    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  uses_left  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- A group's links, to list and bound them, and to end them with it.
CREATE INDEX group_invite_by_gid ON group_invite (gid);

-- Who is named where; uid 0: everybody. Key: how many messages after a place name somebody.
CREATE TABLE mention (
  conv INTEGER NOT NULL,
  uid  INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (conv, uid, seq)
) STRICT, WITHOUT ROWID;

-- What a message said before. event_seq: the edit by which it was replaced, the no-th. Key: all of one message, oldest
-- first; what it said at some place of the log.
CREATE TABLE message_edit (
  mid       INTEGER NOT NULL,
  event_seq INTEGER NOT NULL,
  no        INTEGER NOT NULL,
  until_at  INTEGER NOT NULL,
  content   BLOB NOT NULL,
  PRIMARY KEY (mid, event_seq)
) STRICT, WITHOUT ROWID;

-- Key: the reactions of a message, and the one of somebody.
CREATE TABLE reaction (
  mid        INTEGER NOT NULL,
  emoji      BLOB NOT NULL,
  uid        INTEGER NOT NULL,
  reacted_at INTEGER NOT NULL,
  PRIMARY KEY (mid, emoji, uid)
) STRICT, WITHOUT ROWID;

-- Pinned messages. pinned_seq: the event that did it, the order in which they are shown.
CREATE TABLE pin (
  conv       INTEGER NOT NULL,
  mid        INTEGER NOT NULL,
  pinned_seq INTEGER NOT NULL,
  PRIMARY KEY (conv, mid)
) STRICT, WITHOUT ROWID;

-- private_presence: nobody is told whether he is there. last_seen_at: 0: never.
ALTER TABLE user ADD COLUMN private_presence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN last_seen_at INTEGER NOT NULL DEFAULT 0;

-- The group of everybody who wants to, known to older web clients by its name. Nobody owns it.
INSERT INTO id_segment (name, next_id) VALUES ('gid', 1073741825);
INSERT INTO chat_group (gid, name, avatar, announcement, owner, join_mode, open_history, member_count, member_limit, created_at,
                        made_by, client_id)
VALUES (1073741824, CAST('the_world_channel' AS BLOB), x'', x'', 0, 0, 0, 0, 100000, 0, 0, x'');
INSERT INTO conversation (name, created_at, last_at) VALUES ('g1073741824', 0, 0);
