/**
 * Text as the terms by which it is found, and what somebody typed as the terms to look for: both sides of the index
 * must go through here. Words are runs of letters and digits, in lower case and without accents. Where a script has no
 * spaces (Han, Kana, Hangul) every pair of neighbours is a term, so that 你好 finds 大家你好. The last character of
 * such a run is a term too: with it, all terms that begin with one character are the texts that hold it.
 */

/** What must be there to be found. `isPrefix`: a term that begins with it. */
export interface QueryTerm {
  readonly term: string;
  readonly isPrefix: boolean;
}

/** Different terms taken of one text: the beginning of a very long one is found, its end is not. */
export const TERM_LIMIT = 4000;
/** Of one query; above it nothing is asked for that a person would have typed. */
export const QUERY_TERM_LIMIT = 32;
/** Characters of one term that count: the rest of a longer word makes no difference. */
const TERM_CHARACTERS = 40;

const PAIRED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\u30fc';
const RUNS = new RegExp(
  `([${PAIRED}]+)|((?:(?![${PAIRED}])[\\p{L}\\p{N}])+)|(\\p{Extended_Pictographic})`,
  'gu',
);
const MARKS = /\p{M}+/gu;
/** Combining marks that are letters of their scripts (vowels of Devanagari, Thai …), which stay. */
const ACCENTS = /[\u0300-\u036f]+/g;

/** Each once, in the order of their first appearance; none of them holds a space or punctuation. */
export function indexTerms(text: string): readonly string[] {
  const terms = new Set<string>();
  for (const { run, isPaired } of runsOf(text)) {
    if (terms.size >= TERM_LIMIT) break;
    if (isPaired) addPairs(terms, [...run]);
    else terms.add(cut(run));
  }
  return [...terms];
}
