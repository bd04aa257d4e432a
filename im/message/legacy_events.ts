/**
 * An event of a log in the PascalCase profile. Of a group the public Java SDK reads messages and recalls as
 * `message.group` and what happened to members as `notify.group`; for edits, reactions and pins it has no word.
 */
import { ACTIONS } from './actions.js';
import { isGid } from './ids.js';
import { legacyEnvelope as envelope } from './legacy_envelope.js';
import { EVENT_KIND, type ChatEvent } from './message.js';
import { readNotice } from './notice.js';
import { legacyNotice } from './old_notices.js';
import { oldClientType } from './old_types.js';
import { legacyRecallContent, RECALL_TYPE } from './recall.js';
import { toSeconds } from './wire_time.js';

const NOTHING: readonly string[] = [];

export function legacyEvent(event: ChatEvent): readonly string[] {
  switch (event.kind) {
    case EVENT_KIND.message:
      return [message(event, oldClientType(event), event.content)];
    case EVENT_KIND.recall: {
      const content = legacyRecallContent(event.content);
      return content === undefined ? NOTHING : [message(event, RECALL_TYPE, content)];
    }
    case EVENT_KIND.notice:
      return noticed(event);
    default:
      return NOTHING;
  }
}

function message({ mid, seq, from, to, sentAtMs, status }: ChatEvent, type: number, content: string): string {
  const atS = toSeconds(sentAtMs);
  const text = JSON.stringify(content);
  const data = isGid(to)
    ? `{"Mid":${mid},"Seq":${seq},"To":${to},"Type":${type},"From":${from},"Content":${text},"SendAt":${atS},"Status":${status}}`
    : `{"Mid":${mid},"CSeq":${seq},"Seq":${seq},"From":${from},"To":${to},"Type":${type},"Content":${text},"CTime":${atS},"SendAt":${atS},"Status":${status}}`;
  return envelope(isGid(to) ? ACTIONS.group : ACTIONS.chat, 0, data);
}

function noticed({ mid, seq, to, content, storedAtMs }: ChatEvent): readonly string[] {
  const notice = readNotice(content);
  const old = notice && legacyNotice(notice);
  if (old === undefined) return NOTHING;
  const { type, uids } = old;
  return [
    envelope(
      ACTIONS.notifyGroup,
      0,
      `{"Mid":${mid},"Gid":${to},"Type":${type},"Seq":${seq},"Timestamp":${toSeconds(storedAtMs)},"Data":{"Uid":[${uids.join(',')}]}}`,
    ),
  ];
}
