/** Lets web pages of other origins call the API (CORS). Tokens travel in a header, so no origin has a cookie to abuse. */
import type { RequestHandler, Response } from 'express';
import { list, type OptionsOf } from '../../pkg/config/option.js';

export const CROSS_ORIGIN_OPTIONS = {
  corsOrigins: list(
    ['*'],
    'Origins whose web pages may call the HTTP API, as https://app.example.org; * for all, empty for none.',
  ),
} as const;

export type CrossOriginOptions = OptionsOf<typeof CROSS_ORIGIN_OPTIONS>;

/** How long a browser may remember the answer, seconds. */
const REMEMBER_SECONDS = 600;

/** Marks every answer; answers preflights itself, with 204 and what is allowed (nothing for other origins). */
export function crossOrigin({ corsOrigins }: CrossOriginOptions): RequestHandler {
  const isOpen = corsOrigins.includes('*');
  return (request, response, next) => {
    const { origin } = request.headers;
    if (!isOpen) response.vary('Origin');
    const isAllowed = origin !== undefined && (isOpen || corsOrigins.includes(origin));
    if (isAllowed) allow(response, isOpen ? '*' : origin);
    if (request.method === 'OPTIONS') response.status(204).end();
    else next();
  };
}

function allow(response: Response, origin: string): void {
  response.set({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-expose-headers': 'retry-after',
    'access-control-max-age': String(REMEMBER_SECONDS),
  });
}
