/** A request's body to a decoded JSON value: bounded in bytes and shape before it is parsed. */
import express, { type RequestHandler } from 'express';
import { imError } from '../../im/errors.js';
import { withinShape, type ShapeLimits } from '../../im/message/json_shape.js';

/** Reads the body as text, whatever content type it claims: clients of three generations differ there. */
export function textBody(limitBytes: number): RequestHandler {
  return express.text({ type: () => true, limit: limitBytes, defaultCharset: 'utf-8' });
}

/** Undefined for an empty body. Throws INVALID_PARAMETER or FRAME_TOO_COMPLEX. */
export function decodeBody(body: unknown, limits: ShapeLimits): unknown {
  if (typeof body !== 'string' || body.trim() === '') return undefined;
  if (!withinShape(body, limits)) throw imError('FRAME_TOO_COMPLEX');
  try {
    const decoded: unknown = JSON.parse(body);
    return decoded;
  } catch {
    // The parser's text would quote the body, which may hold a password.
    throw imError('INVALID_PARAMETER', 'the body is not JSON');
  }
}
