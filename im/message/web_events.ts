/**
 * An event of a log in the camelCase profile, pushed. Clients of ours get all of them; the public TypeScript SDK gets
 * messages, recalls, and who joined or left a group, as messages of its own two types.
 */
import { ACTIONS } from './actions.js';
import { webPeer } from './addressee.js';
import { eventFields, webStatus } from './event_fields.js';
import { extraFields } from './extra_fields.js';
import { isGid, type Seq } from './ids.js';
import { EVENT_KIND, type ChatEvent, type MessageExtra } from './message.js';
import { readNotice } from './notice.js';
import { webNotice } from './old_notices.js';
import { oldClientType } from './old_types.js';
import { readRecall } from './recall.js';
import { webEnvelope as envelope } from './web_envelope.js';

const NOTHING: readonly string[] = [];

export function modernEvent(event: ChatEvent, after: Seq): readonly string[] {
  if (event.kind === EVENT_KIND.message)
    return [message(event, after, { to: String(event.to), type: event.type })];
  const fields = eventFields(event, { after });
  if (fields === undefined) return NOTHING;
  const action = event.kind === EVENT_KIND.recall ? recallAction(event) : ACTIONS.event;
  return [envelope(action, 0, JSON.stringify(fields))];
}

export function webEvent(event: ChatEvent, after: Seq): readonly string[] {
  switch (event.kind) {
    case EVENT_KIND.message:
      return [message(event, after, { to: webPeer(event.to), type: oldClientType(event) })];
    case EVENT_KIND.recall: {
      const fields = eventFields(event, { after });
      if (fields === undefined) return NOTHING;
      const { sentAtMs: sendAt = event.sentAtMs } = readRecall(event.content) ?? {};
      // That SDK writes the recall over the message in its database, and sorts what is there by this time.
      const text = JSON.stringify({ ...fields, to: webPeer(event.to), sendAt });
      return [envelope(recallAction(event), 0, text)];
    }
    case EVENT_KIND.notice:
      return noticed(event, after);
    default:
      return NOTHING;
  }
}

function recallAction({ to }: ChatEvent): string {
  return isGid(to) ? ACTIONS.groupRecall : ACTIONS.chatRecall;
}

function message(
  event: ChatEvent,
  after: Seq,
  { to, type }: { readonly to: string; readonly type: number },
): string {
  return envelope(
    isGid(event.to) ? ACTIONS.group : ACTIONS.chat,
    0,
    `{"cliMid":${JSON.stringify(event.clientId)},"mid":${event.mid},"conv":"${event.conv}","seq":${event.seq},"after":${after},"from":"${event.from}","to":"${to}","type":${type},"content":${JSON.stringify(event.content)},"sendAt":${event.sentAtMs},"storedAt":${event.storedAtMs},"status":${webStatus(event.status)}${extraText(event.extra)}}`,
  );
}

/** Few messages have any, so the others pay nothing for it. */
function extraText(extra: MessageExtra | undefined): string {
  if (extra === undefined) return '';
  const text = JSON.stringify(extraFields(extra));
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}

/** One frame for each who joined or left. That SDK drops a message whose `cliMid` it has, so each gets its own. */
function noticed(event: ChatEvent, after: Seq): readonly string[] {
  const notice = readNotice(event.content);
  const old = notice && webNotice(notice);
  if (old === undefined) return NOTHING;
  const to = webPeer(event.to);
  return old.uids.map((uid) =>
    message({ ...event, clientId: `m${event.mid}-${uid}`, content: String(uid) }, after, {
      to,
      type: old.type,
    }),
  );
}
