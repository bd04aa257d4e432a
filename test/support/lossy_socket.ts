/** A client's socket that swallows frames as a network may: the server has sent them, the client never gets them. */
import { WebSocket } from 'ws';

export class LossySocket extends WebSocket {
  readonly #isLost: (text: string) => boolean;

  constructor(url: string, isLost: (text: string) => boolean) {
    super(url, { perMessageDeflate: false });
    this.#isLost = isLost;
  }

  override emit(event: string | symbol, ...args: readonly unknown[]): boolean {
    // The base class's constructor emits nothing yet.
    if (event === 'message' && Buffer.isBuffer(args[0]) && this.#isLost(args[0].toString())) return true;
    return super.emit(event, ...args);
  }
}

/** `lost()` is true once the first push that says `content` has been swallowed; later ones come through. */
export function loseOnce(content: string): { open: (url: string) => WebSocket; lost: () => boolean } {
  let isLost = false;
  const swallow = (text: string): boolean => {
    if (isLost || !text.includes('"message.chat"') || !text.includes(`"${content}"`)) return false;
    isLost = true;
    return true;
  };
  return { open: (url) => new LossySocket(url, swallow), lost: () => isLost };
}
