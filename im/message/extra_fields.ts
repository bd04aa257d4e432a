/** What a message has besides its content, on the wire: who is named in it, what it answers, whether it was edited. */
import { toMid, toUid } from './ids.js';
import { Field, type JsonObject } from './json_fields.js';
import { EVERYBODY, MENTION_LIMIT, type ChatUp, type Mention, type MessageExtra } from './message.js';

const MENTIONS = new Field('mentions');
const REPLY_TO = new Field('replyTo');

type ExtraUp = ChatUp['extra'];

/** Undefined inside where the message has nothing of it; the name of the field that is malformed instead. */
export function readExtra(data: JsonObject): { readonly extra: ExtraUp } | 'mentions' | 'replyTo' {
  const rawMentions = MENTIONS.read(data) ?? [];
  const rawReply = REPLY_TO.read(data) ?? 0;
  const mentions = toMentions(rawMentions);
  if (mentions === undefined) return 'mentions';
  const isReply = rawReply !== 0 && rawReply !== '' && rawReply !== '0';
  const replyTo = isReply ? toMid(rawReply) : undefined;
  if (isReply && replyTo === undefined) return 'replyTo';
  if (mentions.length === 0 && replyTo === undefined) return { extra: undefined };
  return {
    extra: { ...(replyTo !== undefined && { replyTo }), ...(mentions.length > 0 && { mentions }) },
  };
}

function toMentions(value: unknown): readonly Mention[] | undefined {
  if (!Array.isArray(value) || value.length > MENTION_LIMIT) return undefined;
  const named = new Set<Mention>();
  for (const item of value as readonly unknown[]) {
    const isEverybody = item === 'all' || item === EVERYBODY || item === String(EVERYBODY);
    const one = isEverybody ? EVERYBODY : toUid(item);
    if (one === undefined) return undefined;
    named.add(one);
  }
  return [...named];
}

export type ExtraFields = Readonly<Record<string, number | readonly string[]>>;

const NONE: ExtraFields = {};

/** In the camelCase profile; absent where there is none. */
export function extraFields(extra: MessageExtra | undefined): ExtraFields {
  if (extra === undefined) return NONE;
  const { replyTo, mentions, editedAtMs, editCount } = extra;
  return {
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions !== undefined && { mentions: mentions.map(String) }),
    ...(editedAtMs !== undefined && { editedAt: editedAtMs }),
    ...(editCount !== undefined && { editCount }),
  };
}
