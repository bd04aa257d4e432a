/** Whom a client means: a user or group by id, or the group of everybody, which older web clients call by its name. */
import { toGid, toPeer, type Gid, type PeerId } from './ids.js';
import { WORLD_GID, WORLD_NAME } from './group.js';

/** Undefined for what is neither. */
export function toAddressee(value: unknown): PeerId | undefined {
  return value === WORLD_NAME ? WORLD_GID : toPeer(value);
}

/** The same where only a group will do. */
export function toGroup(value: unknown): Gid | undefined {
  return value === WORLD_NAME ? WORLD_GID : toGid(value);
}

/** What the public TypeScript SDK calls it. */
export function webPeer(peer: PeerId): string {
  return peer === WORLD_GID ? WORLD_NAME : String(peer);
}
