/**
 * The decoder alone, on more malformed texts than sockets could carry: it never throws, and what it lets through
 * is within what the rooms behind it rely on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTIONS } from '../../im/message/actions.js';
import { DEVICE_LIMIT, GID_LIMIT } from '../../im/message/ids.js';
import { decodeUp } from '../../im/message/json_decoder.js';
import { isClientId } from '../../im/message/client_id.js';
import { MENTION_LIMIT, type ErrorInfo, type UpFrame } from '../../im/message/message.js';
import { Mutator } from './mutator.js';
import { Random, seedOfThisRun } from './random.js';
import { apiRequests, chatRequests, envelopeOf, pickRequest } from './valid_frames.js';

const TEXTS = 100_000;
const LIMITS = { depth: 16, keys: 512, contentBytes: 32_768 } as const;
const SPEAKER = { uid: 7, peer: 8, token: 'a.b.c' } as const;
const COUNT_LIMIT = 2 ** 53;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
/** A user or a group. */
const isPeer = (value: number): boolean => isCount(value) && value > 0 && value < GID_LIMIT;

/** What is wrong with it; '' where nothing is. */
function flawOf(frame: UpFrame): string {
  switch (frame.kind) {
    case 'chat': {
      if (!isPeer(frame.to)) return 'to';
      if (!isClientId(frame.clientId)) return 'clientId';
      if (!isCount(frame.mid) || !isCount(frame.type) || !isCount(frame.echo)) return 'a number';
      if (!isCount(frame.sentAtMs)) return 'sentAtMs';
      const { mentions = [], replyTo = 1 } = frame.extra ?? {};
      if (mentions.length > MENTION_LIMIT || !mentions.every(isCount) || !isCount(replyTo)) return 'extra';
      if (!frame.content.isWellFormed()) return 'content is not well formed';
      return Buffer.byteLength(frame.content) > LIMITS.contentBytes ? 'content is too large' : '';
    }
    case 'recall':
      return isPeer(frame.to) && isCount(frame.target) && frame.target > 0 && isCount(frame.mid)
        ? ''
        : 'a number';
    case 'relay':
      return isPeer(frame.to) && typeof frame.payload === 'object' ? '' : 'to or payload';
    case 'receipt':
      if (frame.by !== 'interval') return '';
      return isCount(frame.from) && frame.from >= 1 && frame.from <= frame.to && frame.to < COUNT_LIMIT
        ? ''
        : 'interval';
    case 'auth': {
      const { device, protocol, caps } = frame;
      if (device !== undefined && !(isCount(device) && device < DEVICE_LIMIT)) return 'device';
      return isCount(protocol) && caps.every((cap) => typeof cap === 'string') ? '' : 'protocol or caps';
    }
    case 'api':
      return frame.action.startsWith('api.') && isCount(frame.echo) ? '' : 'action or echo';
    case 'heartbeat':
      return frame.cursor === undefined || (isCount(frame.cursor.count) && isCount(frame.cursor.sum))
        ? ''
        : 'cursor';
    case 'bad':
      return frame.error.code > 0 && isCount(frame.echo) && isCount(frame.mid) ? '' : 'error, echo or mid';
  }
}

test('fuzz: the decoder never throws, and lets through only what is within bounds', (t) => {
  const random = new Random(seedOfThisRun());
  const seed = `FUZZ_SEED=${random.seed}`;
  const mutator = new Mutator(random, { maxBytes: 65_536 });
  const api = apiRequests(SPEAKER);
  const kinds = new Map<string, number>();
  for (let count = 0; count < TEXTS; count++) {
    const request = pickRequest(random.chance(0.7) ? chatRequests(SPEAKER, random) : api, random);
    const wording = random.chance(0.5) ? 'web' : 'legacy';
    const text = mutator.malformed(envelopeOf(request, random.below(100), wording));
    let frame: UpFrame;
    try {
      ({ frame } = decodeUp(text, LIMITS));
    } catch (error) {
      throw new Error(`${seed}: ${text.slice(0, 500)}`, { cause: error });
    }
    assert.equal(flawOf(frame), '', `${seed}: ${frame.kind} of ${text.slice(0, 500)}`);
    kinds.set(frame.kind, (kinds.get(frame.kind) ?? 0) + 1);
  }
  t.diagnostic(`${seed}: ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  for (const kind of ['bad', 'chat', 'recall', 'relay', 'receipt', 'auth', 'api', 'heartbeat'])
    assert.ok((kinds.get(kind) ?? 0) > 100, `${seed}: hardly a ${kind} came through`);
});

test('fuzz: the frames before they are damaged are valid, and there is one for every action of a client', () => {
  const random = new Random(1);
  const requests = [...chatRequests(SPEAKER, random), ...apiRequests(SPEAKER)];
  for (const wording of ['web', 'legacy'] as const) {
    for (const request of requests) {
      const { profile, frame } = decodeUp(JSON.stringify(envelopeOf(request, 1, wording)), LIMITS);
      const error: ErrorInfo | undefined = frame.kind === 'bad' ? frame.error : undefined;
      assert.equal(error, undefined, `${wording} ${request.action}`);
      assert.equal(profile, wording);
    }
  }
  const said = new Set(requests.map(({ action }) => action));
  const heardOnly =
    /^(message\.event$|event\.user\.|notify\.|ack\.(message|notify)$|api\.(success|failed)$|message\.failed)/;
  const missing = Object.values(ACTIONS).filter((action) => !heardOnly.test(action) && !said.has(action));
  assert.deepEqual(missing, []);
});
