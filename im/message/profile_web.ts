/**
 * The camelCase profile: user ids as strings, times in milliseconds, `cliMid` on everything. `web` is what the
 * public TypeScript SDK understands; `modern` clients also get sequence intervals and errors as objects.
 */
import { ERRORS } from '../errors.js';
import { ACTIONS } from './actions.js';
import { eventFields, webStatus } from './event_fields.js';
import { isGid } from './ids.js';
import { EVENT_KIND, type ChatEvent, type DownFrame, type ErrorInfo } from './message.js';
import { oldClientType } from './old_types.js';
import { relayWebText } from './relay_fields.js';

const envelope = (action: string, seq: number, data: string): string =>
  `{"ver":1,"seq":${seq},"action":"${action}","data":${data}}`;

const NOTHING: readonly string[] = [];

export function encodeWeb(frame: DownFrame): readonly string[] {
  switch (frame.kind) {
    case 'push':
      return pushed(frame.event, frame.after, oldClientType(frame.event));
    case 'receipt':
      if (frame.state !== 'received') return NOTHING;
      return (frame.messages ?? []).map((sent) =>
        envelope(
          ACTIONS.ackNotify,
          0,
          `{"mid":${sent.mid},"cliMid":${JSON.stringify(sent.clientId)},"seq":${sent.seq},"from":"${frame.by}","state":"received"}`,
        ),
      );
    case 'error':
      if (frame.error.code !== ERRORS.UNKNOWN_ACTION.code) return [refusal(frame.echo, frame.error)];
      return [envelope(ACTIONS.notifyUnknownAction, frame.echo, JSON.stringify(frame.error.message))];
    case 'failed':
      return [refusal(frame.echo, frame.error)];
    case 'forbidden':
      return [envelope(ACTIONS.notifyForbidden, frame.echo, JSON.stringify(frame.error.message))];
    case 'apiError':
      return [envelope(frame.action, frame.echo, JSON.stringify(frame.error.message))];
    case 'sync':
    case 'count':
    case 'settings':
      return NOTHING;
    default:
      return encodeShared(frame);
  }
}

export function encodeModern(frame: DownFrame): readonly string[] {
  switch (frame.kind) {
    case 'push':
      return pushed(frame.event, frame.after, frame.event.type);
    case 'receipt':
      return [
        envelope(
          ACTIONS.ackNotify,
          0,
          `{"conv":"${frame.conv}","from":${frame.from},"to":${frame.to},"state":"${frame.state}","by":"${frame.by}"}`,
        ),
      ];
    case 'failed':
      return [envelope(ACTIONS.failedSend, frame.echo, failure(frame.mid, frame.clientId, frame.error))];
    case 'forbidden':
      return [envelope(ACTIONS.notifyForbidden, frame.echo, failure(frame.mid, frame.clientId, frame.error))];
    case 'error':
      return [envelope(ACTIONS.notifyError, frame.echo, JSON.stringify(frame.error))];
    case 'apiError':
      return [envelope(frame.action, frame.echo, JSON.stringify(frame.error))];
    case 'sync': {
      const { conversations, cursor } = frame;
      return [envelope(ACTIONS.notifySync, 0, JSON.stringify({ conversations, cursor }))];
    }
    case 'heartbeat':
      return [envelope(ACTIONS.heartbeat, 0, frame.isProbe ? '{"probe":true}' : '{}')];
    default:
      return encodeShared(frame);
  }
}

type SharedKind = Exclude<
  DownFrame['kind'],
  'push' | 'receipt' | 'failed' | 'forbidden' | 'error' | 'apiError' | 'sync'
>;

/** Frames that both dialects of this profile read; keys the public SDK does not know are ignored by it. */
function encodeShared(frame: Extract<DownFrame, { kind: SharedKind }>): readonly string[] {
  switch (frame.kind) {
    case 'relay':
      return [envelope(frame.action, 0, relayWebText(frame))];
    case 'stored':
      return [
        envelope(
          ACTIONS.ackMessage,
          frame.echo,
          `{"cliMid":${JSON.stringify(frame.clientId)},"mid":${frame.mid},"conv":"${frame.conv}","seq":${frame.seq},"storedAt":${frame.storedAtMs}}`,
        ),
      ];
    case 'offline':
      return [
        envelope(
          ACTIONS.ackNotify,
          0,
          `{"mid":${frame.mid},"cliMid":${JSON.stringify(frame.clientId)},"conv":"${frame.conv}","seq":${frame.seq},"from":"${frame.peer}","state":"offline"}`,
        ),
      ];
    case 'success':
      return [envelope(frame.action, frame.echo, JSON.stringify(frame.data ?? null))];
    case 'kickout':
      return [
        envelope(
          ACTIONS.notifyKickout,
          0,
          JSON.stringify({ device_id: String(frame.device), device_name: '', text: frame.text }),
        ),
      ];
    case 'login':
      return [envelope(ACTIONS.notifyLogin, 0, JSON.stringify({ device: frame.device }))];
    case 'contactRequest':
      return [
        envelope(
          ACTIONS.notifyContactRequest,
          0,
          `{"from":"${frame.from}","comment":${JSON.stringify(frame.comment)}}`,
        ),
      ];
    case 'contact':
      return [
        envelope(
          ACTIONS.notifyContact,
          0,
          `{"id":"${frame.id}","type":${isGid(frame.id) ? 2 : 1},"from":"${frame.from}","fromId":"${frame.from}","fromType":0}`,
        ),
      ];
    case 'accepted':
      return [
        envelope(
          ACTIONS.ackNotify,
          0,
          `{"mid":${frame.mid},"cliMid":${JSON.stringify(frame.clientId)},"conv":"${frame.conv}","seq":${frame.seq},"state":"accepted"}`,
        ),
      ];
    case 'groupRequest':
      return [
        envelope(
          ACTIONS.notifyGroupRequest,
          0,
          `{"gid":"${frame.gid}","from":"${frame.from}","comment":${JSON.stringify(frame.comment)}}`,
        ),
      ];
    case 'presence':
      return [
        envelope(
          ACTIONS.notifyState,
          0,
          `{"uid":"${frame.uid}","online":${frame.online},"lastSeenAt":${frame.lastSeenAtMs}}`,
        ),
      ];
    case 'count':
      return [
        envelope(
          ACTIONS.notifyCount,
          0,
          `{"conv":"${frame.conv}","lastSeq":${frame.lastSeq},"messages":${frame.messages}}`,
        ),
      ];
    case 'settings':
      return [
        envelope(ACTIONS.notifySettings, 0, JSON.stringify({ conv: frame.conv, settings: frame.settings })),
      ];
    case 'heartbeat':
      return [envelope(ACTIONS.heartbeat, 0, '{}')];
  }
}

function failure(mid: number, clientId: string, error: ErrorInfo): string {
  return JSON.stringify({ mid, cliMid: clientId, ...error });
}

function refusal(echo: number, error: ErrorInfo): string {
  return envelope(ACTIONS.notifyError, echo, JSON.stringify(error.message));
}

function pushed(event: ChatEvent, after: number, type: number): readonly string[] {
  if (event.kind !== EVENT_KIND.message) return recalled(event, after);
  return [
    envelope(
      ACTIONS.chat,
      0,
      `{"cliMid":${JSON.stringify(event.clientId)},"mid":${event.mid},"conv":"${event.conv}","seq":${event.seq},"after":${after},"from":"${event.from}","to":"${event.to}","type":${type},"content":${JSON.stringify(event.content)},"sendAt":${event.sentAtMs},"storedAt":${event.storedAtMs},"status":${webStatus(event.status)}}`,
    ),
  ];
}

function recalled(event: ChatEvent, after: number): readonly string[] {
  const fields = eventFields(event, { after });
  return fields === undefined ? NOTHING : [envelope(ACTIONS.chatRecall, 0, JSON.stringify(fields))];
}
