/** What one user sent in an interval of a conversation, oldest first, read as far as whoever asks goes on. */
import type { ConversationName } from '../../message/conversation.js';
import { known, toSeq, type Seq, type Uid } from '../../message/ids.js';
import type { LocatedMessage } from '../../store/interface.js';
import type { StorePages } from './store_pages.js';

export interface SentInterval {
  readonly conv: ConversationName;
  readonly sender: Uid;
  readonly from: Seq;
  readonly to: Seq;
}

/** Seqs looked at in one read, and so at most the messages of one page. */
const PAGE_SEQS = 256;

/** Throws where the store does not answer. Pages without messages are left out. */
export async function* sentPages(
  pages: StorePages,
  { conv, sender, from, to }: SentInterval,
): AsyncGenerator<readonly LocatedMessage[]> {
  for (let first: number = from; first <= to; first += PAGE_SEQS) {
    const [low, high] = [known(toSeq(first)), known(toSeq(Math.min(to, first + PAGE_SEQS - 1)))];
    const page = await pages.read((store) => store.sentBetween(conv, sender, low, high, PAGE_SEQS));
    if (page === undefined) throw new Error('what was sent could not be read');
    if (page.length > 0) yield page;
  }
}
