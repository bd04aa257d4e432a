-- Who opened a conversation that has no message yet: only he has it in his lists. 0: both have. The number of
-- conversations that anybody gets from strangers must not be theirs to choose.
ALTER TABLE conversation ADD COLUMN opener INTEGER NOT NULL DEFAULT 0;
