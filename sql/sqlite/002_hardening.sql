-- Profiles, bans, contact requests. Recalls and retention need no column: message.kind, message.status and
-- conversation.first_seq are there. message.kind 1: a recall. message.status 1: recalled, 2: erased by retention;
-- both keep no content. A status other than 0 does not count as unread.

-- approval: who wants this user as a contact asks first. banned_at: closed by the operator then; 0: not.
ALTER TABLE user ADD COLUMN approval INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN banned_at INTEGER NOT NULL DEFAULT 0;

-- "Users whose account (nickname) begins with …": lower() folds ASCII letters only; compared as bytes.
CREATE INDEX user_by_account ON user (CAST(lower(CAST(account AS TEXT)) AS BLOB));
CREATE INDEX user_by_nickname ON user (CAST(lower(CAST(nickname AS TEXT)) AS BLOB));

-- Who asked uid to become a contact and has had no answer. id: the order in which they asked.
-- (uid, sender): the one request of somebody; all requests to a user, to list, count and bound them.
CREATE TABLE contact_request (
  id       INTEGER PRIMARY KEY,
  uid      INTEGER NOT NULL,
  sender   INTEGER NOT NULL,
  comment  BLOB NOT NULL,
  asked_at INTEGER NOT NULL,
  UNIQUE (uid, sender)
) STRICT;
