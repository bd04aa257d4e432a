/** Every action string of the connection, once. Requests of the HTTP API travel as `api.*` (im/api/operations.ts). */
export const ACTIONS = {
  chat: 'message.chat',
  chatRetry: 'message.chat.retry',
  chatResend: 'message.chat.resend',
  chatRecall: 'message.chat.recall',
  /** From client to client, not stored: typing, streaming text, call signalling. */
  relay: 'message.cli',
  relayService: 'message.cs',
  failedSend: 'message.failed.send',
  ackMessage: 'ack.message',
  ackRequest: 'ack.request',
  ackGroupMessage: 'ack.group.msg',
  ackNotify: 'ack.notify',
  heartbeat: 'heartbeat',
  authenticate: 'authenticate',
  apiAuth: 'api.auth',
  apiUserAuth: 'api.user.auth',
  apiUserLogin: 'api.user.login',
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
export type ChatAction = typeof ACTIONS.chat | typeof ACTIONS.chatRetry | typeof ACTIONS.chatResend;
