/** An Api that counts calls by operation and result, over HTTP and connections alike; changes nothing. */
import type { Api, ApiRequest } from '../../im/api/interface.js';
import { errorName, isError } from '../../im/errors.js';
import { Tally } from './tally.js';

export class CountedApi implements Api {
  readonly #inner: Api;
  /** By `operation result`; an operation that does not exist is counted as `none`. */
  readonly results = new Tally();
  #inFlightCount = 0;

  constructor(inner: Api) {
    this.#inner = inner;
  }

  get inFlightCount(): number {
    return this.#inFlightCount;
  }

  async call(request: ApiRequest): Promise<unknown> {
    this.#inFlightCount++;
    try {
      const data = await this.#inner.call(request);
      this.results.add(`${request.operation} OK`);
      return data;
    } catch (error) {
      // The name of what does not exist is the client's own invention.
      const operation = isError(error, 'NO_SUCH_ROUTE') ? 'none' : request.operation;
      this.results.add(`${operation} ${errorName(error)}`);
      throw error;
    } finally {
      this.#inFlightCount--;
    }
  }

  operationOf(action: string): string | undefined {
    return this.#inner.operationOf(action);
  }
}
