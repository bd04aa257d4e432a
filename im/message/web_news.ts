/** News of people, devices and groups in the camelCase profile. */
import { ACTIONS } from './actions.js';
import { isGid } from './ids.js';
import { CONTACT_TYPE, type NewsFrame } from './legacy_news.js';
import { webEnvelope as envelope } from './web_envelope.js';

/** As the public TypeScript SDK reads it, which knows no `notify.state`. Which device it is is nobody's business. */
export function userEvent({ uid, online, lastSeenAtMs }: Extract<NewsFrame, { kind: 'presence' }>): string {
  const action = online ? ACTIONS.eventUserOnline : ACTIONS.eventUserOffline;
  return envelope(action, 0, `{"uid":"${uid}","device":"","online":${online},"onlineAt":${lastSeenAtMs}}`);
}

export function webNews(frame: NewsFrame): readonly string[] {
  switch (frame.kind) {
    case 'kickout': {
      const data = { device_id: String(frame.device), device_name: '', text: frame.text };
      return [envelope(ACTIONS.notifyKickout, 0, JSON.stringify(data))];
    }
    case 'login':
      return [envelope(ACTIONS.notifyLogin, 0, JSON.stringify({ device: frame.device }))];
    case 'contact': {
      const { id, from } = frame;
      const type = isGid(id) ? CONTACT_TYPE.group : CONTACT_TYPE.user;
      const data = `{"id":"${id}","type":${type},"from":"${from}","fromId":"${from}","fromType":0}`;
      return [envelope(ACTIONS.notifyContact, 0, data)];
    }
    case 'contactRequest': {
      const data = `{"from":"${frame.from}","comment":${JSON.stringify(frame.comment)}}`;
      return [envelope(ACTIONS.notifyContactRequest, 0, data)];
    }
    case 'groupRequest': {
      const { gid, from, comment } = frame;
      const data = `{"gid":"${gid}","from":"${from}","comment":${JSON.stringify(comment)}}`;
      return [envelope(ACTIONS.notifyGroupRequest, 0, data)];
    }
    case 'presence': {
      const { uid, online, lastSeenAtMs } = frame;
      const data = `{"uid":"${uid}","online":${online},"lastSeenAt":${lastSeenAtMs}}`;
      return [envelope(ACTIONS.notifyState, 0, data)];
    }
  }
}
