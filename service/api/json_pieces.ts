/**
 * An operation's answer as bytes. A long list is written down in pieces, and others are served between two of them:
 * megabytes in one go would keep everybody waiting for tens of milliseconds.
 */

/** Characters after which others get their turn. */
const PIECE_LENGTH = 262_144;
const HEAD = '{"Code":100,"Msg":"success","Data":';
const TAIL = '}';

export async function jsonPieces(data: unknown): Promise<readonly Buffer[]> {
  if (!Array.isArray(data)) return [Buffer.from(HEAD + json(data) + TAIL)];
  const pieces: Buffer[] = [];
  let text = `${HEAD}[`;
  for (const [index, item] of data.entries()) {
    text += index === 0 ? json(item) : `,${json(item)}`;
    if (text.length < PIECE_LENGTH) continue;
    pieces.push(Buffer.from(text));
    text = '';
    await new Promise((resolve) => setImmediate(resolve));
  }
  pieces.push(Buffer.from(`${text}]${TAIL}`));
  return pieces;
}

/** As within an array: what has no JSON is null. */
function json(value: unknown): string {
  return JSON.stringify([value]).slice(1, -1);
}
