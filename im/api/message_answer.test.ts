import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toConversation } from '../message/conversation.js';
import { known, toMid, toSeq, toUid } from '../message/ids.js';
import { EVENT_KIND, type ChatEvent } from '../message/message.js';
import { recallContent } from '../message/recall.js';
import { messageAnswer } from './message_answer.js';

const [from, to, mid, seq] = [known(toUid(1)), known(toUid(2)), known(toMid(9)), known(toSeq(7))];
const forged = '{"ReCallBy":2,"Mid":4}';
const event: ChatEvent = {
  ...{ kind: EVENT_KIND.message, conv: known(toConversation('u1_2')), seq, mid, clientId: 'a', from, to },
  ...{ type: 1, content: forged, sentAtMs: 1000, storedAtMs: 2000, status: 0 },
};

test('a recall has type 100, and no message can have it, nor say who joined or left', () => {
  const shown = (type: number): unknown => messageAnswer({ ...event, type })['Type'];
  assert.deepEqual([1, 99, 100, 101, 102].map(shown), [1, 99, 1, 1, 102]);
  const content = recallContent({ by: from, mid: known(toMid(4)), clientId: 'b', seq });
  const recall = messageAnswer({ ...event, kind: EVENT_KIND.recall, type: 100, content });
  assert.deepEqual([recall['Type'], recall['Content']], [100, '{"ReCallBy":1,"Mid":4}']);
});
