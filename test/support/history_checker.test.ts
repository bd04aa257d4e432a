/** The judge on trial: each fault planted in a clean history must be found, and a clean one must find nothing. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  checkHistory,
  type Fault,
  type History,
  type Logged,
  type Screen,
  type Sent,
} from './history_checker.js';

interface Line {
  readonly from: number;
  readonly to: number;
  readonly fate: 'acked' | 'failed';
}

const convOf = (one: number, other: number): string => `u${Math.min(one, other)}_${Math.max(one, other)}`;

/** What a server that keeps its promise would have made of these lines; each user has `devices` screens. */
function cleanHistory(lines: readonly Line[], devices = 2): History {
  const sends: Sent[] = [];
  const stored: Logged[] = [];
  const lastSeq = new Map<string, number>();
  lines.forEach(({ from, to, fate }, index) => {
    const conv = convOf(from, to);
    const by = `${from}/0`;
    const message = { conv, from, clientId: `c${index}`, content: `text ${index}` };
    if (fate === 'failed') {
      sends.push({ by, ...message, outcome: 'failed', mid: 0, seq: 0 });
      return;
    }
    const seq = (lastSeq.get(conv) ?? 0) + 1;
    lastSeq.set(conv, seq);
    sends.push({ by, ...message, outcome: 'acked', mid: 1000 + index, seq });
    stored.push({ ...message, mid: 1000 + index, seq });
  });
  const uids = [...new Set(lines.flatMap(({ from, to }) => [from, to]))];
  const screens = uids.flatMap((uid) =>
    Array.from({ length: devices }, (_, device): Screen => {
      const shown = stored.filter(({ conv }) => conv.slice(1).split('_').map(Number).includes(uid));
      return { name: `${uid}/${device}`, uid, shown };
    }),
  );
  return { sends, screens, stored };
}

const TALK: readonly Line[] = [
  { from: 1, to: 2, fate: 'acked' },
  { from: 2, to: 1, fate: 'acked' },
  { from: 1, to: 2, fate: 'acked' },
  { from: 1, to: 3, fate: 'acked' },
  { from: 3, to: 1, fate: 'failed' },
  { from: 2, to: 2, fate: 'acked' },
  { from: 1, to: 2, fate: 'acked' },
];

function faults(history: History): readonly Fault[] {
  return checkHistory(history).map(({ fault }) => fault);
}

/** `history` with its screen number `at` (counted round) showing something else. */
function onScreen(
  history: History,
  at: number,
  edit: (shown: readonly Logged[]) => readonly Logged[],
): History {
  const index = at % history.screens.length;
  const screens = history.screens.map((screen, i) =>
    i === index ? { ...screen, shown: edit(screen.shown) } : screen,
  );
  return { ...history, screens };
}

const pick = <Item>(items: readonly Item[], at: number): Item => {
  const item = items[at % items.length];
  assert.ok(item !== undefined);
  return item;
};

const without = <Item>(items: readonly Item[], gone: Item): readonly Item[] =>
  items.filter((item) => item !== gone);
const replaced = <Item>(items: readonly Item[], old: Item, by: Item): readonly Item[] =>
  items.map((item) => (item === old ? by : item));

interface Mutation {
  readonly name: string;
  readonly fault: Fault;
  /** `at` chooses the victim; undefined where this history has none. */
  readonly apply: (history: History, at: number) => History | undefined;
}

const acked = (history: History): readonly Sent[] =>
  history.sends.filter(({ outcome }) => outcome === 'acked');

/** Editing a screen that shows something, by way of one message on it. */
function editShown(edit: (shown: readonly Logged[], victim: Logged) => readonly Logged[]): Mutation['apply'] {
  return (history, at) => {
    const full = history.screens.flatMap(({ shown }, index) => (shown.length === 0 ? [] : [index]));
    return onScreen(history, pick(full, at), (shown) => edit(shown, pick(shown, at)));
  };
}

function editSend(edit: (send: Sent) => Sent): Mutation['apply'] {
  return (history, at) => {
    const victim = pick(acked(history), at);
    return { ...history, sends: replaced(history.sends, victim, edit(victim)) };
  };
}

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the last acked message of a conversation is nowhere',
    fault: 'lost',
    apply: (history, at) => {
      const row = pick(history.stored, at);
      const isGone = (other: Logged): boolean => other.conv === row.conv && other.seq >= row.seq;
      const screens = history.screens.map((screen) => ({
        ...screen,
        shown: screen.shown.filter((m) => !isGone(m)),
      }));
      return { ...history, screens, stored: history.stored.filter((m) => !isGone(m)) };
    },
  },
  {
    name: 'a message twice on a screen',
    fault: 'repeated',
    apply: editShown((shown, victim) => [...shown, victim]),
  },
  {
    name: 'a message twice on a screen under two numbers',
    fault: 'repeated',
    apply: editShown((shown, victim) => [
      ...shown,
      { ...victim, seq: victim.seq + 1000, mid: victim.mid + 1000 },
    ]),
  },
  {
    name: 'a message stored twice',
    fault: 'repeated',
    apply: (history, at) => {
      const row = pick(history.stored, at);
      const last = Math.max(...history.stored.filter(({ conv }) => conv === row.conv).map(({ seq }) => seq));
      return { ...history, stored: [...history.stored, { ...row, mid: row.mid + 100_000, seq: last + 1 }] };
    },
  },
  {
    name: 'one mid for two rows',
    fault: 'repeated',
    apply: (history, at) => {
      const [first, second] = [pick(history.stored, at), pick(history.stored, at + 1)];
      return first === second
        ? undefined
        : { ...history, stored: replaced(history.stored, second, { ...second, mid: first.mid }) };
    },
  },
  {
    name: 'a screen lacks a message',
    fault: 'hole',
    apply: editShown((shown, victim) => without(shown, victim)),
  },
  {
    name: 'the store skips a seq, and everybody agrees with it',
    fault: 'hole',
    apply: (history, at) => {
      const victim = pick(history.stored, at);
      const shift = <Item extends { conv: string; seq: number }>(item: Item): Item =>
        item.conv === victim.conv && item.seq >= victim.seq ? { ...item, seq: item.seq + 1 } : item;
      return {
        sends: history.sends.map(shift),
        stored: history.stored.map(shift),
        screens: history.screens.map((screen) => ({ ...screen, shown: screen.shown.map(shift) })),
      };
    },
  },
  {
    name: 'two messages of a conversation change places on a screen',
    fault: 'disorder',
    apply: (history, at) => {
      const candidates = history.screens.flatMap(({ shown }, screen) =>
        shown.flatMap((message, index) => {
          const later = shown.findIndex((other, i) => i > index && other.conv === message.conv);
          return later === -1 ? [] : [{ screen, index, later }];
        }),
      );
      if (candidates.length === 0) return undefined;
      const { screen, index, later } = pick(candidates, at);
      return onScreen(history, screen, (shown) => {
        const swapped = [...shown];
        [swapped[index], swapped[later]] = [pick(shown, later), pick(shown, index)];
        return swapped;
      });
    },
  },
  {
    name: "a sender's two messages are stored in the other order",
    fault: 'disorder',
    apply: (history, at) => {
      const pairs = acked(history).flatMap((first, index, sends) => {
        const second = sends.find((s, i) => i > index && s.conv === first.conv && s.by === first.by);
        return second === undefined ? [] : [{ first, second }];
      });
      if (pairs.length === 0) return undefined;
      const { first, second } = pick(pairs, at);
      const sends = history.sends.map((send) => (send === first ? second : send === second ? first : send));
      return { ...history, sends };
    },
  },
  {
    name: 'a send was never answered',
    fault: 'unanswered',
    apply: editSend((send) => ({ ...send, outcome: 'pending', mid: 0, seq: 0 })),
  },
  {
    name: 'a stored message was called failed',
    fault: 'false answer',
    apply: editSend((send) => ({ ...send, outcome: 'failed', mid: 0, seq: 0 })),
  },
  {
    name: 'a screen shows what nobody sent',
    fault: 'invented',
    apply: editShown((shown, victim) => [
      ...shown,
      { ...victim, clientId: 'ghost', mid: 999_999, seq: victim.seq + 500 },
    ]),
  },
  {
    name: 'a screen shows other words',
    fault: 'invented',
    apply: editShown((shown, victim) => replaced(shown, victim, { ...victim, content: 'other words' })),
  },
  {
    name: 'the store holds what nobody sent',
    fault: 'invented',
    apply: (history, at) => {
      const victim = pick(acked(history), at);
      return { ...history, sends: without(history.sends, victim) };
    },
  },
  {
    name: 'a stranger is shown a message',
    fault: 'trespass',
    apply: (history, at) => {
      const row = pick(history.stored, at);
      const stranger = { name: 'stranger', uid: 77, shown: [row], answersFor: [] };
      return { ...history, screens: [...history.screens, stranger] };
    },
  },
  {
    name: 'somebody outside the conversation wrote into it',
    fault: 'trespass',
    apply: (history, at) => {
      const conv = pick(history.stored, at).conv;
      const intruder = { conv, from: 77, clientId: 'x', content: 'x', mid: 5, seq: 1 };
      const seq = history.stored.filter((row) => row.conv === conv).length + 1;
      return {
        ...history,
        sends: [...history.sends, { by: 'intruder', ...intruder, seq, outcome: 'acked' }],
        stored: [...history.stored, { ...intruder, seq }],
      };
    },
  },
  {
    name: 'one reader has another seq',
    fault: 'seq differs',
    apply: editShown((shown, victim) => replaced(shown, victim, { ...victim, seq: victim.seq + 1 })),
  },
  {
    name: 'one reader has another mid',
    fault: 'seq differs',
    apply: editShown((shown, victim) => replaced(shown, victim, { ...victim, mid: victim.mid + 50_000 })),
  },
  {
    name: 'the ack named another seq',
    fault: 'seq differs',
    apply: editSend((send) => ({ ...send, seq: send.seq + 1 })),
  },
];

test('a clean history finds nothing', () => {
  assert.deepEqual(checkHistory(cleanHistory(TALK)), []);
  assert.deepEqual(checkHistory({ sends: [], screens: [], stored: [] }), []);
});

for (const { name, fault, apply } of MUTATIONS) {
  test(`found: ${name}`, () => {
    const history = apply(cleanHistory(TALK), 0);
    assert.ok(history !== undefined);
    assert.ok(
      faults(history).includes(fault),
      `${fault} is not among ${JSON.stringify(checkHistory(history))}`,
    );
  });
}

test('two devices of one user have no order between them', () => {
  const history = cleanHistory(TALK);
  const [first, second, third] = history.sends;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const sends = [{ ...third, by: '1/other' }, first, second, ...history.sends.slice(3)];
  assert.deepEqual(checkHistory({ ...history, sends }), []);
});

test('a screen that answers for nothing may lack everything', () => {
  const history = cleanHistory(TALK);
  const screens = [...history.screens, { name: 'late', uid: 1, shown: [], answersFor: [] }];
  assert.deepEqual(checkHistory({ ...history, screens }), []);
});

const lines: fc.Arbitrary<readonly Line[]> = fc.array(
  fc.record({
    from: fc.integer({ min: 1, max: 4 }),
    to: fc.integer({ min: 1, max: 4 }),
    fate: fc.constantFrom('acked', 'acked', 'acked', 'failed'),
  }),
  { maxLength: 40, size: 'max' },
);

test('property: random clean histories find nothing', () => {
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 3 }), (talk, devices) => {
      assert.deepEqual(checkHistory(cleanHistory(talk, devices)), []);
    }),
  );
});

test('property: one random mutation of a random history is always found', () => {
  const mutation = fc.constantFrom(...MUTATIONS);
  fc.assert(
    fc.property(lines, mutation, fc.nat(1000), (talk, { fault, apply }, at) => {
      fc.pre(talk.some(({ fate }) => fate === 'acked'));
      const history = apply(cleanHistory(talk), at);
      fc.pre(history !== undefined);
      assert.ok(faults(history).includes(fault), `${fault}: ${JSON.stringify(checkHistory(history))}`);
    }),
    { numRuns: 500 },
  );
});
