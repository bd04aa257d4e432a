-- What a log has lost while nothing was written to it: taken back, or erased by retention. lost_at: when something was
-- lost last, by the times that sync goes by; no higher than stamp_limit.
ALTER TABLE conversation ADD COLUMN lost_at INTEGER NOT NULL DEFAULT 0;

-- For those who have left a group, to whom only the losses of their time are news: since `seq` and up to the next row's,
-- something was lost last at lost_at. Rows of one conversation rise in both. Key: the last at or before somebody's end.
CREATE TABLE log_loss (
  conv    INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  lost_at INTEGER NOT NULL,
  PRIMARY KEY (conv, seq)
) STRICT, WITHOUT ROWID;

-- Of who has left a group: hidden once and shown again by a message before he went, it is not hidden.
UPDATE conversation_member SET settings = CAST(json_remove(CAST(settings AS TEXT), '$.hiddenAt') AS BLOB)
WHERE until_seq > 0 AND json_extract(CAST(settings AS TEXT), '$.hiddenAt') <>
  (SELECT x.n FROM message x WHERE x.conv = conversation_member.conv AND x.seq = conversation_member.until_seq);
