/**
 * One row of the operation table and how its input is read: keys without regard to case, unknown keys ignored,
 * an empty body as an empty object. The rows themselves are in operations.ts.
 */
import { z } from 'zod';
import { imError, isError } from '../errors.js';
import type { AnswerSize } from '../message/answer_size.js';
import { groupOf, toConversation } from '../message/conversation.js';
import { isJsonObject } from '../message/json_fields.js';
import { limitKeyOf } from '../../pkg/limit/address.js';
import { toGid, type Uid } from '../message/ids.js';
import type { Attempt } from './attempt_guard.js';
import type { Caller } from './interface.js';
import type { ApiRooms } from './api_rooms.js';
import type { CallContext } from './call_context.js';

/**
 * `public`: anybody. `caller`: a valid token. `genuine`: a token that we signed, though it may have expired or
 * been superseded since.
 */
export type Access = 'public' | 'caller' | 'genuine';

export interface Operation {
  /** Path under the prefix and name of the operation: `msg/chat/history`. */
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** A POST that clients also send as GET, without a body. */
  readonly alsoGet: boolean;
  readonly access: Access;
  /** Actions of the connection besides `api.` + the path with dots. */
  readonly aliases: readonly string[];
  /** What its answer may weigh. */
  readonly answer: AnswerSize;
  readonly schema: z.ZodObject;
  /** `input` is what the client sent. Throws INVALID_PARAMETER naming the field, UNAUTHENTICATED, or its own. */
  run(rooms: ApiRooms, input: unknown, caller: Caller | undefined, context: CallContext): Promise<unknown>;
}

interface Definition<Shape extends z.ZodRawShape, Who> {
  readonly path: string;
  readonly method?: 'GET';
  readonly alsoGet?: true;
  readonly aliases?: readonly string[];
  /** `small` unless it says otherwise. */
  readonly answer?: AnswerSize;
  readonly input: Shape;
  /** It can be used to guess or to flood: only so many are run (AttemptGuard), as each of these; none costs nothing. */
  readonly guard?: (input: z.output<z.ZodObject<Shape>>, caller: Who) => readonly Attempt[];
  /** Whom the answer tells something about, if only that they exist: strangers are charged for (StrangerLookups). */
  readonly tellsOf?: (input: z.output<z.ZodObject<Shape>>) => readonly Uid[];
  /** It charges for groups that are none of the caller's itself; else whoever is refused as an outsider is charged. */
  readonly chargesGroups?: true;
  readonly run: (
    rooms: ApiRooms,
    input: z.output<z.ZodObject<Shape>>,
    caller: Who,
    context: CallContext,
  ) => Promise<unknown>;
}

/** Every action of the connection that asks for it. */
export function actionsOf({ path, aliases }: Pick<Operation, 'path' | 'aliases'>): readonly string[] {
  return [`api.${path.replaceAll('/', '.')}`, ...aliases];
}

export function publicOperation<Shape extends z.ZodRawShape>(
  definition: Definition<Shape, undefined>,
): Operation {
  const schema = z.object(definition.input);
  return {
    ...described(definition, schema, 'public'),
    run: async (rooms, input, _caller, context) =>
      runGuarded(definition, { rooms, input: read(schema, input), caller: undefined, context }),
  };
}

export function callerOperation<Shape extends z.ZodRawShape>(
  definition: Definition<Shape, Caller>,
  access: Exclude<Access, 'public'> = 'caller',
): Operation {
  const schema = z.object(definition.input);
  return {
    ...described(definition, schema, access),
    run: async (rooms, input, caller, context) => {
      if (caller === undefined) throw imError('UNAUTHENTICATED');
      const values = read(schema, input);
      const peers = definition.tellsOf?.(values) ?? [];
      const addressKey = limitKeyOf(context.address);
      if (peers.length > 0) await rooms.strangers.charge(caller.uid, peers, addressKey);
      try {
        return await runGuarded(definition, { rooms, input: values, caller, context });
      } catch (error) {
        // Why he is refused says what there is: who can pay no more is told that instead.
        const isCharged = definition.chargesGroups === true || !tellsOfGroup(error, values);
        if (!isCharged) rooms.strangers.chargeGroups(caller.uid, 1, addressKey);
        throw error;
      }
    },
  };
}

/** Whether a refusal says that a group is there, or is not, to somebody who has no part in it. */
function tellsOfGroup(error: unknown, input: Readonly<Record<string, unknown>>): boolean {
  if (isError(error, 'NO_SUCH_GROUP') || isError(error, 'NOT_A_MEMBER') || isError(error, 'GROUP_DISSOLVED'))
    return true;
  if (!isError(error, 'NO_PERMISSION')) return false;
  const conv = toConversation(input['conv']);
  return toGid(input['to']) !== undefined || (conv !== undefined && groupOf(conv) !== undefined);
}

interface Call<Input, Who> {
  readonly rooms: ApiRooms;
  readonly input: Input;
  readonly caller: Who;
  readonly context: CallContext;
}

function runGuarded<Shape extends z.ZodRawShape, Who>(
  { guard, run }: Definition<Shape, Who>,
  { rooms, input, caller, context }: Call<z.output<z.ZodObject<Shape>>, Who>,
): Promise<unknown> {
  let work = (): Promise<unknown> => run(rooms, input, caller, context);
  for (const attempt of guard?.(input, caller).toReversed() ?? []) {
    const inner = work;
    work = () => rooms.attempts.run(attempt, limitKeyOf(context.address), inner);
  }
  return work();
}

function described(
  definition: Pick<Definition<z.ZodRawShape, never>, 'path' | 'method' | 'alsoGet' | 'aliases' | 'answer'>,
  schema: z.ZodObject,
  access: Access,
): Omit<Operation, 'run'> {
  const { path, method = 'POST', alsoGet = false, aliases = [], answer = 'small' } = definition;
  return { path, method, alsoGet, access, aliases, answer, schema };
}

function read<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  input: unknown,
): z.output<z.ZodObject<Shape>> {
  const parsed = schema.safeParse(withKnownKeys(Object.keys(schema.shape), input));
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path[0];
  throw imError('INVALID_PARAMETER', typeof field === 'string' ? field : undefined);
}

/** Only keys that the schema names are copied, under its spelling: no `__proto__` gets anywhere. */
function withKnownKeys(names: readonly string[], input: unknown): Record<string, unknown> {
  const byLower = new Map(names.map((name) => [name.toLowerCase(), name]));
  const known: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, undefined]));
  if (input === undefined || input === null || input === '') return known;
  if (!isJsonObject(input)) throw imError('INVALID_PARAMETER', 'the body is not an object');
  for (const [key, value] of Object.entries(input)) {
    const name = byLower.get(key.toLowerCase());
    // Of two spellings in one body the one that says something wins.
    if (name !== undefined && (known[name] === undefined || known[name] === null)) known[name] = value;
  }
  return known;
}
