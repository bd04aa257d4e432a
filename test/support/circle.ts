/** Three people, a phone each, in one group: where tests of the SDK's groups begin. */
import assert from 'node:assert/strict';
import { Chat, type Person } from './chat.js';
import type { Phone } from './phone.js';
import type { Scope } from './server.js';
import { waitUntil } from './wait.js';

export interface Circle {
  readonly chat: Chat;
  readonly people: readonly Person[];
  /** The owner first. */
  readonly phones: readonly Phone[];
  readonly gid: number;
  readonly conv: string;
}

/** Three people, a phone each, in one group. */
export async function circle(scope: Scope, flags: Readonly<Record<string, number>> = {}): Promise<Circle> {
  const chat = await Chat.start(scope, { flags });
  const people = [await chat.person('ann'), await chat.person('bob'), await chat.person('cid')];
  const phones: Phone[] = [];
  for (const person of people) phones.push(await chat.phone(person));
  const [ann] = phones;
  const { gid, conv } = await owner(phones).client.groups.create({
    name: 'circle',
    uids: people.slice(1).map(({ uid }) => uid),
  });
  assert.ok(ann !== undefined);
  for (const phone of phones) await joined(phone, conv);
  return { chat, people, phones, gid, conv };
}

export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  assert.ok(item !== undefined);
  return item;
}

export function owner(phones: readonly Phone[]): Phone {
  return at(phones, 0);
}

export async function joined(phone: Phone, conv: string): Promise<void> {
  await waitUntil(`${phone.name} to be in ${conv}`, () => phone.client.conversations.find(conv)?.isMember);
}
