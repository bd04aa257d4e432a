/**
 * Bounds the shape of a JSON text before it is parsed: nesting and number of keys cost memory and time that
 * the byte limit alone does not bound. One pass over the text, no allocation.
 */
export interface ShapeLimits {
  readonly depth: number;
  readonly keys: number;
}

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;

/** True where `text` nests at most `depth` levels and has at most `keys` keys. It need not be valid JSON. */
export function withinShape(text: string, limits: ShapeLimits): boolean {
  let depth = 0;
  let keys = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === QUOTE) {
      i = endOfString(text, i);
    } else if (char === COLON) {
      if (++keys > limits.keys) return false;
    } else if (char === 123 || char === 91) {
      if (++depth > limits.depth) return false;
    } else if (char === 125 || char === 93) {
      depth--;
    }
  }
  return true;
}

/** Index of the quote that closes the string opened at `open`; the text's end where none does. */
function endOfString(text: string, open: number): number {
  let end = text.indexOf('"', open + 1);
  while (end !== -1) {
    let slash = end;
    while (text.charCodeAt(slash - 1) === BACKSLASH) slash--;
    if ((end - slash) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}
