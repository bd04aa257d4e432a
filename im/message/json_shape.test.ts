import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withinShape } from './json_shape.js';

function measure(value: unknown, depth = 0): { depth: number; keys: number } {
  if (typeof value !== 'object' || value === null) return { depth, keys: 0 };
  const children = Object.values(value).map((child) => measure(child, depth + 1));
  const ownKeys = Array.isArray(value) ? 0 : Object.keys(value).length;
  return {
    depth: Math.max(depth + 1, ...children.map((child) => child.depth)),
    keys: ownKeys + children.reduce((sum, child) => sum + child.keys, 0),
  };
}

test('a text is within exactly its own depth and number of keys, whatever its strings hold', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const { depth, keys } = measure(JSON.parse(text));
      assert.ok(withinShape(text, { depth, keys }));
      if (depth > 0) assert.ok(!withinShape(text, { depth: depth - 1, keys }));
      if (keys > 0) assert.ok(!withinShape(text, { depth, keys: keys - 1 }));
    }),
  );
});

test('quotes, backslashes and brackets inside strings do not count', () => {
  assert.ok(withinShape('{"a":"\\\\\\"{[:]}"}', { depth: 1, keys: 1 }));
  assert.ok(!withinShape('{"a\\\\":{"b":1}}', { depth: 1, keys: 9 }));
  assert.ok(withinShape('"unterminated {{{{', { depth: 0, keys: 0 }));
});
