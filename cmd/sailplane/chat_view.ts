/** How the terminal chat looks: lines above a prompt, or plain lines where the output is no terminal. */
import { clearLine, cursorTo, type Interface } from 'node:readline';
import type { Message, Outgoing } from '../../sdk/src/types.js';
import { RECALLED } from '../../sdk/src/wire_events.js';
import { writeLine, type CommandIo } from './command.js';

/** Control characters and what turns the direction of text: a message shall not steer the reader's terminal. */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '�').replaceAll('\n', '\n    ');
}

const MARKS: Readonly<Record<Outgoing['state'], string>> = {
  queued: '…',
  stored: '✓',
  accepted: '✓',
  offline: '✓ offline',
  received: '✓✓',
  read: '✓✓ read',
  failed: '✗',
};

/** «✓✓ read», or «✗» with the reason. */
export function markOf(state: Outgoing['state'], reason = ''): string {
  return reason === '' ? MARKS[state] : `${MARKS[state]} ${printable(reason)}`;
}

export function contentOf(message: Message): string {
  return message.status === RECALLED ? '(taken back)' : message.content;
}

export function ownLine(content: string, to: string, mark: string): string {
  const receiver = to === '' ? '' : ` → ${printable(to)}`;
  return `me${receiver}: ${printable(content)} ${mark}`.trimEnd();
}

/** `group`: where it was said, if that is elsewhere. */
export function peerLine(name: string, content: string, group = ''): string {
  const place = group === '' ? '' : ` in ${printable(group)}`;
  return `${printable(name)}${place}: ${printable(content)}`;
}

/** The tick of a message read from the log, by the peer's marks. */
export function markBySeq(message: Message, marks: { delivered: number; read: number }): string {
  if (message.seq <= marks.read) return markOf('read');
  return message.seq <= marks.delivered ? markOf('received') : markOf('stored');
}

export class ChatView {
  readonly #io: CommandIo;
  #prompt: Interface | undefined;

  constructor(io: CommandIo) {
    this.#io = io;
  }

  /** From now on lines go above this prompt. */
  attach(prompt: Interface): void {
    if (this.#io.output.isTTY === true) this.#prompt = prompt;
  }

  detach(): void {
    this.#prompt = undefined;
  }

  line(text: string): void {
    if (this.#prompt === undefined) {
      writeLine(this.#io.output, text);
      return;
    }
    cursorTo(this.#io.output, 0);
    clearLine(this.#io.output, 0);
    writeLine(this.#io.output, text);
    this.#prompt.prompt(true);
  }

  /** About the chat, not of it. Where a program reads the output, it goes elsewhere. */
  notice(text: string): void {
    if (this.#prompt === undefined) writeLine(this.#io.error, `* ${printable(text)}`);
    else this.line(`* ${printable(text)}`);
  }

  setPeer(name: string): void {
    this.#prompt?.setPrompt(`${printable(name)}> `);
    this.#prompt?.prompt(true);
  }
}
