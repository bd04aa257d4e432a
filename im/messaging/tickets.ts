/**
 * Tickets of `session/ticket`: the public web client gets one per peer and puts it into its envelopes. They
 * prove nothing that the connection's sign-in does not; a wrong one is refused, because that client then
 * fetches another.
 */
import { flag, type OptionsOf } from '../../pkg/config/option.js';
import type { TokenSigner } from '../api/interface.js';
import type { Uid } from '../message/ids.js';
import type { Dialect } from '../message/encoder.js';
import type { ChatUp, RecallUp, RelayUp } from '../message/message.js';

export const TICKET_OPTIONS = {
  enforceTickets: flag(
    false,
    'Whether messages and recalls of web clients need a ticket of session/ticket. A wrong one is always ' +
      'refused; the public Java client knows none and never needs one.',
  ),
};
export type TicketOptions = OptionsOf<typeof TICKET_OPTIONS>;

export class TicketChecker {
  readonly #options: TicketOptions;
  readonly #signer: Pick<TokenSigner, 'ticket'>;

  constructor(options: TicketOptions, deps: { readonly signer: Pick<TokenSigner, 'ticket'> }) {
    this.#options = options;
    this.#signer = deps.signer;
  }

  accepts(from: Uid, frame: ChatUp | RecallUp | RelayUp, dialect: Dialect): boolean {
    if (frame.ticket !== '') return isSame(frame.ticket, this.#signer.ticket(from, frame.to));
    // What is passed on unstored carries none even by the client that has them.
    return !this.#options.enforceTickets || dialect === 'legacy' || frame.kind === 'relay';
  }
}

/** Takes as long for a nearly right text as for a wholly wrong one of the same length. */
function isSame(said: string, right: string): boolean {
  if (said.length !== right.length) return false;
  let difference = 0;
  for (let i = 0; i < right.length; i++) difference |= said.charCodeAt(i) ^ right.charCodeAt(i);
  return difference === 0;
}
