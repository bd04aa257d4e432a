/** Groups in the terminal chat: the commands about them, and what happens in them as a line of text. */
import { GROUP_ROLE } from '../../im/message/group.js';
import type { GroupNotice } from '../../im/message/notice.js';
import { toGid } from '../../im/message/ids.js';
import type { SailplaneClient } from '../../sdk/src/client.js';
import type { ChatPeople, Person } from './chat_people.js';

/** Members that `/members` lists; of more it says that there are more. */
const LISTED = 100;

export class ChatGroups {
  readonly #client: SailplaneClient;
  readonly #people: ChatPeople;
  readonly #say: (text: string) => void;

  constructor(client: SailplaneClient, people: ChatPeople, say: (text: string) => void) {
    this.#client = client;
    this.#people = people;
    this.#say = say;
  }

  /** Whom to write to from now on. */
  async create(name: string): Promise<Person> {
    const { gid } = await this.#client.groups.create({ name });
    this.#people.know(gid, name);
    this.#say(`group ${name} is ${gid}: /invite NAME brings somebody in, /join ${gid} is what others type`);
    return { uid: gid, name };
  }

  /** A group's number or the code of an invite link; undefined where an admin has to agree first. */
  async join(text: string): Promise<Person | undefined> {
    const gid = toGid(text);
    const { groups } = this.#client;
    const joined = await (gid === undefined ? groups.joinByLink(text) : groups.join(gid));
    if (joined.state === 'joined') return this.#people.find(String(joined.gid));
    this.#say('asked: an admin of the group has to agree');
    return undefined;
  }

  async invite(group: Person | undefined, name: string): Promise<void> {
    const gid = gidOf(group);
    const { uid } = await this.#people.find(name);
    await this.#client.groups.invite(gid, [uid]);
  }

  async leave(group: Person | undefined): Promise<void> {
    await this.#client.groups.exit(gidOf(group));
  }

  async showMembers(group: Person | undefined): Promise<void> {
    const page = await this.#client.groups.members(gidOf(group), '', LISTED);
    for (const { uid, nickname, alias, role, online } of page.members) {
      if (nickname !== '') this.#people.know(uid, nickname);
      const words = [alias === '' ? '' : `«${alias}»`, ROLES[role], online ? 'online' : ''];
      this.#say([`${this.#people.nameOf(uid)} (${uid})`, ...words].filter((word) => word !== '').join(', '));
    }
    if (page.next !== '') this.#say('and more');
  }
}

const ROLES: Readonly<Record<number, string>> = {
  [GROUP_ROLE.owner]: 'owner',
  [GROUP_ROLE.admin]: 'admin',
  [GROUP_ROLE.member]: '',
};

function gidOf(group: Person | undefined): number {
  const gid = toGid(group?.uid);
  if (gid === undefined)
    throw new TypeError('not in a group: /create NAME, /join NUMBER or /to NUMBER first');
  return gid;
}

/** Everybody whose name `noticeText` asks for. */
export function namedIn(notice: GroupNotice): readonly number[] {
  if ('uids' in notice) return notice.uids;
  return 'uid' in notice ? [notice.uid] : [];
}

/** «alice brought bob in». */
export function noticeText(notice: GroupNotice, by: string, nameOf: (uid: number) => string): string {
  const names = namedIn(notice).map(nameOf).join(', ');
  switch (notice.type) {
    case 'created':
      return `${by} made the group ${notice.name}`;
    case 'joined':
      return notice.how === 'open' || notice.how === 'link' ? `${names} joined` : `${by} brought ${names} in`;
    case 'left':
      return `${names} left`;
    case 'removed':
      return `${by} removed ${names}`;
    case 'role':
      return `${names} is ${notice.role === GROUP_ROLE.admin ? 'an admin' : 'a member'} now`;
    case 'owner':
      return `${names} is the owner now`;
    case 'muted':
      return `${names} may ${notice.untilMs === 0 ? 'write again' : 'not write for a while'}`;
    case 'mutedAll':
      return notice.on ? 'only the owner and admins may write now' : 'everybody may write again';
    case 'alias':
      return `${names} is called «${notice.alias}» here`;
    case 'profile':
      return `${by} changed ${Object.keys(notice.changed).join(', ')}`;
    case 'dissolved':
      return `${by} dissolved the group`;
  }
}
