/** What the bench and its load generator tell each other: plain data over the child process's message channel. */

export interface Account {
  readonly uid: number;
  readonly token: string;
}

/** One conversation with one who writes and one who reads; both know its log up to `knownSeq` already. */
export interface Pair {
  readonly sender: Account;
  readonly receiver: Account;
  readonly conv: string;
  readonly knownSeq: number;
}

export interface ChatPlan {
  readonly kind: 'chat';
  readonly wsUrl: string;
  readonly client: ClientKind;
  readonly pairs: readonly Pair[];
  /** As the server's epoch is; the clients start as if they had been here before. */
  readonly epoch: number;
  readonly contentBytes: number;
  readonly warmUpMs: number;
  readonly runMs: number;
  /** Sends per second over all senders; 0: each sends again as soon as it has its ack. */
  readonly ratePerS: number;
}

/** Connections that sign in and then say nothing but heartbeats. */
export interface IdlePlan {
  readonly kind: 'idle';
  readonly wsUrl: string;
  readonly accounts: readonly Account[];
}

/** Each account signs in once, on a connection of its own: opened before the measured part, or within it. */
export interface SignInPlan {
  readonly kind: 'sign-in';
  readonly wsUrl: string;
  readonly accounts: readonly Account[];
  readonly isOpen: boolean;
}

/** Everybody on a ring of acquaintances (acquaintances.ts) comes back at once. */
export interface ReconnectPlan {
  readonly kind: 'reconnect';
  readonly wsUrl: string;
  readonly accounts: readonly Account[];
  readonly epoch: number;
  /** Of each client's last sync; 0: none. */
  readonly cursorMs: number;
  readonly conversationCount: number;
}

export interface GroupOfBench {
  readonly gid: number;
  readonly members: readonly Account[];
  readonly lastSeq: number;
}

/** Everybody connected; some of each group write, in a closed loop or paced. */
export interface GroupPlan {
  readonly kind: 'group';
  readonly wsUrl: string;
  readonly groups: readonly GroupOfBench[];
  /** Of each group. */
  readonly senderCount: number;
  readonly contentBytes: number;
  readonly warmUpMs: number;
  readonly runMs: number;
  /** Messages per second over all senders; 0: each sends again as soon as it has its ack. */
  readonly ratePerS: number;
}

/** They come in, so many at a time, and go; then one writes to a group where nobody is. */
export interface JoinPlan {
  readonly kind: 'join';
  readonly wsUrl: string;
  readonly gid: number;
  readonly owner: Account;
  readonly accounts: readonly Account[];
  readonly atOnce: number;
  readonly messageCount: number;
}

/** One user of a ring syncs again and again, and fetches what has changed. */
export interface SyncPlan {
  readonly kind: 'sync';
  readonly wsUrl: string;
  readonly account: Account;
  readonly cursorMs: number;
  readonly rounds: number;
}

/** `sdk`: what apps use; `bare`: the same frames with nothing behind them, where the SDK would be the limit. */
export type ClientKind = 'sdk' | 'bare';

export type Plan = ChatPlan | IdlePlan | SignInPlan | ReconnectPlan | GroupPlan | JoinPlan | SyncPlan;

export interface ChatFigures {
  readonly acked: number;
  readonly seconds: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly ackMaxMs: number;
  readonly deliveryP50Ms: number;
  readonly deliveryP99Ms: number;
  readonly failed: number;
  readonly lost: number;
  readonly twice: number;
  /** Of the generator's own core, to see who was the limit. */
  readonly generatorBusyPercent: number;
}

export interface SignInFigures {
  readonly seconds: number;
  readonly generatorBusyPercent: number;
}

export interface ReconnectFigures extends SignInFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly fetchedMessages: number;
}

export interface GroupFigures {
  readonly seconds: number;
  readonly acked: number;
  readonly deliveries: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly deliveryP50Ms: number;
  readonly deliveryP99Ms: number;
  readonly failed: number;
  /** Of acked messages, at members who were there all the time. */
  readonly lost: number;
  readonly twice: number;
  readonly generatorBusyPercent: number;
}

export interface JoinFigures {
  readonly seconds: number;
  readonly failed: number;
  readonly messageP50Ms: number;
  readonly messageP99Ms: number;
  readonly generatorBusyPercent: number;
}

export interface SyncFigures {
  readonly seconds: number;
  readonly conversations: number;
  readonly changed: number;
  readonly syncP50Ms: number;
  readonly syncP99Ms: number;
  /** All its ranges, asked for at once. */
  readonly rangesP50Ms: number;
}

export type GeneratorReport =
  | { readonly step: 'connected' }
  /** The measured time begins, and ends. */
  | { readonly step: 'measuring' }
  | { readonly step: 'measured' }
  | { readonly step: 'chatted'; readonly figures: ChatFigures }
  | { readonly step: 'signed-in'; readonly figures: SignInFigures }
  | { readonly step: 'in-sync'; readonly figures: ReconnectFigures }
  | { readonly step: 'fanned-out'; readonly figures: GroupFigures }
  | { readonly step: 'joined'; readonly figures: JoinFigures }
  | { readonly step: 'synced'; readonly figures: SyncFigures }
  | { readonly step: 'failed'; readonly reason: string };
