/**
 * What the answer to a request may weigh, in classes: memory is promised before an answer is made, so each operation
 * says how large its own can become (im/api/operation.ts).
 */

/** Bytes of JSON at the most, of content that needs no escapes. */
export const ANSWER_BYTES = {
  small: 16_384,
  /** Hundreds of rows. */
  list: 262_144,
  /** A page of messages, or hundreds of users with their avatars. */
  page: 2_097_152,
  /** Thousands of users. */
  large: 8_388_608,
  /** As large, and dear to put together: its requests have an allowance of their own. */
  heavy: 8_388_608,
} as const;

export type AnswerSize = keyof typeof ANSWER_BYTES;

/** Of these one is made at a time, and a connection has one under way. */
export function isLargeAnswer(size: AnswerSize): boolean {
  return ANSWER_BYTES[size] >= ANSWER_BYTES.large;
}
