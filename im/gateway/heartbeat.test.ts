import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultsOf } from '../../pkg/config/option.js';
import { decodeUp } from '../message/json_decoder.js';
import type { Client } from './client.js';
import { fakeClient } from './fake_client.js';
import { Heartbeat, HEARTBEAT_OPTIONS, LOST, plainHeartbeat } from './heartbeat.js';

interface Scene {
  readonly heartbeat: Heartbeat;
  /** What was sent: 'probe', 'answer', or the text for a connection of unknown profile. */
  readonly sent: string[];
  readonly cursors: unknown[];
}

function scene(): Scene {
  const sent: string[] = [];
  const cursors: unknown[] = [];
  const heartbeat = new Heartbeat(defaultsOf(HEARTBEAT_OPTIONS), {
    send: (_client, { frame }) => {
      if (frame.kind === 'heartbeat') sent.push(frame.isProbe ? 'probe' : 'answer');
    },
    sendText: (_client, text) => sent.push(text),
    checkTail: (_client, cursor) => cursors.push(cursor),
  });
  return { heartbeat, sent, cursors };
}

function modern(): Client {
  const client = fakeClient();
  client.profile = 'web';
  client.isModern = true;
  return client;
}

/** Looks every second until `untilMs`; when it was lost, if it was. */
function watch(heartbeat: Heartbeat, client: Client, fromMs: number, untilMs: number): number | undefined {
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 1000) {
    if (heartbeat.look(client, nowMs) === LOST) return nowMs;
  }
  return undefined;
}

test('a silent connection is asked three times and then given up: 120 s', () => {
  const { heartbeat, sent } = scene();
  const client = fakeClient();
  client.profile = 'legacy';
  assert.equal(watch(heartbeat, client, 0, 29_000), undefined);
  assert.deepEqual(sent, []);
  assert.equal(watch(heartbeat, client, 30_000, 300_000), 120_000);
  assert.deepEqual(sent, ['probe', 'probe', 'probe']);
});

test('any frame is an answer', () => {
  const { heartbeat, sent } = scene();
  const client = fakeClient();
  client.profile = 'legacy';
  assert.equal(watch(heartbeat, client, 0, 100_000), undefined);
  assert.equal(sent.length, 3);
  heartbeat.heard(client, 100_000);
  assert.equal(watch(heartbeat, client, 101_000, 129_000), undefined);
  assert.equal(sent.length, 3, 'as if it had never been silent');
  assert.equal(watch(heartbeat, client, 130_000, 400_000), 220_000);
});

test('after a pause of the whole process every probe still gets its time', () => {
  const { heartbeat, sent } = scene();
  const client = fakeClient();
  client.profile = 'web';
  assert.equal(heartbeat.look(client, 10_000_000), 10_030_000);
  assert.deepEqual(sent, ['probe']);
  assert.equal(heartbeat.look(client, 10_029_000), 10_030_000);
});

test('whoever agreed on a heartbeat is asked when that is late by a third; whoever is not read is not blamed', () => {
  const { heartbeat, sent } = scene();
  const client = modern();
  heartbeat.agree(client, 600_000);
  assert.equal(heartbeat.look(client, 799_000), 800_000);
  client.isPaused = true;
  assert.equal(watch(heartbeat, client, 800_000, 5_000_000), undefined);
  client.isPaused = false;
  assert.equal(watch(heartbeat, client, 5_001_000, 5_799_000), undefined);
  assert.deepEqual(sent, []);
  assert.equal(watch(heartbeat, client, 5_800_000, 6_000_000), 5_890_000);
});

test('before its first frame a connection is asked in both casings', () => {
  const { heartbeat, sent } = scene();
  heartbeat.look(fakeClient(0), 30_000);
  const frame = JSON.parse(sent[0] ?? '') as Record<string, unknown>;
  assert.equal(frame['Action'], 'heartbeat');
  assert.equal(frame['action'], 'heartbeat');
});

test('an old SDK’s heartbeat is never answered; ours is, but for the one that answers a probe', () => {
  const { heartbeat, sent, cursors } = scene();
  const old = fakeClient();
  old.profile = 'legacy';
  heartbeat.received(old, { count: 1, sum: 1 });
  assert.deepEqual([sent, cursors], [[], []]);
  const ours = modern();
  heartbeat.received(ours, { count: 1, sum: 2 });
  assert.deepEqual(sent.splice(0), ['answer']);
  assert.deepEqual(cursors, [{ count: 1, sum: 2 }]);
  heartbeat.look(ours, 30_000);
  heartbeat.heard(ours, 30_500);
  heartbeat.received(ours, undefined);
  assert.deepEqual(sent.splice(0), ['probe']);
  heartbeat.received(ours, undefined);
  assert.deepEqual(sent, ['answer']);
});

type Step = 'look' | 'chat' | 'deliver' | 'beat';

test('no loop with a client that answers every heartbeat, whatever crosses on the way', () => {
  const steps = fc.array(fc.constantFrom<Step>('look', 'chat', 'deliver', 'deliver', 'beat'), {
    maxLength: 60,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (script) => {
      const { heartbeat, sent } = scene();
      const client = modern();
      let nowMs = 0;
      let beats = 0;
      let delivered = 0;
      /** The echo's frames that the server has not read yet. */
      let underWay = 0;
      const read = (): void => {
        if (underWay === 0) return;
        underWay--;
        heartbeat.heard(client, nowMs);
        heartbeat.received(client, undefined);
      };
      const echo = (): void => {
        while (delivered < sent.length) {
          // What its own beat asked for is no news: an answer is due to it.
          if (sent[delivered++] === 'answer' && beats > 0) beats--;
          else underWay++;
        }
      };
      for (const step of script) {
        nowMs += 31_000;
        if (step === 'look') {
          if (heartbeat.look(client, nowMs) === LOST) return;
        } else if (step === 'chat') {
          heartbeat.heard(client, nowMs);
        } else if (step === 'beat') {
          beats++;
          underWay++;
        } else {
          echo();
          read();
        }
      }
      // Nobody begins anything any more: it must come to rest.
      for (let turns = 0; turns < 500; turns++) {
        echo();
        if (underWay === 0) return;
        read();
      }
      assert.fail('they go on for ever');
    }),
  );
});

test('the heartbeats of all known clients are recognised by their text, and what differs is parsed', () => {
  const limits = { depth: 8, keys: 64, contentBytes: 1000 };
  const java = '{"Ver":1,"Action":"heartbeat","Seq":0,"Data":"","Origin":null}';
  const typescript = '{"action":"heartbeat","data":{},"seq":123,"to":null,"extra":null}';
  const ours = '{"action":"heartbeat","data":{}}';
  assert.equal(plainHeartbeat(java), 'legacy');
  assert.equal(plainHeartbeat(typescript), 'web');
  assert.equal(plainHeartbeat(ours), 'web');
  const others = [
    java.replace(':0', ': 0'),
    typescript.replace('{}', '{"count":1,"sum":2}'),
    ours.replaceAll(',', ', '),
    ours + ' ',
    `${ours}${' '.repeat(100)}`,
  ];
  for (const text of [java, typescript, ours, ...others]) {
    const { profile, frame } = decodeUp(text, limits);
    assert.equal(frame.kind, 'heartbeat', text);
    if (!others.includes(text)) assert.equal(plainHeartbeat(text), profile, text);
    else assert.equal(plainHeartbeat(text), undefined, text);
  }
  for (const text of [java.replace('heartbeat', 'heartbeats'), '', '{"action":"message.chat","data":{}}'])
    assert.equal(plainHeartbeat(text), undefined, text);
});
