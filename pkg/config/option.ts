/**
 * One option of a class: its kind, default, unit, bounds and reason, in one value beside the class that it
 * belongs to. The loader reads values by these, the documentation is printed from them.
 */
export interface Option<Value> {
  readonly kind: 'integer' | 'text' | 'flag' | 'choice' | 'list';
  readonly byDefault: Value;
  /** What it is for and why the default is what it is. */
  readonly doc: string;
  /** 'ms', 'bytes', 'count' …; '' for text. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly choices: readonly string[];
  /** Never printed, and refused on the command line, where other users of the machine could read it. */
  readonly secret: boolean;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values that a table of options describes. */
export type OptionsOf<Table extends OptionTable> = {
  readonly [Key in keyof Table]: Table[Key] extends Option<infer Value> ? Value : never;
};

const PLAIN = { unit: '', min: 0, max: 0, choices: [], secret: false } as const;

export function integer(
  byDefault: number,
  unit: string,
  bounds: { readonly min: number; readonly max: number },
  doc: string,
): Option<number> {
  return { ...PLAIN, ...bounds, kind: 'integer', byDefault, unit, doc };
}

export function text(byDefault: string, doc: string): Option<string> {
  return { ...PLAIN, kind: 'text', byDefault, doc };
}

export function secret(doc: string): Option<string> {
  return { ...PLAIN, kind: 'text', byDefault: '', doc, secret: true };
}

export function flag(byDefault: boolean, doc: string): Option<boolean> {
  return { ...PLAIN, kind: 'flag', byDefault, doc };
}

export function choice<Value extends string>(
  choices: readonly Value[],
  byDefault: Value,
  doc: string,
): Option<Value> {
  return { ...PLAIN, kind: 'choice', byDefault, choices, doc };
}

export function list(byDefault: readonly string[], doc: string): Option<readonly string[]> {
  return { ...PLAIN, kind: 'list', byDefault, doc };
}

/** The defaults of a table; tests and embedders override single fields of it. */
export function defaultsOf<Table extends OptionTable>(table: Table): OptionsOf<Table> {
  const values = Object.entries(table).map(([name, option]) => [name, option.byDefault] as const);
  return Object.fromEntries(values) as OptionsOf<Table>;
}
