/**
 * Reads one field of a decoded JSON object whatever the casing of its key: clients of two generations spell
 * the same field `mid`, `Mid` or `MID`. The two spellings in use are looked up directly; others cost a scan.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field's name, with its common spellings made once. */
export class Field {
  readonly #camel: string;
  readonly #pascal: string;
  readonly #lower: string;

  constructor(camel: string) {
    this.#camel = camel;
    this.#pascal = camel.charAt(0).toUpperCase() + camel.slice(1);
    this.#lower = camel.toLowerCase();
  }

  /** The value under this name; undefined where the object has no such key. Inherited keys do not count. */
  read(object: JsonObject): unknown {
    if (Object.hasOwn(object, this.#camel)) return object[this.#camel];
    if (Object.hasOwn(object, this.#pascal)) return object[this.#pascal];
    for (const key in object) {
      if (key.length === this.#lower.length && key.toLowerCase() === this.#lower) return object[key];
    }
    return undefined;
  }
}
