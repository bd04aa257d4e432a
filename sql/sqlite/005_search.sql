-- The index of the search, filled behind the log and made again from it where it is missing. Its terms are those of
-- im/search/terms.ts, each behind the id of its conversation: a user's query looks only at what he has.
-- rowid: search_doc.id. Contents are not kept: what is found is read from the log.
CREATE VIRTUAL TABLE search_term USING fts5 (
  terms,
  content = '',
  contentless_delete = 1,
  detail = none,
  tokenize = "ascii tokenchars ':'"
);

-- A message in the index. id: stored_at × 1024 and a number that makes it unique, so that rows are in the order of
-- time. (conv, seq): the row of a message that was changed or has gone.
CREATE TABLE search_doc (
  id   INTEGER PRIMARY KEY,
  conv INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  UNIQUE (conv, seq)
) STRICT;

-- Up to where a log is in the index, and below what it has been taken out again.
CREATE TABLE search_cursor (
  conv        INTEGER PRIMARY KEY,
  indexed_seq INTEGER NOT NULL,
  first_seq   INTEGER NOT NULL
) STRICT;
