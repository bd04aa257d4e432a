/** The platform's own WebSocket, where the app brings none: browsers and Node from 22 have it. */
import { imError } from '../../im/errors.js';
import type { WebSocketFactory, WebSocketLike } from './types.js';

/** Throws INVALID_PARAMETER where the platform has none. */
export function platformWebSocket(): WebSocketFactory {
  const found: unknown = Reflect.get(globalThis, 'WebSocket');
  if (!isWebSocketClass(found))
    throw imError('INVALID_PARAMETER', 'no global WebSocket; give options.webSocket');
  return (url) => new found(url);
}

function isWebSocketClass(value: unknown): value is new (url: string) => WebSocketLike {
  return typeof value === 'function';
}
