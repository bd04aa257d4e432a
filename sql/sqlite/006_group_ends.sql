-- What of a membership somebody had received and read when he came back where history is open: his side's marks walk
-- over everything before his return then. NULL: as his side says.
ALTER TABLE group_past ADD COLUMN delivered_seq INTEGER;
ALTER TABLE group_past ADD COLUMN read_seq INTEGER;

-- A dissolved group keeps its members' rows and member_count as they were when it ended: its messages were for them.
UPDATE chat_group SET member_count = (SELECT COUNT(*) FROM group_member m WHERE m.gid = chat_group.gid)
WHERE dissolved_at > 0;
