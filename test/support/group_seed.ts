/** Groups with their members, made through the store's ports before a server has the folder. */
import { groupConversation } from '../../im/message/conversation.js';
import { known, toDevice, toMid, type Gid, type Uid } from '../../im/message/ids.js';
import { EVENT_KIND } from '../../im/message/message.js';
import { NOTICE_TYPE } from '../../im/message/notice.js';
import type { AppendRequest } from '../../im/store/interface.js';
import type { GroupChange } from '../../im/store/group_interface.js';
import type { SqliteStores } from '../../service/store/sqlite_stores.js';
import { openForSeeding, seedTokens, seedUsers, type SeededUser } from './seed.js';

export interface SeededGroup {
  readonly gid: number;
  /** The owner is the first. */
  readonly members: readonly SeededUser[];
  /** Of the last event. */
  readonly lastSeq: number;
}

export interface SeededGroups {
  readonly groups: readonly SeededGroup[];
  /** Users who are in none. */
  readonly others: readonly SeededUser[];
}

const GROUP_LIMIT = 1000;
const MEMBER_LIMIT = 100_000;
/** As many as one change takes. */
const ADDED_AT_ONCE = 500;

export interface GroupShape {
  readonly groupCount: number;
  readonly memberCount: number;
  readonly otherCount: number;
  /** Of everybody's token. */
  readonly device: number;
}

export async function seedGroups(dataDir: string, shape: GroupShape): Promise<SeededGroups> {
  const { groupCount, memberCount, otherCount, device } = shape;
  const stores = await openForSeeding(dataDir);
  try {
    const uids = await seedUsers(stores, groupCount * memberCount + otherCount);
    const accounts = await seedTokens(stores, uids, device);
    const groups: SeededGroup[] = [];
    for (let index = 0; index < groupCount; index++) {
      const from = index * memberCount;
      groups.push(
        await seedGroup(
          stores,
          uids.slice(from, from + memberCount),
          accounts.slice(from, from + memberCount),
        ),
      );
    }
    return { groups, others: accounts.slice(groupCount * memberCount) };
  } finally {
    await stores.close();
  }
}

async function seedGroup(
  stores: SqliteStores,
  uids: readonly Uid[],
  members: readonly SeededUser[],
): Promise<SeededGroup> {
  const gid = await stores.groups.leaseGid();
  const owner = known(uids[0]);
  const profile = {
    ...{ name: `bench ${gid}`, avatar: '', announcement: '', joinMode: 'open' as const, openHistory: false },
  };
  const [first, ...rest] = batchesOf(uids.slice(1));
  const changes: GroupChange[] = [
    {
      kind: 'group',
      by: owner,
      do: 'create',
      profile,
      memberLimit: MEMBER_LIMIT,
      groupLimit: GROUP_LIMIT,
      uids: first ?? [],
    },
    ...rest.map((added): GroupChange => ({
      ...{ kind: 'group', by: owner, do: 'add', uids: added, how: 'invited', code: '' },
      groupLimit: GROUP_LIMIT,
    })),
  ];
  const { first: firstMid } = await stores.ids.leaseMids(changes.length);
  for (const [index, change] of changes.entries())
    await append(stores, noticeOf(gid, change, firstMid + index));
  return { gid, members, lastSeq: changes.length };
}

async function append(stores: SqliteStores, request: AppendRequest): Promise<void> {
  const results = await stores.messages.append([request]);
  if ('refused' in results) throw new Error(results.cause);
  if (results[0]?.outcome !== 'stored') throw new Error(`not stored: ${JSON.stringify(results[0])}`);
}

function batchesOf(uids: readonly Uid[]): Uid[][] {
  return Array.from({ length: Math.ceil(uids.length / ADDED_AT_ONCE) }, (_, index) =>
    uids.slice(index * ADDED_AT_ONCE, (index + 1) * ADDED_AT_ONCE),
  );
}

/** The event that comes with a change; the store writes its content. */
function noticeOf(gid: Gid, change: GroupChange, mid: number): AppendRequest {
  return {
    conv: groupConversation(gid),
    event: {
      kind: EVENT_KIND.notice,
      from: change.by,
      device: known(toDevice(1)),
      to: gid,
      clientId: `seed-${mid}`,
      mid: known(toMid(mid)),
      midIsClaimed: false,
      type: NOTICE_TYPE,
      content: '',
      sentAtMs: 0,
    },
    change,
  };
}
