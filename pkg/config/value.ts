/**
 * One value of one option: read from text (environment, flags) or from a TOML value, checked against the option.
 * A problem says what would be right; the caller adds the option's name and where the value came from.
 */
import type { Option } from './option.js';

export type Parsed = { readonly value: unknown } | { readonly problem: string };

const SHOWN_LENGTH = 60;

/** From the environment or a flag. A list is separated by commas; an empty text is the empty list. */
export function parseText(option: Option<unknown>, text: string): Parsed {
  switch (option.kind) {
    case 'integer':
      return /^-?\d+$/.test(text) ? checkInteger(option, Number(text)) : wrong(option, text);
    case 'flag':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : wrong(option, text);
    case 'choice':
      return option.choices.includes(text) ? { value: text } : wrong(option, text);
    case 'list':
      return checkList(option, text === '' ? [] : text.split(',').map((part) => part.trim()));
    case 'text':
      return { value: text };
  }
}

/** From a TOML document, where types are written out. */
export function parseToml(option: Option<unknown>, value: unknown): Parsed {
  switch (option.kind) {
    case 'integer':
      return typeof value === 'number' ? checkInteger(option, value) : wrong(option, value);
    case 'flag':
      return typeof value === 'boolean' ? { value } : wrong(option, value);
    case 'choice':
      return typeof value === 'string' && option.choices.includes(value) ? { value } : wrong(option, value);
    case 'list':
      return Array.isArray(value) ? checkList(option, value) : wrong(option, value);
    case 'text':
      return typeof value === 'string' ? { value } : wrong(option, value);
  }
}

function checkInteger(option: Option<unknown>, value: number): Parsed {
  const fits = Number.isSafeInteger(value) && value >= option.min && value <= option.max;
  // -0 would print as 0 but compare unlike it.
  return fits ? { value: value + 0 } : wrong(option, value);
}

function checkList(option: Option<unknown>, parts: readonly unknown[]): Parsed {
  const right = parts.every((part) => typeof part === 'string' && part !== '');
  return right ? { value: parts } : wrong(option, parts);
}

/** What an option accepts, for messages and for the printed defaults: `integer (ms), 0 to 65535`. */
export function describeKind(option: Option<unknown>): string {
  const unit = option.unit === '' ? '' : ` (${option.unit})`;
  switch (option.kind) {
    case 'integer':
      return `integer${unit}, ${option.min} to ${option.max}`;
    case 'flag':
      return 'true or false';
    case 'choice':
      return `one of ${option.choices.join(', ')}`;
    case 'list':
      return 'list of texts';
    case 'text':
      return 'text';
  }
}

function wrong(option: Option<unknown>, value: unknown): Parsed {
  return { problem: `must be ${describeKind(option)}, not ${shown(value)}` };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}
