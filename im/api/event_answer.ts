/** Events as `sync`, `msg/range` and their kin answer them: camelCase, ms, ids of people as digits. */
import { eventFields, type EventFields } from '../message/event_fields.js';
import type { ChatEvent } from '../message/message.js';

/** Nothing for an event whose content cannot be read: it is for nobody. */
export function eventAnswer(event: ChatEvent): readonly EventFields[] {
  return [eventFields(event) ?? []].flat();
}
