import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known, toMid, toUid } from '../message/ids.js';
import type { ChatUp, RecallUp, RelayUp } from '../message/message.js';
import { TicketChecker } from './tickets.js';

const [alice, bob] = [known(toUid(1)), known(toUid(2))];
const signer = { ticket: (from: number, to: number) => `ticket ${from} ${to}` };
const RIGHT = signer.ticket(alice, bob);

const common = { echo: 0, to: bob, clientId: 'c', mid: 0 as const };
const chat = (ticket: string): ChatUp => ({
  ...{ ...common, kind: 'chat', action: 'message.chat', type: 1, content: '', sentAtMs: 0, ticket },
});
const recall = (ticket: string): RecallUp => ({ ...common, kind: 'recall', target: known(toMid(5)), ticket });
const relay = (ticket: string): RelayUp => ({
  ...{ kind: 'relay', action: 'message.cli', echo: 0, to: bob, payload: {}, ticket },
});

function checkTickets(
  checker: TicketChecker,
  frameOf: (ticket: string) => ChatUp | RecallUp | RelayUp,
): void {
  const others = [signer.ticket(bob, alice), signer.ticket(alice, alice), RIGHT.slice(1), `${RIGHT} `];
  for (const profile of ['web', 'legacy'] as const) {
    assert.ok(checker.accepts(alice, frameOf(RIGHT), profile));
    for (const wrong of [...others, RIGHT.toUpperCase(), '\0'.repeat(RIGHT.length)])
      assert.ok(!checker.accepts(alice, frameOf(wrong), profile), wrong);
  }
}

test('a right ticket always passes, a wrong one never, for every kind of frame and client', () => {
  for (const enforceTickets of [true, false]) {
    const checker = new TicketChecker({ enforceTickets }, { signer });
    for (const frameOf of [chat, recall, relay]) checkTickets(checker, frameOf);
  }
});

test('none is needed, but for messages and recalls of web clients where it is asked for', () => {
  const open = new TicketChecker({ enforceTickets: false }, { signer });
  const strict = new TicketChecker({ enforceTickets: true }, { signer });
  for (const frame of [chat(''), recall(''), relay('')]) {
    assert.ok(open.accepts(alice, frame, 'web'));
    assert.ok(strict.accepts(alice, frame, 'legacy'));
    assert.equal(strict.accepts(alice, frame, 'web'), frame.kind === 'relay');
  }
});
