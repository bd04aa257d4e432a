/** News of people, devices and groups in the PascalCase profile. */
import { ACTIONS } from './actions.js';
import { isGid } from './ids.js';
import { legacyEnvelope as envelope } from './legacy_envelope.js';
import type { DownFrame } from './message.js';

export type NewsFrame = Extract<
  DownFrame,
  { kind: 'kickout' | 'login' | 'contact' | 'contactRequest' | 'groupRequest' | 'presence' }
>;

/** What the public clients call the two kinds of a contact. */
export const CONTACT_TYPE = { user: 1, group: 2 } as const;

export function legacyNews(frame: NewsFrame): readonly string[] {
  switch (frame.kind) {
    case 'kickout':
      return [envelope(ACTIONS.notifyKickout, 0, JSON.stringify(frame.text))];
    case 'login':
      return [envelope(ACTIONS.notifyLogin, 0, JSON.stringify(`signed in on device ${frame.device}`))];
    case 'contact': {
      const { id, from } = frame;
      const type = isGid(id) ? CONTACT_TYPE.group : CONTACT_TYPE.user;
      const data = `{"Id":${id},"Type":${type},"From":${from},"FromId":${from},"FromType":0}`;
      return [envelope(ACTIONS.notifyContact, 0, data)];
    }
    case 'contactRequest': {
      const data = `{"From":${frame.from},"Comment":${JSON.stringify(frame.comment)}}`;
      return [envelope(ACTIONS.notifyContactRequest, 0, data)];
    }
    case 'groupRequest': {
      const data = `{"Gid":${frame.gid},"From":${frame.from},"Comment":${JSON.stringify(frame.comment)}}`;
      return [envelope(ACTIONS.notifyGroupRequest, 0, data)];
    }
    case 'presence':
      return [envelope(ACTIONS.notifyState, 0, `{"Uid":${frame.uid},"Online":${frame.online}}`)];
  }
}
