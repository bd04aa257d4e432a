/** What the operations on people answer. */

export interface User {
  readonly uid: number;
  readonly nickname: string;
  readonly avatar: string;
}

export interface Contact extends User {
  /** This user's own word for him. */
  readonly remark: string;
}

export interface ContactAsking extends User {
  readonly comment: string;
  readonly askedAtMs: number;
}

export interface Profile extends User {
  readonly account: string;
  readonly email: string;
  /** Whoever wants him as a contact asks first. */
  readonly approval: boolean;
  /** Messages of strangers are refused, and whoever wants him as a contact asks first. */
  readonly contactsOnly: boolean;
  /** Nobody is told whether he is connected. */
  readonly privatePresence: boolean;
}

/** Absent fields stay as they are; so does '' for the two texts. */
export type ProfileChange = Partial<
  Pick<Profile, 'nickname' | 'avatar' | 'approval' | 'contactsOnly' | 'privatePresence'>
>;

export interface UserPage {
  readonly users: readonly User[];
  /** Where the next page begins; 0 where this was the last. */
  readonly next: number;
}
