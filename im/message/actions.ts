/** Every action string of the connection, once. Requests of the HTTP API travel as `api.*` (im/api/operations.ts). */
export const ACTIONS = {
  chat: 'message.chat',
  chatRetry: 'message.chat.retry',
  chatResend: 'message.chat.resend',
  chatRecall: 'message.chat.recall',
  group: 'message.group',
  groupRecall: 'message.group.recall',
  /** Ours: edits, reactions, pins and group notices, to clients that know them. */
  event: 'message.event',
  /** From client to client, not stored: typing, streaming text, call signalling. */
  relay: 'message.cli',
  relayService: 'message.cs',
  failedSend: 'message.failed.send',
  ackMessage: 'ack.message',
  ackRequest: 'ack.request',
  ackGroupMessage: 'ack.group.msg',
  /** Of an older web client, for what it was pushed at its sign-in. */
  ackOffline: 'ack.offline',
  ackNotify: 'ack.notify',
  heartbeat: 'heartbeat',
  authenticate: 'authenticate',
  apiAuth: 'api.auth',
  apiUserAuth: 'api.user.auth',
  apiUserLogin: 'api.user.login',
  apiAppEcho: 'api.app.echo',
  apiSuccess: 'api.success',
  apiFailed: 'api.failed',
  notifySuccess: 'notify.success',
  notifyError: 'notify.error',
  notifyForbidden: 'notify.forbidden',
  notifyUnknownAction: 'notify.unknown.action',
  notifyKickout: 'notify.kickout',
  notifyLogin: 'notify.login',
  notifyContact: 'notify.contact',
  /** Ours. Not notify.contact, which one public SDK takes for a contact that exists. */
  notifyContactRequest: 'notify.contact.request',
  notifyGroup: 'notify.group',
  /** Ours, to owner and admins of a group that one enters by approval. */
  notifyGroupRequest: 'notify.group.request',
  notifyState: 'notify.state',
  /** The same to web clients without `v`, which know one or the other. */
  eventUserOnline: 'event.user.online',
  eventUserOffline: 'event.user.offline',
  /** Ours: how many messages have come, where the reader wants no more than that. */
  notifyCount: 'notify.count',
  notifySettings: 'notify.settings',
  /** Ours: the named conversations (or all) have events that this connection was not sent. */
  notifySync: 'notify.sync',
} as const;

/** What a client may send to be signed in; the answer's action is `notify.success` for the last, else `api.success`. */
export const AUTH_ACTIONS = [
  ACTIONS.apiUserAuth,
  ACTIONS.apiAuth,
  ACTIONS.apiUserLogin,
  ACTIONS.authenticate,
] as const;

export type AuthAction = (typeof AUTH_ACTIONS)[number];
export type ChatAction =
  typeof ACTIONS.chat | typeof ACTIONS.chatRetry | typeof ACTIONS.chatResend | typeof ACTIONS.group;
