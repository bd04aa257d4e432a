/**
 * Tells once when nothing more of a response is held: it was handed to the system, or its connection is gone. A
 * response that waits behind others on its connection is not told of the latter by Node, so the socket is asked too.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** One listener a socket, however many requests it carries. */
const waiting = new WeakMap<Socket, Set<() => void>>();

export function whenGone(socket: Socket, response: ServerResponse, tell: () => void): void {
  if (socket.destroyed || response.destroyed) return tell();
  const others = waiting.get(socket) ?? watch(socket);
  const once = (): void => {
    if (others.delete(once)) tell();
  };
  others.add(once);
  response.once('close', once);
}

function watch(socket: Socket): Set<() => void> {
  const all = new Set<() => void>();
  waiting.set(socket, all);
  socket.once('close', () => {
    for (const once of all) once();
  });
  return all;
}
