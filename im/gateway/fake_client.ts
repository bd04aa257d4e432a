/** A client on a socket that goes nowhere, for the unit tests of this room. Says and decides nothing. */
import { defaultsOf } from '../../pkg/config/option.js';
import { known, toDevice, toUid } from '../message/ids.js';
import { Client } from './client.js';
import type { Connection } from './interface.js';
import { OUTBOUND_OPTIONS, OutboundQueue } from './outbound_queue.js';

const nothing = (): void => undefined;

/** Opened at 0 ms; signed in as `uid` on device 1 with token version 1, unless that is 0. */
export function fakeClient(uid = 1): Client {
  const connection: Connection = {
    id: uid,
    remoteAddress: '127.0.0.1',
    host: 'localhost',
    format: { name: 'fake', pack: (text) => Buffer.from(text) },
    write: (_chunks, done) => done(),
    probe: () => undefined,
    signedIn: nothing,
    pause: nothing,
    resume: nothing,
    close: nothing,
  };
  const client = new Client(connection, new OutboundQueue(defaultsOf(OUTBOUND_OPTIONS), { bytes: 0 }), 0);
  if (uid === 0) return client;
  client.uid = known(toUid(uid));
  client.device = known(toDevice(1));
  client.tokenVersion = 1;
  return client;
}
