/**
 * Which process owns a group, and control calls to it: what is no message but changes a group or its members. In one
 * process the owner is here (im/broker/local_broker.ts).
 */
import type { CodedError } from '../../pkg/errors/coded_error.js';
import type { GroupDraft } from '../group/interface.js';
import type { AppendAnswer } from '../store/interface.js';

export interface Broker {
  /** Throws CodedError; what may not be done is the outcome `refused`. */
  change(draft: GroupDraft): Promise<Exclude<AppendAnswer, CodedError>>;
}
