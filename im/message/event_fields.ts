/**
 * An event of a log in the camelCase profile, as clients of ours read it in pushes and in pages of the log. A recall
 * names the message that is gone by its own ids (`mid`, `cliMid`, `targetSeq`), as the public TypeScript SDK looks
 * for it; every other event has its own ids, says its `kind`, and names what it is about as `target…`.
 */
import { readEdit, readPin, readReaction, type EventTarget } from './event_content.js';
import { extraFields } from './extra_fields.js';
import { EVENT_KIND, MESSAGE_STATUS, type ChatEvent } from './message.js';
import { readNotice, type GroupNotice } from './notice.js';
import { readRecall } from './recall.js';

/** What this profile calls a message that was taken back, and the recall itself. */
export const WEB_RECALLED_STATUS = 3;
const WEB_RECALL_TYPE = 200;

export type EventFields = Readonly<Record<string, unknown>>;

/** `more` stands behind `seq`. Undefined where the content cannot be read. */
export function eventFields(event: ChatEvent, more: EventFields = {}): EventFields | undefined {
  switch (event.kind) {
    case EVENT_KIND.message:
      return messageFields(event, more);
    case EVENT_KIND.recall:
      return recallFields(event, more);
    case EVENT_KIND.edit: {
      const edit = readEdit(event.content);
      return edit && { ...ownFields(event, more), kind: 'edit', ...target(edit), content: edit.content };
    }
    case EVENT_KIND.reaction: {
      const reaction = readReaction(event.content);
      if (reaction === undefined) return undefined;
      const { emoji, on } = reaction;
      return { ...ownFields(event, more), kind: 'reaction', ...target(reaction), emoji, on };
    }
    case EVENT_KIND.pin: {
      const pin = readPin(event.content);
      return pin && { ...ownFields(event, more), kind: 'pin', ...target(pin), on: pin.on };
    }
    case EVENT_KIND.notice: {
      const notice = readNotice(event.content);
      return notice && { ...ownFields(event, more), kind: 'notice', notice: noticeFields(notice) };
    }
  }
}

export function webStatus(status: number): number {
  return status === MESSAGE_STATUS.recalled ? WEB_RECALLED_STATUS : status;
}

function messageFields(event: ChatEvent, more: EventFields): EventFields {
  const { mid, clientId, conv, seq, from, to, type, content, sentAtMs, storedAtMs, extra } = event;
  return {
    ...{ cliMid: clientId, mid, conv, seq, ...more, from: String(from), to: String(to), type, content },
    ...{ sendAt: sentAtMs, storedAt: storedAtMs, status: webStatus(event.status) },
    ...extraFields(extra),
  };
}

function recallFields(event: ChatEvent, more: EventFields): EventFields | undefined {
  const { conv, seq, from, to, sentAtMs, storedAtMs } = event;
  const recall = readRecall(event.content);
  if (recall === undefined) return undefined;
  return {
    ...{ cliMid: recall.clientId, mid: recall.mid, conv, seq, ...more, from: String(from), to: String(to) },
    ...{ type: WEB_RECALL_TYPE, content: '', sendAt: sentAtMs, storedAt: storedAtMs },
    ...{ status: WEB_RECALLED_STATUS, targetSeq: recall.seq },
  };
}

/** Of an event that is about something else: its own ids. */
function ownFields(event: ChatEvent, more: EventFields): EventFields {
  const { mid, clientId, conv, seq, from, to, sentAtMs, storedAtMs } = event;
  return {
    ...{ cliMid: clientId, mid, conv, seq, ...more, from: String(from), to: String(to) },
    ...{ sendAt: sentAtMs, storedAt: storedAtMs },
  };
}

function target({ mid, clientId, seq }: EventTarget): EventFields {
  return { targetMid: mid, targetCliMid: clientId, targetSeq: seq };
}

/** As it is, with uids as this profile has them. */
function noticeFields(notice: GroupNotice): EventFields {
  return {
    ...notice,
    ...('uids' in notice && { uids: notice.uids.map(String) }),
    ...('uid' in notice && { uid: String(notice.uid) }),
  };
}
