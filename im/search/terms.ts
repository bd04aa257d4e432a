/**
 * Text as the terms by which it is found, and what somebody typed as the terms to look for: both sides of an index
 * go through here. Words are runs of letters and digits, in lower case and without accents. Where a script has no
 * spaces (Han, Kana, Hangul) every two neighbours are a term, so that 你好 finds 大家你好. The last character of
 * such a run is a term too: with it, whatever holds a character has a term that begins with it.
 */

/** What must be there. `isPrefix`: a term that begins with it. */
export interface QueryTerm {
  readonly term: string;
  readonly isPrefix: boolean;
}

/** Different terms taken of one text: the end of a very long one is not found. */
export const TERM_LIMIT = 4000;

/** Of a word, so many characters count: what is longer is no word of any language. */
const TERM_CHARACTERS = 40;

/** The long vowel mark of Katakana is of no script by itself. */
const PAIRED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\u30fc';
const RUNS = new RegExp(
  `(?<paired>[${PAIRED}]+)|(?:(?![${PAIRED}])[\\p{L}\\p{N}\\p{M}])+|\\p{Regional_Indicator}{2}|\\p{Extended_Pictographic}`,
  'gu',
);
/**
 * A character has no more marks than that in any language. Putting a run of them in order takes its length squared;
 * the two halfwidth sound marks of Katakana become marks by it.
 */
const MARKS_TOO_MANY = /([\p{M}\uff9e\uff9f]{8})[\p{M}\uff9e\uff9f]+/gu;
/** Only those of Latin, Greek and Cyrillic: the marks of other scripts are vowels. */
const ACCENTS = /[\u0300-\u036f]+/g;

/** Each once; letters, digits and signs only, never a space or punctuation. */
export function indexTerms(text: string): readonly string[] {
  const terms = new Set<string>();
  for (const { run, isPaired } of runsOf(text)) {
    const characters = isPaired ? Array.from(run) : [];
    if (!isPaired) terms.add(run);
    characters.forEach((character, at) => terms.add(character + (characters[at + 1] ?? '')));
    if (terms.size >= TERM_LIMIT) break;
  }
  return [...terms].slice(0, TERM_LIMIT);
}

/** Each once, all of them to be there; none where the text says nothing that could be found. */
export function queryTerms(text: string): readonly QueryTerm[] {
  const terms = new Map<string, QueryTerm>();
  const add = (term: string, isPrefix: boolean): unknown => terms.set(term, { term, isPrefix });
  for (const { run, isPaired } of runsOf(text)) {
    const characters = isPaired ? Array.from(run) : [];
    if (characters.length < 2) add(run, isPaired);
    for (let at = 1; at < characters.length; at += 1) add(characters.slice(at - 1, at + 1).join(''), false);
    if (terms.size >= TERM_LIMIT) break;
  }
  return [...terms.values()];
}

interface Run {
  readonly run: string;
  readonly isPaired: boolean;
}

function* runsOf(text: string): Generator<Run> {
  for (const match of fold(text).matchAll(RUNS)) {
    const isPaired = match.groups?.['paired'] !== undefined;
    yield { run: isPaired ? match[0] : cut(match[0]), isPaired };
  }
}

/** Apart, so that accents can be taken off and wide letters are plain ones, and together again: Hangul is syllables. */
function fold(text: string): string {
  const apart = text.replace(MARKS_TOO_MANY, '$1').normalize('NFKD');
  return apart.toLowerCase().replace(ACCENTS, '').replaceAll('ς', 'σ').normalize('NFC');
}

function cut(word: string): string {
  return word.length <= TERM_CHARACTERS ? word : Array.from(word).slice(0, TERM_CHARACTERS).join('');
}
