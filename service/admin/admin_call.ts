/** One request through the admin door of a running server; what the command line asks. */
import { connect } from 'node:net';
import { imError } from '../../im/errors.js';
import { decodeAnswer, encodeRequest, type AdminRequest } from './admin_request.js';

const ANSWER_MS = 30_000;
/** Nobody is behind the door: there is none, or its server was killed. */
const NOBODY = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'EINVAL', 'ENAMETOOLONG'];

export type AdminAnswer = { readonly served: false } | { readonly served: true; readonly data: unknown };

/** `served` is false where no server listens. Throws CodedError: what the server answered, or that it did not. */
export async function callAdmin(path: string, request: AdminRequest): Promise<AdminAnswer> {
  const line = await exchange(path, encodeRequest(request));
  return line === undefined ? { served: false } : { served: true, data: decodeAnswer(line) };
}

function exchange(path: string, request: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let read = '';
    const fail = (cause?: unknown): void =>
      reject(imError('STORE_UNAVAILABLE', 'the running server did not answer', { cause }));
    const socket = connect(path);
    socket.setEncoding('utf8').setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('error', (error) => {
      if ('code' in error && NOBODY.includes(String(error.code))) resolve(undefined);
      else fail(error);
    });
    socket.on('data', (text) => (read += String(text)));
    socket.on('close', () => (read.endsWith('\n') ? resolve(read) : fail()));
    socket.write(request);
  });
}
