/** What a request through the admin door does, also where the command line does it without a server. */
import type { Operator } from '../../im/api/operator.js';
import type { User } from '../../im/store/people_interface.js';
import type { AdminRequest } from '../../service/admin/admin_request.js';

export interface AdminHandlerDeps {
  readonly operator: Operator;
  /** The metrics page; absent where no server runs. */
  readonly stats?: () => Promise<string>;
}

/** Throws CodedError. */
export async function handleAdmin(
  request: AdminRequest,
  { operator, stats }: AdminHandlerDeps,
): Promise<Readonly<Record<string, unknown>>> {
  switch (request.do) {
    case 'stats':
      return { text: (await stats?.()) ?? '' };
    case 'user.show':
      return shown(await operator.show(request.name));
    case 'user.ban':
      return shown(await operator.ban(request.name));
    case 'user.unban':
      return shown(await operator.unban(request.name));
  }
}

function shown({ uid, account, nickname, email, isBanned }: User): Readonly<Record<string, unknown>> {
  return { uid, account, nickname, email, banned: isBanned };
}
