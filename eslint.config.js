// @ts-check
import tseslint from 'typescript-eslint';
import vue from 'eslint-plugin-vue';
import { importCirclesRule } from './scripts/lint-rules/import-circles.mjs';
import { layersRule } from './scripts/lint-rules/layers.mjs';
import { noBytesSlice } from './scripts/lint-rules/no-bytes-slice.mjs';
import { noUncheckedCast } from './scripts/lint-rules/no-unchecked-cast.mjs';

const project = { rules: { 'import-circles': importCirclesRule, layers: layersRule, 'no-bytes-slice': noBytesSlice, 'no-unchecked-cast': noUncheckedCast } };

/** What would make a core depend on the outside: time, chance, scheduling. */
const bannedGlobals = [
  'Date', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'clearTimeout', 'clearInterval', 'performance', 'crypto', 'process', 'Buffer', 'fetch',
].map((name) => ({ name, message: 'pure code gets time, randomness and the outside as arguments' }));

/** Three quarters of the library, which bundles leave out when it is imported as a namespace. */
const wholeZod = { selector: 'ImportDeclaration[source.value="zod"] > ImportSpecifier[imported.name="z"]', message: "import * as z from 'zod'" };

const lostTimeout = {
  selector: 'CallExpression[callee.object.name="AbortSignal"][callee.property.name="any"] CallExpression[callee.object.name="AbortSignal"][callee.property.name="timeout"]',
  message: 'withTimeout: in Node 20 such a signal is collected, and never fires',
};

const asyncSyntax = [
  { selector: ':function[async=true]', message: 'a core never awaits' },
  { selector: 'AwaitExpression', message: 'a core never awaits' },
  { selector: 'ForOfStatement[await=true]', message: 'a core never awaits' },
  { selector: 'NewExpression[callee.name="Promise"]', message: 'a core never awaits' },
];

/** @type {['error', object]} */
const unused = ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }];

export default tseslint.config(
  { ignores: ['out/', 'dist/', 'node_modules/', '.cache/', 'test-results/'] },
  {
    files: ['**/*.{ts,mjs,js,vue}'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { project, '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser },
    rules: {
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error',
      'no-debugger': 'error',
      'no-self-compare': 'error',
      'no-unreachable-loop': ['error', { ignore: ['ForOfStatement'] }],
      'no-empty': 'error',
      'no-empty-pattern': 'error',
      'no-useless-catch': 'error',
      'no-dupe-else-if': 'error',
      'no-duplicate-case': 'error',
      'no-unsafe-finally': 'error',
      'no-unsafe-optional-chaining': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-sparse-arrays': 'error',
      'no-control-regex': 'off',
      'no-restricted-syntax': ['error', wholeZod, lostTimeout],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'project/layers': 'error',
      'project/import-circles': 'error',
      '@typescript-eslint/no-unused-vars': unused,
    },
  },
  {
    files: ['**/*.{ts,vue}'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/no-unused-expressions': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
    },
  },
  {
    // Rules that need types. Components are left to vue-tsc: their types cost more than they find here.
    files: ['src-*/**/*.ts', 'test/**/*.ts'],
    ignores: ['**/*.d.ts'],
    languageOptions: {
      parserOptions: {
        // One program for all of it: four would read most files four times.
        project: ['scripts/lint-rules/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue'],
      },
    },
    rules: {
      'project/no-unchecked-cast': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, attributes: false, inheritedMethods: false, properties: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ['src-*/**/*.ts'], ignores: ['**/*.d.ts'], rules: { 'project/no-bytes-slice': 'error' } },
  {
    files: ['src-shared/**/*.ts', 'src-main/core/**/*.ts', 'src-main/lab/engine/**/*.ts', 'src-main/bootstrap/registry/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...bannedGlobals],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'randomness is an argument' }],
    },
  },
  // Only the client and server ends of the contract (src-shared/api) hand out promises.
  { files: ['src-main/core/**/*.ts', 'src-main/lab/engine/**/*.ts', 'src-main/bootstrap/registry/**/*.ts', 'src-shared/{model,protocol,i18n}/**/*.ts', 'src-shared/*.ts'], rules: { 'no-restricted-syntax': ['error', wholeZod, ...asyncSyntax] } },
  {
    // ESLint's types do not know components; vue-tsc does.
    files: ['src-renderer/**/*.ts', 'test/src-renderer/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  { files: ['test/**/*.ts'], rules: { 'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }] } },
  ...vue.configs['flat/recommended'].map((config) => ({ ...config, files: ['**/*.vue'] })),
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-indent': 'off',
      'vue/attributes-order': 'off',
      'vue/no-v-html': 'error',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-unused-refs': 'error',
      'vue/no-unused-properties': 'error',
    },
  },
);
