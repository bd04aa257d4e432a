/** What the store really holds, read from the database file itself and not through the code under test. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Logged } from './history_checker.js';

/** The one database file in a data folder. */
export async function databaseFile(dataDir: string): Promise<string> {
  const names = (await readdir(dataDir)).filter((name) => /\.(db|sqlite|sqlite3)$/.test(name));
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error(`databases in ${dataDir}: ${names.join(', ')}`);
  return join(dataDir, name);
}

/** Every message row. The server may be running: this is one read transaction beside it. */
export async function readStoredLog(dataDir: string): Promise<readonly Logged[]> {
  const database = new DatabaseSync(await databaseFile(dataDir));
  try {
    const rows = database
      .prepare(
        `SELECT c.name AS conv, m.seq, m.mid, CAST(m.client_id AS TEXT) AS client_id, m.sender,
                CAST(m.content AS TEXT) AS content, m.kind
         FROM message m JOIN conversation c ON c.id = m.conv`,
      )
      .all();
    return rows.map((row) => {
      const {
        conv,
        seq,
        mid,
        client_id: clientId,
        sender,
        content,
        kind,
      } = row as Readonly<Record<string, unknown>>;
      return {
        conv: String(conv),
        seq: Number(seq),
        mid: Number(mid),
        clientId: String(clientId),
        from: Number(sender),
        content: String(content),
        kind: Number(kind),
      };
    });
  } finally {
    database.close();
  }
}
