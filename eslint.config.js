import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Rooms below may not reach up: cmd → service → im → pkg (test/architecture.test.ts is the judge). */
const upward = (...rooms) => ({
  patterns: [{ group: rooms.map((room) => `**/${room}/**`), message: 'imports go cmd → service → im → pkg' }],
});

const STYLE = [
  { selector: 'ExportDefaultDeclaration', message: 'name what you export' },
  { selector: 'TSEnumDeclaration', message: 'use a union of literals' },
  { selector: "Program > VariableDeclaration[kind='let']", message: 'no mutable state in a module' },
  {
    selector: "Program > ExportNamedDeclaration > VariableDeclaration[kind='let']",
    message: 'no mutable state in a module',
  },
];

/** fast-check's own choice of a size is about ten elements, whatever the longest may be. */
const WHOLE_LENGTH = {
  selector: "ObjectExpression:has(> Property[key.name='maxLength']):not(:has(> Property[key.name='size']))",
  message: "say size: 'max' beside maxLength",
};

export default tseslint.config(
  { ignores: ['dist', '.out', 'data', 'node_modules', 'sdk/dist'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-depth': ['error', 3],
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...STYLE],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
    },
  },
  {
    files: ['pkg/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', upward('im', 'service', 'cmd', 'sdk')] },
  },
  { files: ['im/**/*.ts'], rules: { 'no-restricted-imports': ['error', upward('service', 'cmd', 'sdk')] } },
  { files: ['service/**/*.ts'], rules: { 'no-restricted-imports': ['error', upward('cmd', 'sdk')] } },
  {
    files: ['**/*.test.ts', '**/*.contract.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 600 }],
      'no-restricted-syntax': ['error', ...STYLE, WHOLE_LENGTH],
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
  { files: ['scripts/**/*.mjs'], languageOptions: { globals: { process: 'readonly', URL: 'readonly' } } },
  { files: ['bench/**/*.ts', 'cmd/sailplane/**/*.ts'], rules: { 'no-console': 'off' } },
);
