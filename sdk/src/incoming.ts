/** Every frame that is no answer to a request, sorted: to the inbox, to the sender, or straight to the app. */
import { ACTIONS } from '../../im/message/actions.js';
import { isJsonObject, type JsonObject } from '../../im/message/json_fields.js';
import { toGid, toPeer, toUid } from '../../im/message/ids.js';
import type { Emitter } from './emitter.js';
import type { Inbox } from './inbox.js';
import type { LateState } from './outbox.js';
import type { PresenceList } from './presence.js';
import { readRelay, TYPING_TYPE } from './relays.js';
import { ownEvent, type Sender } from './sender.js';
import type { ClientEvents } from './types.js';
import { readError, readStoredAck } from './wire.js';
import { readPush } from './wire_events.js';
import { readPresence } from './wire_people.js';

export interface IncomingDeps {
  readonly emitter: Emitter<ClientEvents>;
  readonly inbox: Inbox;
  readonly sender: Sender;
  readonly presence: PresenceList;
  uid(): number;
  kicked(text: string): void;
}

/** Of one message of ours; the other states come for intervals. */
const SINGLE_STATES: Readonly<Record<string, LateState>> = { offline: 'offline', accepted: 'accepted' };

export class Incoming {
  readonly #deps: IncomingDeps;

  constructor(deps: IncomingDeps) {
    this.#deps = deps;
  }

  frame(action: string, data: unknown): void {
    switch (action) {
      case ACTIONS.group:
      case ACTIONS.chat:
      case ACTIONS.event:
      case ACTIONS.chatRecall:
      case ACTIONS.groupRecall:
        this.#pushed(data);
        return;
      case ACTIONS.ackMessage:
        this.#stored(data);
        return;
      case ACTIONS.notifySync:
        this.#deps.inbox.announced(data);
        return;
      case ACTIONS.notifyCount:
        this.#deps.inbox.counted(data);
        return;
      case ACTIONS.notifySettings:
        this.#deps.inbox.settingsChanged(data);
        return;
      default:
        if (isJsonObject(data)) this.#notice(action, data);
    }
  }

  #notice(action: string, data: JsonObject): void {
    switch (action) {
      case ACTIONS.ackNotify:
        this.#notified(data);
        return;
      case ACTIONS.relay:
        this.#relayed(data);
        return;
      case ACTIONS.failedSend:
      case ACTIONS.notifyForbidden:
        this.#deps.sender.failed(String(data['cliMid']), readError(data));
        return;
      case ACTIONS.notifyContact:
        this.#contact(data);
        return;
      case ACTIONS.notifyContactRequest:
        this.#contactRequest(data);
        return;
      case ACTIONS.notifyGroupRequest:
        this.#groupRequest(data);
        return;
      case ACTIONS.notifyState:
        this.#state(data);
        return;
      case ACTIONS.notifyKickout:
        this.#deps.kicked(String(data['text']));
    }
  }

  #pushed(data: unknown): void {
    const push = readPush(data, this.#deps.uid());
    if (push !== undefined) this.#deps.inbox.take(push);
    else
      this.#deps.emitter.emit('warning', { code: 0, message: 'a push is not understood', temporary: false });
  }

  #stored(data: unknown): void {
    const { inbox, sender } = this.#deps;
    const ack = readStoredAck(data);
    const send = ack === undefined ? undefined : sender.stored(ack);
    if (ack === undefined || send === undefined) return;
    const { conv, seq, clientId } = ack;
    inbox.take({ message: ownEvent(send, ack, this.#deps.uid()), after: seq - 1, isSentHere: true });
    // The peer's receipt may have been faster than our ack.
    const state = inbox.peerHas(conv, seq);
    if (state !== undefined) sender.raiseOne(clientId, state);
  }

  #notified(data: JsonObject): void {
    const { state, cliMid: clientId } = data;
    const single = typeof state === 'string' ? SINGLE_STATES[state] : undefined;
    if (single === undefined) this.#deps.inbox.receipt(data);
    else this.#deps.sender.raiseOne(String(clientId), single);
  }

  #relayed(data: JsonObject): void {
    const relay = readRelay(data);
    if (relay === undefined) return;
    const { from, to, type } = relay;
    if (type === TYPING_TYPE) this.#deps.emitter.emit('typing', { from, to });
    else this.#deps.emitter.emit('relay', relay);
  }

  #contact(data: JsonObject): void {
    const [id, from] = [toPeer(data['id']), toUid(data['from'])];
    if (id !== undefined && from !== undefined) this.#deps.emitter.emit('contact', { id, from });
  }

  #contactRequest({ from, comment }: JsonObject): void {
    const uid = toUid(from);
    if (uid !== undefined) this.#deps.emitter.emit('contactRequest', { from: uid, comment: String(comment) });
  }

  #groupRequest(data: JsonObject): void {
    const [gid, from] = [toGid(data['gid']), toUid(data['from'])];
    if (gid === undefined || from === undefined) return;
    this.#deps.emitter.emit('groupRequest', { gid, from, comment: String(data['comment']) });
  }

  #state(data: JsonObject): void {
    const state = readPresence(data);
    if (state !== undefined) this.#deps.presence.changed(state);
  }
}
