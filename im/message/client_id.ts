/** The name that a client gives its message, and how long a text is in UTF-8 without encoding it. */

/** Bytes of a client id; the width of the column that holds it. */
export const CLIENT_ID_BYTES = 64;

/** UTF-8 without lone surrogates or NUL, 1 to 64 bytes: what is stored is what was said, so no two collide. */
export function isClientId(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > CLIENT_ID_BYTES) return false;
  return !isLongerThan(value, CLIENT_ID_BYTES) && value.isWellFormed() && !value.includes('\0');
}

/** Whether `text` takes more than `limitBytes` in UTF-8, without encoding what is surely shorter. */
export function isLongerThan(text: string, limitBytes: number): boolean {
  if (text.length * 3 <= limitBytes) return false;
  if (text.length > limitBytes) return true;
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate is half of a four-byte character, or becomes U+FFFD, which takes three bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes++;
      i++;
    }
  }
  return bytes > limitBytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
