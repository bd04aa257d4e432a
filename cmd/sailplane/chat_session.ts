/**
 * One run of the terminal chat: what was missed, then lines in and lines out until the input ends. What is
 * shown counts as read. Looks are in chat_view.ts, names in chat_people.ts.
 */
import { createInterface } from 'node:readline';
import { isError } from '../../im/errors.js';
import type { SailplaneClient } from '../../sdk/src/client.js';
import { toGid } from '../../im/message/ids.js';
import type {
  ConnectionState,
  ConversationView,
  Message,
  Noticed,
  Outgoing,
  Recalled,
} from '../../sdk/src/types.js';
import { ChatGroups, namedIn, noticeText } from './chat_groups.js';
import { ChatPeople, type Person } from './chat_people.js';
import { ChatView, contentOf, markBySeq, markOf, ownLine, peerLine } from './chat_view.js';
import type { CommandIo } from './command.js';

export interface ChatSessionOptions {
  readonly io: CommandIo;
  /** Account or number of the first peer. */
  readonly to: string | undefined;
}

const HISTORY_COUNT = 20;
/** Messages of a pipe that wait for the server; below the outbox limit of the sdk. */
const UNSENT_LIMIT = 500;

const COMMANDS = [
  '/to NAME',
  '/history',
  '/recall',
  '/who',
  '/create NAME',
  '/join NUMBER',
  '/invite NAME',
  '/members',
  '/leave',
  '/quit',
];

export class ChatSession {
  readonly #client: SailplaneClient;
  readonly #options: ChatSessionOptions;
  readonly #view: ChatView;
  readonly #people: ChatPeople;
  readonly #groups: ChatGroups;
  /** Client ids of what was typed here and has no answer yet. */
  readonly #unsent = new Set<string>();
  /** The last that was said here to each peer. */
  readonly #lastSaid = new Map<number, Outgoing>();
  /** Shows one thing after the other, although names are asked for in between. */
  #showing: Promise<void> = Promise.resolve();
  /** What comes before the first history is printed; undefined afterwards. */
  #missed: Message[] | undefined = [];
  #peer: Person | undefined;
  #isOk = true;
  #wasLost = false;
  #end: () => void = () => undefined;

  constructor(client: SailplaneClient, options: ChatSessionOptions) {
    this.#client = client;
    this.#options = options;
    this.#view = new ChatView(options.io);
    this.#people = new ChatPeople((operation, data) => client.call(operation, data));
    this.#groups = new ChatGroups(client, this.#people, (text) => this.#view.notice(text));
  }

  /** Resolves when the input or the connection has ended: true where everything typed is stored. */
  async run(): Promise<boolean> {
    this.#listen();
    try {
      await this.#client.connect();
      await this.#people.load();
      await this.#greet();
      await this.#talk();
      await this.#showing;
    } finally {
      await this.#client.close();
    }
    return this.#isOk;
  }

  #listen(): void {
    this.#client.on('message', (message) => {
      if (this.#missed === undefined)
        this.#show(() => this.#showMessage(message), [message.from, message.to]);
      else this.#missed.push(message);
    });
    this.#client.on('recalled', (recalled) => this.#recalled(recalled));
    this.#client.on('notice', (noticed) => this.#noticed(noticed));
    this.#client.on('outgoing', (view) => this.#settled(view));
    this.#client.on('connection', (state) => this.#connectionChanged(state));
    this.#client.on('warning', ({ message }) => this.#view.notice(message));
  }

  /** Picks the peer and prints the last messages, and what came from others meanwhile. */
  async #greet(): Promise<void> {
    const latest = newest(this.#client.conversations.all());
    const { to } = this.#options;
    if (to !== undefined) await this.#findFirst(to);
    else if (latest !== undefined) this.#peer = await this.#people.find(String(latest.peer));
    else this.#view.notice('nobody to write to yet: /to NAME');
    const ofPeer = (this.#missed ?? []).filter((message) => this.#isWithPeer(message));
    const shownSeq = await this.#showHistory(Math.max(HISTORY_COUNT, ofPeer.length));
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    // More of the peer's may have come since the history was asked for.
    const rest = missed.filter((message) => !this.#isWithPeer(message) || message.seq > shownSeq);
    this.#show(
      () => rest.forEach((message) => this.#showMessage(message)),
      [...new Set(rest.flatMap(({ from, to }) => [from, to]))],
    );
    await this.#showing;
  }

  /** Two who sign up at the same time: the first one at a terminal waits for the second. */
  async #findFirst(to: string): Promise<void> {
    try {
      this.#peer = await this.#people.find(to);
    } catch (error) {
      if (this.#options.io.input.isTTY !== true || !isError(error, 'NO_SUCH_USER')) throw error;
      this.#view.notice(`${to} is not here yet: /to ${to} once they are, or wait to be written to`);
    }
  }

  async #talk(): Promise<void> {
    const { input, output } = this.#options.io;
    const isTerminal = input.isTTY === true;
    const lines = createInterface({ input, terminal: isTerminal, ...(isTerminal && { output }) });
    this.#end = () => lines.close();
    if (isTerminal) this.#view.attach(lines);
    if (this.#peer !== undefined) this.#view.setPeer(this.#peer.name);
    // Before the loop: a signed-out client must not wait for a line.
    if (this.#isEnded()) return;
    let isQuitting = false;
    for await (const line of lines) {
      isQuitting = line === '/quit';
      if (isQuitting) break;
      await this.#typed(line);
    }
    lines.close();
    this.#view.detach();
    if (isQuitting || this.#isEnded()) this.#abandon();
    else await this.#finish();
  }

  /** Whoever says that it is enough is not made to wait for the server. */
  #abandon(): void {
    if (this.#unsent.size === 0) return;
    this.#isOk = false;
    this.#view.notice(`${this.#unsent.size} not sent`);
  }

  async #finish(): Promise<void> {
    await this.#drain(0);
    try {
      // Whether somebody is there to receive comes behind the ack; one more answer behind that.
      await this.#people.load();
    } catch {
      // Everything is stored; what else there was to say is lost with the connection.
    }
  }

  async #typed(line: string): Promise<void> {
    try {
      if (line.startsWith('/') && !line.startsWith('//')) await this.#command(line);
      else if (line.trim() !== '') await this.#say(line.startsWith('//') ? line.slice(1) : line);
    } catch (error) {
      // Somebody at a terminal sees it and tries again.
      if (this.#options.io.input.isTTY !== true) this.#isOk = false;
      this.#view.notice(error instanceof Error ? error.message : String(error));
    }
  }

  async #command(line: string): Promise<void> {
    const [, command = '', name = ''] = /^\/(\S*)\s*(.*)$/.exec(line) ?? [];
    switch (command) {
      case 'to':
        await this.#turnTo(await this.#people.find(name.trim()));
        return;
      case 'history':
        await this.#showHistory(HISTORY_COUNT);
        return;
      case 'recall':
        await this.#recall();
        return;
      case 'who':
        await this.#showPeople();
        return;
      default:
        await this.#groupCommand(command, name.trim());
    }
  }

  async #groupCommand(command: string, name: string): Promise<void> {
    switch (command) {
      case 'create':
        await this.#turnTo(await this.#groups.create(name));
        return;
      case 'join': {
        const group = await this.#groups.join(name);
        if (group !== undefined) await this.#turnTo(group);
        return;
      }
      case 'invite':
        await this.#groups.invite(this.#peer, name);
        return;
      case 'members':
        await this.#groups.showMembers(this.#peer);
        return;
      case 'leave':
        await this.#groups.leave(this.#peer);
        return;
      default:
        this.#view.notice(`commands: ${COMMANDS.join(', ')}`);
    }
  }

  async #turnTo(peer: Person): Promise<void> {
    this.#peer = peer;
    this.#view.setPeer(peer.name);
    await this.#showHistory(HISTORY_COUNT);
  }

  /** The last line that was typed here to this peer. */
  async #recall(): Promise<void> {
    const last = this.#peer === undefined ? undefined : this.#lastSaid.get(this.#peer.uid);
    if (last === undefined) throw new TypeError('nothing was said here that could be taken back');
    const { clientId } = last;
    await this.#client.recall({ ...(await this.#client.sent(clientId)), own: true });
    this.#lastSaid.delete(last.to);
  }

  async #say(content: string): Promise<void> {
    if (this.#peer === undefined) throw new TypeError('nobody to write to: /to NAME');
    await this.#drain(UNSENT_LIMIT);
    const send = this.#client.send(this.#peer.uid, content);
    this.#unsent.add(send.clientId);
    this.#lastSaid.set(send.to, send);
  }

  /** Waits until at most `count` messages have no answer. */
  async #drain(count: number): Promise<void> {
    for (const clientId of this.#unsent) {
      if (this.#unsent.size <= count) return;
      await this.#client.sent(clientId);
    }
  }

  #settled(view: Outgoing): void {
    this.#unsent.delete(view.clientId);
    // Of a group's message `stored` says all that a line can.
    if (view.state === 'accepted') return;
    if (view.state === 'failed') this.#isOk = false;
    const mark = markOf(view.state, view.error?.message);
    const to = view.to === this.#peer?.uid ? '' : this.#people.nameOf(view.to);
    this.#show(() => this.#view.line(ownLine(view.content, to, mark)), []);
  }

  #showMessage(message: Message): void {
    // What was typed here is shown with its ticks.
    if (message.own && this.#client.outgoing(message.clientId) !== undefined) return;
    this.#client.markRead(message.conv, message.seq);
    if (this.#peer === undefined && !message.own) this.#answerTo(otherEnd(message));
    const to = message.to === this.#peer?.uid ? '' : this.#people.nameOf(message.to);
    const group = toGid(message.to) === undefined ? '' : to;
    if (message.own) this.#view.line(ownLine(contentOf(message), to, ''));
    else this.#view.line(peerLine(this.#people.nameOf(message.from), contentOf(message), group));
  }

  /** What was printed cannot be unprinted; of what was missed, the blank says it already. */
  #recalled({ by }: Recalled): void {
    if (this.#missed !== undefined) return;
    const isOwn = by === this.#client.uid;
    this.#show(
      () => this.#view.notice(`${isOwn ? 'you' : this.#people.nameOf(by)} took a message back`),
      isOwn ? [] : [by],
    );
  }

  /** What happens in groups while one looks; of what was missed, the members say it. */
  #noticed({ gid, by, notice }: Noticed): void {
    if (this.#missed !== undefined) return;
    const nameOf = (uid: number): string => (uid === this.#client.uid ? 'you' : this.#people.nameOf(uid));
    this.#show(() => {
      const place = gid === this.#peer?.uid ? '' : `${this.#people.nameOf(gid)} (/to ${gid}): `;
      this.#view.notice(`${place}${noticeText(notice, nameOf(by), nameOf)}`);
    }, [gid, by, ...namedIn(notice)]);
  }

  /** Whoever writes first to somebody who writes to nobody is answered. */
  #answerTo(uid: number): void {
    this.#peer = { uid, name: this.#people.nameOf(uid) };
    this.#view.setPeer(this.#peer.name);
  }

  /** Shows the latest, and returns up to where: what lies behind that comes as events. */
  async #showHistory(count: number): Promise<number> {
    const view = this.#client.conversations.all().find(({ peer }) => peer === this.#peer?.uid);
    if (view === undefined) return 0;
    const messages = await this.#client.history(view.conv, { before: view.tip + 1, count });
    await this.#people.learn([view.peer, ...new Set(messages.map(({ from }) => from))]);
    const marks = { delivered: view.peerDeliveredSeq, read: view.peerReadSeq };
    for (const message of messages) {
      const { from, own } = message;
      const content = contentOf(message);
      this.#view.line(
        own ? ownLine(content, '', markBySeq(message, marks)) : peerLine(this.#people.nameOf(from), content),
      );
    }
    this.#client.markRead(view.conv, view.tip);
    return view.tip;
  }

  async #showPeople(): Promise<void> {
    const contacts = await this.#people.load();
    const conversations = this.#client.conversations.all();
    await this.#people.learn(conversations.map(({ peer }) => peer));
    const uids = new Set([...contacts.map(({ uid }) => uid), ...conversations.map(({ peer }) => peer)]);
    if (uids.size === 0) this.#view.notice('nobody yet');
    for (const uid of uids) {
      const unread = conversations.find(({ peer }) => peer === uid)?.unread ?? 0;
      this.#view.notice(`${this.#people.nameOf(uid)} (${uid})${unread > 0 ? `, ${unread} unread` : ''}`);
    }
  }

  #connectionChanged(state: ConnectionState): void {
    if (state.name === 'online' && this.#wasLost) this.#view.notice('connected again');
    if (state.name === 'online') this.#wasLost = false;
    if (state.name === 'offline') {
      this.#wasLost = true;
      this.#view.notice(
        `connection lost (${state.reason || state.code}), again in ${Math.ceil(state.retryInMs / 1000)} s`,
      );
    }
    if (state.name !== 'ended') return;
    this.#isOk = false;
    this.#view.notice(`signed out: ${state.reason || state.code}`);
    this.#end();
  }

  #show(print: () => void, uids: readonly number[]): void {
    this.#showing = this.#showing.then(async () => {
      await this.#people.learn(uids);
      print();
    });
  }

  #isEnded(): boolean {
    return this.#client.state.name === 'ended';
  }

  #isWithPeer(message: Message): boolean {
    return otherEnd(message) === this.#peer?.uid;
  }
}

/** Whom one would answer: the group, or the other person. */
function otherEnd({ own, from, to }: Message): number {
  return own || toGid(to) !== undefined ? to : from;
}

function newest(conversations: readonly ConversationView[]): ConversationView | undefined {
  return conversations.reduce<ConversationView | undefined>(
    (best, view) => (best === undefined || view.lastAtMs > best.lastAtMs ? view : best),
    undefined,
  );
}
