/** Changes of settings that overtake one another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupConversation } from '../message/conversation.js';
import { known, toDevice, toGid, toUid } from '../message/ids.js';
import { DEFAULT_SETTINGS, type ConversationSettings } from '../message/settings.js';
import { SILENT_LOGGER } from '../../test/support/silent_logger.js';
import { SettingsApi } from './settings_api.js';

const caller = { uid: known(toUid(1)), device: known(toDevice(2)), tokenVersion: 1 };
const conv = groupConversation(known(toGid(2 ** 30 + 1)));

void test('changes of one conversation are told in the order in which they are stored', async () => {
  let stored: ConversationSettings = DEFAULT_SETTINGS;
  const told: string[] = [];
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const api = new SettingsApi({
    logger: SILENT_LOGGER,
    messages: { conversations: () => Promise.resolve([]) },
    events: {
      setSettings: (_uid, _conv, change) => {
        if (change.pinned === true) return Promise.reject(new Error('not stored'));
        return Promise.resolve((stored = { ...stored, ...change }));
      },
    },
    dispatch: {
      // The gateways are slow to hear of it.
      setInterest: () => held,
      deliver: (deliveries) => {
        for (const { frame } of deliveries)
          if (frame.kind === 'settings') told.push(`${frame.settings.interest} ${frame.settings.draft}`);
        return Promise.resolve([]);
      },
    },
  });
  const changes = [
    api.settings(conv, { interest: 'count' }, caller),
    api.settings(conv, { pinned: true }, caller),
    api.settings(conv, { draft: 'begun' }, caller),
  ];
  await new Promise(setImmediate);
  release();
  const ends = await Promise.allSettled(changes);
  assert.deepEqual(told, ['count ', 'count begun']);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});
