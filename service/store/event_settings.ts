/** How a user wants his conversations, and how much waits for him in all of them. */
import { imError } from '../../im/errors.js';
import { groupOf, type ConversationName } from '../../im/message/conversation.js';
import type { Uid } from '../../im/message/ids.js';
import type { ConversationSettings } from '../../im/message/settings.js';
import type { UnreadTotals } from '../../im/store/event_interface.js';
import type { SqliteDatabase, Statement } from '../../pkg/db/sqlite_database.js';
import { integerAt } from '../../pkg/db/sqlite_row.js';
import { ReadingRights, within } from './reading_rights.js';
import { LAST_N, settingsAt, settingsBytes } from './settings_row.js';
import type { Stamps } from './stamps.js';
import { UnreadBudget, UnreadReads } from './unread_reads.js';

export interface EventSettingsDeps {
  readonly db: SqliteDatabase;
  readonly stamps: Stamps;
  /** Ms since 1970. */
  readonly clock: () => number;
}

export class EventSettings {
  readonly #deps: EventSettingsDeps;
  readonly #rights: ReadingRights;
  readonly #unread: UnreadReads;
  readonly #side: Statement;
  readonly #set: Statement;
  readonly #behind: Statement;

  constructor(deps: EventSettingsDeps) {
    const { db } = deps;
    this.#deps = deps;
    this.#rights = new ReadingRights(db);
    this.#unread = new UnreadReads(db);
    this.#side = db.prepare(
      `SELECT m.settings, ${LAST_N}, c.id FROM conversation c JOIN conversation_member m ON m.conv = c.id AND m.uid = ?
       WHERE c.name = ?`,
    );
    this.#set = db.prepare(
      'UPDATE conversation_member SET settings = ?, changed_at = ? WHERE uid = ? AND conv = ?',
    );
    this.#behind = db.prepare(
      `SELECT c.id, m.peer, m.since_seq, m.until_seq, c.first_seq, c.last_seq, m.read_seq, m.settings, ${LAST_N}
       FROM conversation_member m JOIN conversation c ON c.id = m.conv
       WHERE m.uid = ? AND c.last_seq > m.read_seq`,
    );
  }

  setSettings(uid: Uid, conv: ConversationName, change: Partial<ConversationSettings>): ConversationSettings {
    const { db, stamps, clock } = this.#deps;
    return db.write(() => {
      const row = this.#side.first(uid, conv);
      if (row === undefined) throw imError('NO_PERMISSION');
      const lastN = integerAt(row, 1);
      const wanted = { ...settingsAt(row, 0, lastN), ...change };
      // A conversation of two is pushed whatever anybody wants.
      const settings = groupOf(conv) === undefined ? { ...wanted, interest: 'full' as const } : wanted;
      this.#set.run(settingsBytes(settings, lastN), stamps.next(clock()), uid, integerAt(row, 2));
      return settings;
    });
  }

  unread(uid: Uid): UnreadTotals {
    return this.#deps.db.read(() => {
      const totals = { unread: 0, muted: 0, mentions: 0, conversations: 0 };
      const budget = new UnreadBudget();
      for (const row of this.#behind.all(uid)) {
        const { hidden, muted } = settingsAt(row, 7, integerAt(row, 8));
        if (hidden) continue;
        const { spans, lastSeq } = this.#rights.ends({
          uid,
          peer: integerAt(row, 1),
          sinceSeq: integerAt(row, 2),
          untilSeq: integerAt(row, 3),
          firstSeq: integerAt(row, 4),
          lastSeq: integerAt(row, 5),
        });
        const waiting = within(spans, integerAt(row, 6) + 1, lastSeq);
        const { unread, mentions } = this.#unread.of(uid, integerAt(row, 0), waiting, budget);
        if (unread === 0) continue;
        totals.mentions += mentions;
        totals.muted += muted ? unread : 0;
        totals.unread += muted ? 0 : unread;
        totals.conversations += muted ? 0 : 1;
      }
      return totals;
    });
  }
}
