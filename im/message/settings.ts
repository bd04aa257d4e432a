/** How one user wants to have one conversation: the same on all his devices, nobody else's business. */

/**
 * What of a group is pushed: every event; how many messages have come; nothing. Whatever it is, sync and range give
 * everything. In a conversation of two it is always `full`.
 */
export const INTERESTS = ['full', 'count', 'muted'] as const;
export type Interest = (typeof INTERESTS)[number];

export interface ConversationSettings {
  /** Above the others in his list. */
  readonly pinned: boolean;
  /** He is not to be disturbed by it: clients show no notification; its unread messages count apart. */
  readonly muted: boolean;
  /** Not in his list until the next message. */
  readonly hidden: boolean;
  /** What he has begun to write. */
  readonly draft: string;
  readonly interest: Interest;
}

export const DEFAULT_SETTINGS: ConversationSettings = {
  pinned: false,
  muted: false,
  hidden: false,
  draft: '',
  interest: 'full',
};

/** Of a draft, in UTF-8. */
export const DRAFT_BYTES = 4096;
