/** The broker where one process owns every group: control calls go straight to it. */
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { GroupDraft, Groups } from '../group/interface.js';
import type { AppendAnswer } from '../store/interface.js';
import type { Broker } from './interface.js';

export class LocalBroker implements Broker {
  readonly #groups: Pick<Groups, 'append'>;

  constructor(groups: Pick<Groups, 'append'>) {
    this.#groups = groups;
  }

  change(draft: GroupDraft): Promise<Exclude<AppendAnswer, CodedError>> {
    return this.#groups.append(draft);
  }
}
