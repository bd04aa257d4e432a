/** The HTTP API as a foreign client calls it: fetch, the envelope, nothing of ours. */
import { asObject, type Json } from './raw_client.js';

export interface HttpAnswer {
  readonly status: number;
  /** The envelope's; 0 where the answer was no envelope. */
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
  readonly text: string;
}

export interface Account {
  readonly uid: number;
  readonly account: string;
  readonly password: string;
}

export interface SignedInAccount extends Account {
  readonly token: string;
  readonly device: number;
}

/** POST `path` (without a leading slash) with a JSON body; `token` as Bearer. Never throws for an error code. */
export async function call(api: string, path: string, body: unknown = {}, token = ''): Promise<HttpAnswer> {
  const response = await fetch(`${api}/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  return readAnswer(response);
}

/** GET `path`, as one public client asks for some lists. */
export async function callGet(api: string, path: string, token = ''): Promise<HttpAnswer> {
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
  return readAnswer(await fetch(`${api}/${path}`, { headers }));
}

async function readAnswer(response: Response): Promise<HttpAnswer> {
  const text = await response.text();
  const envelope = readEnvelope(text);
  return {
    status: response.status,
    code: typeof envelope['Code'] === 'number' ? envelope['Code'] : 0,
    message: String(envelope['Msg']),
    data: envelope['Data'],
    text,
  };
}

function readEnvelope(text: string): Json {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

/** As `call`, but anything other than Code 100 throws; the answer's Data. */
export async function callOk(api: string, path: string, body: unknown = {}, token = ''): Promise<unknown> {
  const answer = await call(api, path, body, token);
  if (answer.code !== 100) throw new Error(`${path}: HTTP ${answer.status} ${answer.text}`);
  return answer.data;
}

/** A new user; the account is `name` and something unique. */
export async function register(api: string, name: string): Promise<Omit<Account, 'uid'>> {
  const account = `${name}_${crypto.randomUUID().slice(0, 13)}`;
  const password = `secret of ${name}`;
  await callOk(api, 'auth/register', { Account: account, Password: password });
  return { account, password };
}

export async function signIn(
  api: string,
  user: Omit<Account, 'uid'>,
  device: number,
): Promise<SignedInAccount> {
  const { account, password } = user;
  const data = asObject(
    await callOk(api, 'auth/signin', { Account: account, Password: password, Device: device }),
  );
  return { account, password, device, uid: Number(data['Uid']), token: String(data['Token']) };
}

export interface Guest {
  readonly uid: number;
  readonly token: string;
}

/** A new user without a password, signed in on the guests' device: costs no password hash. */
export async function guest(api: string, nickname: string): Promise<Guest> {
  const data = asObject(await callOk(api, 'auth/guest', { nickname }));
  return { uid: Number(data['Uid']), token: String(data['Token']) };
}
