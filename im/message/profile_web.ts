/**
 * The camelCase profile: user ids as strings, times in milliseconds, `cliMid` on everything. `web` is what the
 * public TypeScript SDK understands; `modern` clients also get sequence intervals and errors as objects.
 */
import { ERRORS } from '../errors.js';
import { ACTIONS } from './actions.js';
import { webPeer } from './addressee.js';
import type { DownFrame, ErrorInfo } from './message.js';
import { relayWebText } from './relay_fields.js';
import { webEnvelope as envelope } from './web_envelope.js';
import { modernEvent, webEvent } from './web_events.js';
import { userEvent, webNews } from './web_news.js';

const NOTHING: readonly string[] = [];

export function encodeWeb(frame: DownFrame): readonly string[] {
  switch (frame.kind) {
    case 'push':
      return webEvent(frame.event, frame.after);
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
    case 'relay':
      return [envelope(frame.action, 0, relayWebText(frame, webPeer))];
    case 'presence':
      return [userEvent(frame), ...webNews(frame)];
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
      return modernEvent(frame.event, frame.after);
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
    case 'relay':
      return [envelope(frame.action, 0, relayWebText(frame, String))];
    case 'count': {
      const { conv, fromSeq, lastSeq, messages, mentions, recalledSeq } = frame;
      const data = { conv, fromSeq, lastSeq, messages, mentions, recalledSeq };
      return [envelope(ACTIONS.notifyCount, 0, JSON.stringify(data))];
    }
    case 'settings': {
      const { conv, settings } = frame;
      return [envelope(ACTIONS.notifySettings, 0, JSON.stringify({ conv, settings }))];
    }
    case 'heartbeat':
      return [envelope(ACTIONS.heartbeat, 0, frame.isProbe ? '{"probe":true}' : '{}')];
    default:
      return encodeShared(frame);
  }
}

type SharedKind = Exclude<
  DownFrame['kind'],
  | ('push' | 'receipt' | 'failed' | 'forbidden' | 'error' | 'apiError')
  | ('relay' | 'sync' | 'count' | 'settings')
>;

/** Frames that both dialects of this profile read; keys the public SDK does not know are ignored by it. */
function encodeShared(frame: Extract<DownFrame, { kind: SharedKind }>): readonly string[] {
  switch (frame.kind) {
    case 'stored': {
      const { conv, seq, storedAtMs } = frame;
      const data = `{"cliMid":${JSON.stringify(frame.clientId)},"mid":${frame.mid},"conv":"${conv}","seq":${seq},"storedAt":${storedAtMs}}`;
      return [envelope(ACTIONS.ackMessage, frame.echo, data)];
    }
    case 'offline': {
      const { mid, clientId, conv, seq, peer } = frame;
      const data = `{"mid":${mid},"cliMid":${JSON.stringify(clientId)},"conv":"${conv}","seq":${seq},"from":"${peer}","state":"offline"}`;
      return [envelope(ACTIONS.ackNotify, 0, data)];
    }
    case 'accepted': {
      const { mid, clientId, conv, seq } = frame;
      const data = `{"mid":${mid},"cliMid":${JSON.stringify(clientId)},"conv":"${conv}","seq":${seq},"state":"accepted"}`;
      return [envelope(ACTIONS.ackNotify, 0, data)];
    }
    case 'success':
      return [envelope(frame.action, frame.echo, JSON.stringify(frame.data ?? null))];
    case 'heartbeat':
      return [envelope(ACTIONS.heartbeat, 0, '{}')];
    default:
      return webNews(frame);
  }
}

function failure(mid: number, clientId: string, error: ErrorInfo): string {
  return JSON.stringify({ mid, cliMid: clientId, ...error });
}

function refusal(echo: number, error: ErrorInfo): string {
  return envelope(ACTIONS.notifyError, echo, JSON.stringify(error.message));
}
