/**
 * Branded ids: a number that passed one of these checks cannot be mistaken for another kind of number.
 * All are integers far below 2^53, so JSON and arithmetic keep them exact.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

/** A user: 1 … 2^30 − 1. */
export type Uid = Branded<'uid'>;
/** A group: 2^30 … 2^31 − 1, so that a client may keep users and groups in one map. */
export type Gid = Branded<'gid'>;
/** Whom a message is for: a person or a group. */
export type PeerId = Uid | Gid;
/** A message: 1 … 2^53 − 1, unique in the store; says nothing about order. */
export type Mid = Branded<'mid'>;
/** A place in one conversation's log: contiguous from 1. 0 means «before the first». */
export type Seq = Branded<'seq'>;
/** A device class: 1 Android, 2 web, 3 guest … 1023. One connection per user and device class. */
export type Device = Branded<'device'>;

export const UID_LIMIT = 2 ** 30;
export const GID_START = UID_LIMIT;
export const GID_LIMIT = 2 ** 31;
export const DEVICE_LIMIT = 1024;

const DIGITS = /^[0-9]{1,16}$/;

/** A safe non-negative integer from a number or a string of digits; undefined for everything else. */
export function toCount(value: unknown): number | undefined {
  const number = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

export function toUid(value: unknown): Uid | undefined {
  const number = toCount(value);
  return number !== undefined && number > 0 && number < UID_LIMIT ? (number as Uid) : undefined;
}

export function toGid(value: unknown): Gid | undefined {
  const number = toCount(value);
  return number !== undefined && number >= GID_START && number < GID_LIMIT ? (number as Gid) : undefined;
}

export function toPeer(value: unknown): PeerId | undefined {
  return toUid(value) ?? toGid(value);
}

/** Which of the two kinds it is. */
export function isGid(peer: PeerId): peer is Gid {
  return peer >= GID_START;
}

export function toMid(value: unknown): Mid | undefined {
  const number = toCount(value);
  return number !== undefined && number > 0 ? (number as Mid) : undefined;
}

export function toSeq(value: unknown): Seq | undefined {
  const number = toCount(value);
  return number === undefined ? undefined : (number as Seq);
}

export function toDevice(value: unknown): Device | undefined {
  const number = toCount(value);
  return number !== undefined && number < DEVICE_LIMIT ? (number as Device) : undefined;
}

/** For numbers the program itself made (a row just read, a constant): throws instead of answering undefined. */
export function known<Id>(id: Id | undefined): Id {
  if (id === undefined) throw new TypeError('not a valid id');
  return id;
}
