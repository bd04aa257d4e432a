/**
 * The PascalCase profile: ids as numbers, times in seconds, no field left out, ids of messages instead of
 * sequence intervals. Spoken by the public Java SDK, which matches keys exactly.
 */
import { ACTIONS } from './actions.js';
import { isGid } from './ids.js';
import { EVENT_KIND, type DownFrame } from './message.js';
import { oldClientType } from './old_types.js';
import { legacyRecallContent, RECALL_TYPE } from './recall.js';
import { relayLegacyText } from './relay_fields.js';
import { toSeconds } from './wire_time.js';

const envelope = (action: string, seq: number, data: string): string =>
  `{"Ver":0,"Seq":${seq},"Action":"${action}","Data":${data},"Extra":null}`;

const NOTHING: readonly string[] = [];

export function encodeLegacy(frame: DownFrame): readonly string[] {
  switch (frame.kind) {
    case 'push': {
      const { kind, mid, seq, from, to, sentAtMs, status } = frame.event;
      const isRecall = kind === EVENT_KIND.recall;
      const type = isRecall ? RECALL_TYPE : oldClientType(frame.event);
      const content = isRecall ? legacyRecallContent(frame.event.content) : frame.event.content;
      if (content === undefined) return NOTHING;
      const atS = toSeconds(sentAtMs);
      return [
        envelope(
          ACTIONS.chat,
          0,
          `{"Mid":${mid},"CSeq":${seq},"Seq":${seq},"From":${from},"To":${to},"Type":${type},"Content":${JSON.stringify(content)},"CTime":${atS},"SendAt":${atS},"Status":${status}}`,
        ),
      ];
    }
    case 'stored':
      return [envelope(ACTIONS.ackMessage, 0, `{"Mid":${frame.mid},"Seq":${frame.seq}}`)];
    case 'offline':
      return [notify(frame.mid, frame.seq, frame.peer)];
    case 'accepted':
      return [envelope(ACTIONS.ackNotify, 0, `{"Mid":${frame.mid},"Seq":${frame.seq}}`)];
    case 'receipt':
      return frame.state === 'received'
        ? (frame.messages ?? []).map((sent) => notify(sent.mid, sent.seq, frame.by))
        : NOTHING;
    case 'relay':
      return [envelope(frame.action, 0, relayLegacyText(frame))];
    case 'failed':
    case 'forbidden':
      // Without a mid there is nothing that this client could match: it hears the reason instead.
      return frame.mid === 0
        ? [envelope(ACTIONS.notifyError, frame.echo, JSON.stringify(frame.error.message))]
        : [envelope(ACTIONS.failedSend, 0, `{"Mid":${frame.mid}}`)];
    case 'success':
      return [envelope(frame.action, frame.echo, JSON.stringify(frame.data ?? ''))];
    case 'apiError':
      return [envelope(frame.action, frame.echo, JSON.stringify(frame.error.message))];
    case 'error':
      return [envelope(ACTIONS.notifyError, frame.echo, JSON.stringify(frame.error.message))];
    case 'kickout':
      return [envelope(ACTIONS.notifyKickout, 0, JSON.stringify(frame.text))];
    case 'login':
      return [envelope(ACTIONS.notifyLogin, 0, JSON.stringify(`signed in on device ${frame.device}`))];
    case 'contact':
      return [
        envelope(
          ACTIONS.notifyContact,
          0,
          `{"Id":${frame.id},"Type":${isGid(frame.id) ? 2 : 1},"From":${frame.from},"FromId":${frame.from},"FromType":0}`,
        ),
      ];
    case 'contactRequest':
      return [
        envelope(
          ACTIONS.notifyContactRequest,
          0,
          `{"From":${frame.from},"Comment":${JSON.stringify(frame.comment)}}`,
        ),
      ];
    case 'groupRequest':
      return [
        envelope(
          ACTIONS.notifyGroupRequest,
          0,
          `{"Gid":${frame.gid},"From":${frame.from},"Comment":${JSON.stringify(frame.comment)}}`,
        ),
      ];
    case 'presence':
      return [envelope(ACTIONS.notifyState, 0, `{"Uid":${frame.uid},"Online":${frame.online}}`)];
    case 'heartbeat':
      return [envelope(ACTIONS.heartbeat, 0, '""')];
    case 'count':
    case 'settings':
    case 'sync':
      return NOTHING;
  }
}

function notify(mid: number, seq: number, from: number): string {
  return envelope(ACTIONS.ackNotify, 0, `{"Seq":${seq},"Mid":${mid},"From":${from}}`);
}
