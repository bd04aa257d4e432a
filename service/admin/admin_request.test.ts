/** The lines of the admin door: what is asked comes out as it went in, anything else is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, imError, isError } from '../../im/errors.js';
import { known, toUid } from '../../im/message/ids.js';
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeFailure,
  encodeRequest,
  type AdminRequest,
} from './admin_request.js';

test('admin: every request comes out as it went in', () => {
  const requests: readonly AdminRequest[] = [
    { do: 'stats' },
    { do: 'user.ban', name: { account: 'älice "quoted"\n' } },
    { do: 'user.unban', name: { uid: known(toUid(10_001)) } },
    { do: 'user.show', name: { account: '10001' } },
  ];
  for (const request of requests) {
    const line = encodeRequest(request);
    assert.equal(line.indexOf('\n'), line.length - 1, 'one line');
    assert.deepEqual(decodeRequest(line), request);
  }
});

test('admin: an account that looks like a number is no uid', () => {
  const asked = decodeRequest('{"do":"user.ban","account":"10001","uid":10002}');
  assert.deepEqual(asked, { do: 'user.ban', name: { account: '10001' } });
});

test('admin: what is no request is refused', () => {
  for (const line of ['', 'x', 'null', '[]', '7', '{}', '{"do":"user.delete"}', '{"do":["stats"]}'])
    assert.throws(() => decodeRequest(line), line);
  for (const uid of [0, -1, 1.5, 2 ** 30, null, {}, ''])
    assert.throws(
      () => decodeRequest(JSON.stringify({ do: 'user.ban', account: '', uid })),
      (error) => isError(error, 'INVALID_PARAMETER'),
    );
});

test('admin: an answer is its data, a failure its error', () => {
  assert.deepEqual(decodeAnswer(encodeAnswer({ uid: 5 })), { uid: 5 });
  assert.throws(
    () => decodeAnswer(encodeFailure(imError('NO_SUCH_USER'))),
    (error) => isError(error, 'NO_SUCH_USER') && error.code === ERRORS.NO_SUCH_USER.code,
  );
});
