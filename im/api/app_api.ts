/** app/info: how the server is doing, for anybody. Names nobody: who is online is not everybody's business. */
import { toSeconds } from '../message/wire_time.js';
import type { ServerFigures } from './interface.js';

export class AppApi {
  readonly #figures: ServerFigures;

  constructor(deps: { readonly figures: ServerFigures }) {
    this.#figures = deps.figures;
  }

  info(): Promise<unknown> {
    return Promise.resolve({
      Online: this.#figures.onlineCount(),
      MaxOnline: this.#figures.maxOnlineCount(),
      MessageSent: this.#figures.messageCount(),
      StartAt: toSeconds(this.#figures.startedAtMs),
      OnlineCli: [],
    });
  }
}
