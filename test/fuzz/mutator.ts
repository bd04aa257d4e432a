/**
 * Makes a malformed text of a valid value: first the tree (keys, types, depth, size), then its JSON text (bytes,
 * cuts, repeats, numbers that no type holds). What comes out may still be valid; most of it is not.
 */
import type { Random } from './random.js';

export interface MutatorOptions {
  /** No text gets much longer than this. */
  readonly maxBytes: number;
}

type Tree = Record<string, unknown>;

const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udc00y',
  '\u202e',
  '💣'.repeat(16),
  -1,
  -0,
  0,
  0.5,
  1e-7,
  2 ** 30,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1.7e308,
  '12',
  ' 12',
  '0x10',
  '1e3',
  '-5',
  '9'.repeat(400),
  '١٢',
  'u1_2',
  'u2_1',
  'u0_0',
  'u1_1_1',
  'g1073741824',
  [],
  {},
  [[]],
  [null],
  [{}],
  { length: -1 },
  { toString: 1, valueOf: 2 },
  { then: 1 },
];
const HOSTILE_KEYS = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'then',
  '\u0000',
  'ACTION',
];
/** Written into the text: JSON that no JavaScript value gives, and what is not JSON at all. */
const HOSTILE_TOKENS = [
  '1e999',
  '-1e999',
  '1E400',
  '0.1e-999',
  'NaN',
  'Infinity',
  'undefined',
  '-',
  '01',
  '"\\ud800"',
];
const INSERTED = [
  '\u0000',
  '\u2028',
  '\ufeff',
  '"',
  '\\',
  '{',
  '[',
  ']',
  '}',
  ',',
  '\\u12',
  '\ud83d',
  '�',
  '/*',
];
const DEPTHS = [5, 14, 15, 16, 17, 40, 1500];
const WIDTHS = [100, 511, 512, 513, 3000];

export class Mutator {
  readonly #random: Random;
  readonly #maxBytes: number;

  constructor(random: Random, { maxBytes }: MutatorOptions) {
    this.#random = random;
    this.#maxBytes = maxBytes;
  }

  /** `value` is changed on the way. */
  malformed(value: Tree): string {
    const random = this.#random;
    if (random.chance(0.75)) {
      for (let count = 1 + random.below(3); count > 0; count--) this.#changeTree(value);
    }
    let text = JSON.stringify(value);
    if (random.chance(0.5)) {
      for (let count = 1 + random.below(3); count > 0; count--) text = this.#changeText(text);
    }
    return text;
  }

  #changeTree(root: Tree): void {
    const random = this.#random;
    const node = this.#someObject(root);
    const keys = Object.keys(node);
    if (keys.length === 0) return define(node, 'a', hostileValue(random));
    const key = random.pick(keys);
    const value = node[key];
    switch (random.below(9)) {
      case 0:
        Reflect.deleteProperty(node, key);
        break;
      case 1:
        Reflect.deleteProperty(node, key);
        define(node, this.#renamed(key), value);
        break;
      case 2:
      case 3:
      case 4:
        node[key] = hostileValue(random);
        break;
      case 5:
        node[key] = nested(value, random.pick(DEPTHS), random.chance(0.5));
        break;
      case 6:
        // Large ones cost the client more than the server: few of them.
        if (random.chance(0.1)) node[key] = this.#giantText();
        else node[key] = typeof value === 'string' ? Number(value) : JSON.stringify(value);
        break;
      case 7:
        if (random.chance(0.1)) widen(node, random.pick(WIDTHS));
        else define(node, random.pick(HOSTILE_KEYS), hostileValue(random));
        break;
      default:
        node[key] = random.chance(0.5) ? [value, value] : { [key]: value };
    }
  }

  /** The root or one of its direct objects: that is where the server looks. */
  #someObject(root: Tree): Tree {
    const inner = Object.values(root).filter(isTree);
    return inner.length > 0 && this.#random.chance(0.7) ? this.#random.pick(inner) : root;
  }

  #renamed(key: string): string {
    const random = this.#random;
    switch (random.below(4)) {
      case 0:
        return key.toUpperCase();
      case 1:
        return key.charAt(0).toUpperCase() + key.slice(1);
      case 2:
        return `${key} `;
      default:
        return random.pick(HOSTILE_KEYS);
    }
  }

  /** Around the limits of a frame and of a content. */
  #giantText(): string {
    const unit = this.#random.pick(['a', '\u0001', 'é', '\ud800', '€']);
    const bytesEach = Buffer.byteLength(JSON.stringify(unit)) - 2;
    const bytes = this.#random.pick([this.#maxBytes / 4, this.#maxBytes / 2 - 200, this.#maxBytes - 400]);
    return unit.repeat(Math.floor(bytes / bytesEach));
  }

  #changeText(text: string): string {
    const random = this.#random;
    const at = random.below(text.length + 1);
    const slice = text.slice(at, at + random.below(40));
    switch (random.below(8)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + text.slice(at + slice.length);
      case 2:
        return text.slice(0, at) + slice + text.slice(at);
      case 3:
        return text.slice(0, at) + random.pick(INSERTED) + text.slice(at);
      case 4:
        return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
      case 5:
        return replaceNumber(text, random.pick(HOSTILE_TOKENS));
      case 6:
        return duplicateKey(text, random);
      default:
        return text + random.pick([text, ' ', '\u0000', ',', '}', 'null']);
    }
  }
}

/** A copy where it could be changed: the next text must not depend on this one. */
function hostileValue(random: Random): unknown {
  const value = random.pick(HOSTILE_VALUES);
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As the parser would, also for `__proto__`. */
function define(node: Tree, key: string, value: unknown): void {
  Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
}

function nested(value: unknown, depth: number, inArrays: boolean): unknown {
  let result = value;
  for (let level = 0; level < depth; level++) result = inArrays ? [result] : { a: result };
  return result;
}

function widen(node: Tree, count: number): void {
  for (let index = 0; index < count; index++) node[`k${index}`] = 0;
}

function replaceNumber(text: string, token: string): string {
  return text.replace(/-?\d+(?:\.\d+)?(?=[,}\]])/, token);
}

/** The same key twice, with another value the second time. */
function duplicateKey(text: string, random: Random): string {
  const keys = [...text.matchAll(/"(\w+)":/g)].slice(0, 20);
  const key = keys.length === 0 ? undefined : random.pick(keys);
  if (key === undefined) return text;
  const value = JSON.stringify(hostileValue(random));
  return `${text.slice(0, key.index)}${key[0]}${value},${text.slice(key.index)}`;
}
