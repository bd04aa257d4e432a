import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import { loadConfig, type ConfigSources } from './load.js';
import { choice, flag, integer, list, secret, text } from './option.js';
import { leavesOf } from './option_tree.js';
import { effective, printDefaults } from './print.js';

const TREE = {
  dataDir: text('./data', 'Where it is kept.'),
  secret: secret('Signs the tokens.'),
  urls: list(['a', 'b'], 'Addresses.'),
  gateway: {
    frameLimitBytes: integer(
      65536,
      'bytes',
      { min: 1, max: 1 << 20 },
      'A frame longer than this is refused.',
    ),
    strict: flag(true, 'Whether to be strict.'),
    shade: choice(['red', 'blue'], 'blue', 'Its colour.'),
    inner: { waitMs: integer(5, 'ms', { min: 0, max: 10 }, 'A wait.') },
  },
};

const DEFAULTS = {
  dataDir: './data',
  secret: '',
  urls: ['a', 'b'],
  gateway: { frameLimitBytes: 65536, strict: true, shade: 'blue', inner: { waitMs: 5 } },
};

type Given = Partial<Omit<ConfigSources, 'readFile'>> & { readonly files?: Readonly<Record<string, string>> };

function load({ files = {}, ...given }: Given) {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw new Error('no such file');
    return content;
  };
  return loadConfig(TREE, { args: [], environment: {}, readFile, ...given });
}

function valuesOf(given: Given) {
  const loaded = load(given);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.join('\n'));
  return loaded.values;
}

function problemsOf(given: Given): readonly string[] {
  const loaded = load(given);
  assert.ok(!loaded.ok, 'it should have been refused');
  return loaded.problems;
}

test('config: nothing given means the defaults', () => {
  assert.deepEqual(valuesOf({}), DEFAULTS);
});

test('config: a file is beaten by the environment, and that by flags', () => {
  const files = { 'c.toml': '[gateway]\nframe_limit_bytes = 1\nshade = "red"\n[gateway.inner]\nwait_ms = 1' };
  const environment = {
    SAILPLANE_GATEWAY_FRAME_LIMIT_BYTES: '2',
    SAILPLANE_GATEWAY_STRICT: 'false',
    HOME: '/x',
  };
  const values = valuesOf({
    files,
    environment,
    args: ['--config', 'c.toml', '--gateway-frame-limit-bytes=3'],
  });
  assert.deepEqual(values.gateway, { frameLimitBytes: 3, strict: false, shade: 'red', inner: { waitMs: 1 } });
});

test('config: the file may be named in the environment; a flag names another', () => {
  const files = { one: 'data_dir = "1"', two: 'data_dir = "2"' };
  assert.equal(valuesOf({ files, environment: { SAILPLANE_CONFIG: 'one' } }).dataDir, '1');
  assert.equal(
    valuesOf({ files, environment: { SAILPLANE_CONFIG: 'one' }, args: ['--config=two'] }).dataDir,
    '2',
  );
});

test('config: flags of every kind', () => {
  const args = [
    '--data-dir',
    '/d',
    '--no-gateway-strict',
    '--urls',
    'x,y',
    '--urls=z',
    '--gateway-shade=red',
  ];
  const values = valuesOf({ args });
  assert.equal(values.dataDir, '/d');
  assert.deepEqual(values.urls, ['x', 'y', 'z']);
  assert.deepEqual([values.gateway.strict, values.gateway.shade], [false, 'red']);
  assert.equal(valuesOf({ args: ['--no-gateway-strict', '--gateway-strict'] }).gateway.strict, true);
  const spelledOut = ['--gateway-strict', 'false', '--data-dir', 'true'];
  assert.deepEqual(
    [valuesOf({ args: spelledOut }).gateway.strict, valuesOf({ args: spelledOut }).dataDir],
    [false, 'true'],
  );
});

test('config: all problems are told at once, each with its key and its place', () => {
  const files = {
    'c.toml': 'speed = 1\ngateway.frame_limit_bytes = "a"\ngateway.inner = 4\ndata_dir = { x = 1 }',
  };
  const environment = {
    SAILPLANE_WINGS: '2',
    SAILPLANE_GATEWAY_INNER_WAIT_MS: '11',
    SAILPLANE_CONFIG: 'c.toml',
  };
  const args = [
    '--gateway-shade',
    'green',
    '--no-data-dir',
    '--dat-dir=1',
    'stray',
    '--gateway-inner-wait-ms',
  ];
  const problems = problemsOf({ files, environment, args });
  const expected = [
    'speed in c.toml is not an option',
    'gateway.frame_limit_bytes in c.toml must be integer (bytes), 1 to 1048576, not "a"',
    'gateway.inner in c.toml is a section: write [gateway.inner] and its keys below it',
    'data_dir in c.toml must be text, not {"x":1}',
    'SAILPLANE_GATEWAY_INNER_WAIT_MS must be integer (ms), 0 to 10, not 11',
    'SAILPLANE_WINGS in the environment is not an option',
    '--no-data-dir is not an option',
    '--dat-dir is not an option',
    '"stray" is not an option: options begin with --',
    '--gateway-inner-wait-ms needs a value',
    '--gateway-shade must be one of red, blue, not "green"',
  ];
  assert.deepEqual([...problems].sort(), expected.sort());
});

test('config: a file that is missing or no TOML', () => {
  assert.deepEqual(problemsOf({ args: ['--config', 'gone'] }), ['gone cannot be read: no such file']);
  const [problem = ''] = problemsOf({ args: ['--config', 'c'], files: { c: 'a = 1\nb = ' } });
  assert.match(problem, /^c line 2: /);
});

test('config: a secret comes from the environment or a file, whichever is set closest', () => {
  assert.equal(valuesOf({ environment: { SAILPLANE_SECRET: 's1' } }).secret, 's1');
  const files = { key: 's2\n', 'c.toml': 'secret_file = "key"' };
  assert.equal(valuesOf({ files, args: ['--config', 'c.toml'] }).secret, 's2');
  const environment = { SAILPLANE_SECRET: 's1' };
  assert.equal(valuesOf({ files, environment, args: ['--config', 'c.toml'] }).secret, 's1');
  assert.equal(valuesOf({ files, environment, args: ['--secret-file', 'key'] }).secret, 's2');
});

test('config: a secret is refused as a flag and in the file, and never quoted', () => {
  const files = { 'c.toml': 'secret = "hunter2"' };
  const problems = problemsOf({ files, args: ['--config', 'c.toml', '--secret=hunter2'] });
  assert.equal(problems.length, 2);
  assert.ok(!problems.join().includes('hunter2'));
  assert.match(problems[0] ?? '', /SAILPLANE_SECRET or secret_file/);
});

test('config: a secret and its file in one place exclude each other', () => {
  const environment = { SAILPLANE_SECRET: 's', SAILPLANE_SECRET_FILE: 'key' };
  assert.match(problemsOf({ environment, files: { key: 'x' } }).join(), /exclude each other/);
});

test('config: names that other parts read are let through', () => {
  const environment = { SAILPLANE_PASSWORD: 'p' };
  assert.deepEqual(valuesOf({ environment, ignoredEnvironment: ['SAILPLANE_PASSWORD'] }), DEFAULTS);
  assert.equal(problemsOf({ environment }).length, 1);
});

test('config: two options of one spelling are a mistake of the program', () => {
  assert.throws(() => leavesOf({ aB: text('', ''), a: { b: text('', '') } }), /aB|a_b.*SAILPLANE_A_B/);
});

test('config: the printed defaults load to the defaults, also with every line taken in', () => {
  const printed = printDefaults(TREE);
  assert.deepEqual(valuesOf({ files: { p: printed }, args: ['--config', 'p'] }), DEFAULTS);
  const active = printed.replace(/^#(?=[a-z_]+ = )/gm, '');
  assert.notEqual(active, printed);
  assert.deepEqual(valuesOf({ files: { p: active }, args: ['--config', 'p'] }), DEFAULTS);
  for (const { option } of leavesOf(TREE)) assert.ok(printed.includes(option.doc));
  assert.match(printed, /# integer \(bytes\), 1 to 1048576/);
});

test('config: the effective values hide secrets', () => {
  const shown = effective(TREE, { ...DEFAULTS, secret: 'hunter2' });
  assert.equal(shown['secret'], '(set)');
  assert.equal(effective(TREE, DEFAULTS)['secret'], '(not set)');
  assert.deepEqual(shown['gateway'], {
    frame_limit_bytes: 65536,
    strict: true,
    shade: 'blue',
    inner: { wait_ms: 5 },
  });
});

const anyInteger = fc.integer({ min: 1, max: 1 << 20 });
const anyName = fc.stringMatching(/^[a-z0-9:/.-]{1,12}$/);
const anyText = fc.string({ unit: 'grapheme', minLength: 1 });

test('property: a value arrives unchanged from the file, the environment and the flags', () => {
  const anyValues = fc.record({
    size: anyInteger,
    strict: fc.boolean(),
    urls: fc.array(anyName),
    dir: anyText,
  });
  fc.assert(
    fc.property(anyValues, ({ size, strict, urls, dir }) => {
      const toml = stringify({ data_dir: dir, urls, gateway: { frame_limit_bytes: size, strict } });
      const environment = {
        SAILPLANE_DATA_DIR: dir,
        SAILPLANE_URLS: urls.join(','),
        SAILPLANE_GATEWAY_FRAME_LIMIT_BYTES: String(size),
        SAILPLANE_GATEWAY_STRICT: String(strict),
      };
      const args = [`--data-dir=${dir}`, `--urls=${urls.join(',')}`, `--gateway-frame-limit-bytes=${size}`];
      args.push(strict ? '--gateway-strict' : '--no-gateway-strict');
      const gateway = { ...DEFAULTS.gateway, frameLimitBytes: size, strict };
      const expected = { ...DEFAULTS, dataDir: dir, urls, gateway };
      assert.deepEqual(valuesOf({ files: { c: toml }, args: ['--config=c'] }), expected);
      assert.deepEqual(valuesOf({ environment }), expected);
      assert.deepEqual(valuesOf({ args }), expected);
    }),
  );
});

test('property: the nearest source wins, whichever are set', () => {
  const maybe = fc.option(anyInteger, { nil: undefined });
  fc.assert(
    fc.property(maybe, maybe, maybe, (inFile, inEnvironment, inFlag) => {
      const files = { c: inFile === undefined ? '' : `gateway.frame_limit_bytes = ${inFile}` };
      const environment: Record<string, string> = { SAILPLANE_CONFIG: 'c' };
      if (inEnvironment !== undefined)
        environment['SAILPLANE_GATEWAY_FRAME_LIMIT_BYTES'] = String(inEnvironment);
      const args = inFlag === undefined ? [] : ['--gateway-frame-limit-bytes', String(inFlag)];
      const expected = inFlag ?? inEnvironment ?? inFile ?? 65536;
      assert.equal(valuesOf({ files, environment, args }).gateway.frameLimitBytes, expected);
    }),
  );
});

test('property: no value outside the bounds is taken, and no text that is no integer', () => {
  const outside = fc.oneof(fc.integer({ max: 0 }), fc.integer({ min: (1 << 20) + 1 })).map(String);
  const noInteger = fc.string().filter((value) => !/^-?\d+$/.test(value));
  fc.assert(
    fc.property(fc.oneof(outside, noInteger), (value) => {
      const problems = problemsOf({ args: [`--gateway-frame-limit-bytes=${value}`] });
      assert.match(problems[0] ?? '', /^--gateway-frame-limit-bytes must be integer \(bytes\)/);
    }),
  );
});

test('property: an unknown name is named, wherever it stands', () => {
  const known = new Set(leavesOf(TREE).map(({ flag: name }) => name.replaceAll('-', '_')));
  const unknown = fc
    .stringMatching(/^[a-z]+(_[a-z]+)?$/)
    .filter((name) => !known.has(name) && name !== 'gateway');
  fc.assert(
    fc.property(unknown, (name) => {
      fc.pre(name !== 'config');
      const env = `SAILPLANE_${name.toUpperCase()}`;
      const dashed = `--${name.replaceAll('_', '-')}`;
      assert.deepEqual(problemsOf({ files: { c: `${name} = 1` }, args: ['--config=c'] }), [
        `${name} in c is not an option`,
      ]);
      assert.deepEqual(problemsOf({ environment: { [env]: '1' } }), [
        `${env} in the environment is not an option`,
      ]);
      assert.deepEqual(problemsOf({ args: [dashed] }), [`${dashed} is not an option`]);
    }),
  );
});
