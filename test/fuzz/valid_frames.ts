/**
 * A valid request of every kind that a client can make, as the seed of malformed ones: every action of the
 * connection, every operation with its other names, in the casing of both profiles.
 */
import { OPERATIONS } from '../../im/api/operations.js';
import { WORLD_GID } from '../../im/message/group.js';
import { ACTIONS, AUTH_ACTIONS } from '../../im/message/actions.js';
import type { Random } from './random.js';

export type Wording = 'legacy' | 'web';

/** Whose words they are: the requests are his, and name nobody but `peer`. */
export interface Speaker {
  readonly uid: number;
  readonly peer: number;
  readonly token: string;
}

export interface Request {
  readonly action: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A password hash each, or the end of the connection: asked seldom. */
const COSTLY = /register|signin|login|logout|password|guest/i;
const COSTLY_SHARE = 0.05;

/** A plausible value for every field that an operation may name. */
export function fieldValue(name: string, { uid, peer, token }: Speaker): unknown {
  const [low, high] = uid < peer ? [uid, peer] : [peer, uid];
  const known: Readonly<Record<string, unknown>> = {
    account: `fuzzed-${uid}`,
    email: `fuzzed-${uid}@example.org`,
    captcha: '11111',
    password: 'a password',
    oldPassword: 'a password',
    newPassword: 'another password',
    token,
    device: 2,
    renew: true,
    uid: peer,
    to: peer,
    relative_ids: [peer],
    session_id: `${low}_${high}`,
    prefix: 'fuzz',
    approval: true,
    contactsOnly: false,
    agree: true,
    deny: false,
    end_mid: 0,
    page: 0,
    pageSize: 20,
    mid: 1,
    conv: `u${low}_${high}`,
    from: 1,
    since: 0,
    after: '',
    limit: 10,
    before: 0,
    beforeMid: 0,
    readSeq: 1,
    gid: WORLD_GID,
    joinMode: 'open',
    openHistory: true,
    until: 0,
    forMs: 1000,
    expiresAt: 0,
    uses: 1,
    groups: true,
    afterSeq: 0,
    beforeSeq: 0,
    uids: [peer],
    privatePresence: false,
    cliMid: `edit-${uid}`,
    emoji: '👍',
    on: true,
    side: 'around',
    seq: 1,
    text: 'hello',
    pinned: true,
    muted: false,
    hidden: false,
    draft: 'what I meant',
    interest: 'full',
  };
  return Object.hasOwn(known, name) ? known[name] : 'some text';
}

/** What of the connection's own actions a client sends, with good data. */
export function chatRequests(speaker: Speaker, random: Random): readonly Request[] {
  const { uid, peer, token } = speaker;
  const gid = WORLD_GID;
  const [low, high] = uid < peer ? [uid, peer] : [peer, uid];
  const conv = `u${low}_${high}`;
  const cliMid = `fuzz-${random.below(1_000_000)}`;
  const message = { cliMid, mid: 0, seq: 0, from: uid, to: peer, type: 1, content: 'hello', sendAt: 1.7e9 };
  const said = { ...message, to: gid, mentions: [peer, 'all'], replyTo: 1 };
  const recall = { ...message, type: 100, content: `{"RecallBy":${uid},"Mid":${1 + random.below(50)}}` };
  return [
    { action: ACTIONS.chat, data: message },
    { action: ACTIONS.chatRetry, data: message },
    { action: ACTIONS.chatResend, data: message },
    { action: ACTIONS.chatRecall, data: recall },
    { action: ACTIONS.group, data: said },
    { action: ACTIONS.chat, data: said },
    { action: ACTIONS.group, data: { ...said, to: 'the_world_channel' } },
    { action: ACTIONS.groupRecall, data: { ...recall, to: gid } },
    { action: ACTIONS.relay, data: { from: uid, to: gid, type: 10020, content: '' } },
    { action: ACTIONS.relay, data: { from: uid, to: peer, id: 'call-1', type: 2002, content: { id: 'x' } } },
    {
      action: ACTIONS.relayService,
      data: {
        Sender: uid,
        Receiver: peer,
        CsId: peer,
        ChatId: 1,
        UserChatId: 2,
        MessageType: 1,
        Message: 'x',
      },
    },
    { action: ACTIONS.ackRequest, data: { mid: 1, from: peer } },
    { action: ACTIONS.ackRequest, data: { conv, from: 1, to: 1, state: 'received' } },
    { action: ACTIONS.ackRequest, data: { conv, from: 1, to: 1, state: 'read' } },
    { action: ACTIONS.ackGroupMessage, data: { mid: 1, from: peer, seq: 0 } },
    { action: ACTIONS.ackGroupMessage, data: { gid, mid: 1, seq: 1 } },
    { action: ACTIONS.ackOffline, data: { mid: [1, 2] } },
    { action: ACTIONS.ackRequest, data: { conv: `g${gid}`, from: 1, to: 1, state: 'read' } },
    { action: ACTIONS.heartbeat, data: {} },
    { action: ACTIONS.heartbeat, data: { cursor: { count: 1, sum: 1 } } },
    ...AUTH_ACTIONS.map((action) => ({
      action,
      data: {
        version: 1,
        v: 1,
        caps: ['interval'],
        heartbeatMs: 30_000,
        credential: token,
        token,
        device: 2,
      },
    })),
  ];
}

/** Every operation under every name that it has on a connection. */
export function apiRequests(speaker: Speaker): readonly Request[] {
  return OPERATIONS.flatMap(({ path, aliases, schema }) => {
    const data = Object.fromEntries(
      Object.keys(schema.shape).map((name) => [name, fieldValue(name, speaker)]),
    );
    return [`api.${path.replaceAll('/', '.')}`, ...aliases].map((action) => ({ action, data }));
  });
}

/** One of them; seldom one that makes the server hash a password, or signs the client out. */
export function pickRequest(requests: readonly Request[], random: Random): Request {
  for (;;) {
    const request = random.pick(requests);
    if (!COSTLY.test(request.action) || random.chance(COSTLY_SHARE)) return request;
  }
}

/** The envelope as a value, keys in the wording's casing. */
export function envelopeOf(
  { action, data }: Request,
  seq: number,
  wording: Wording,
): Record<string, unknown> {
  if (wording === 'web') return { action, data: { ...data }, seq, to: null, extra: null, ticket: '' };
  return { Ver: 1, Action: action, Seq: seq, Data: capitalised(data), Origin: null };
}

function capitalised(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value]),
  );
}
