import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { adminRoutes } from '#shared/protocol/bootstrap-admin.ts';
import { bootstrapErrors } from '#shared/protocol/bootstrap-errors.ts';
import { clientMessageSchema, serverMessageSchema } from '#shared/protocol/bootstrap-events.ts';
import { bootstrapPaths, bootstrapRoutes, type BootstrapRoute } from '#shared/protocol/bootstrap-routes.ts';
import { openApiDocument } from '#main/bootstrap/open-api.ts';
import { relayQuestionSchema } from '#main/bootstrap/relay-sockets.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/bootstrap-api.md'), 'utf8');
const sections = new Map(text.split(/^#+ /m).map((section) => [section.split('\n', 1)[0] ?? '', section]));
const fenced = (section: string, kind: string): string[] => [...section.matchAll(new RegExp(`\`\`\`${kind}\n(.*?)\n\`\`\``, 'gs'))].map(([, code = '']) => code);
const routes: [string, BootstrapRoute][] = [...Object.entries(bootstrapRoutes), ...Object.entries(adminRoutes)];

describe('docs/bootstrap-api.md', () => {
  it.each(routes)('%s is described by an example that fits', (_, { method, path, input, answer, errors, auth }) => {
    const section = sections.get(`\`${method} ${path}\``) ?? '';
    const [curl = ''] = fenced(section, 'sh');
    const [, at = ''] = /"\$SERVER([^"]*)"/.exec(curl) ?? [];
    const url = new URL(at, 'https://server');
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const inPath = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`).exec(url.pathname);
    expect(inPath).not.toBeNull();
    const body: unknown = JSON.parse(/-d '(.*?)'/s.exec(curl)?.[1] ?? '{}');
    const given = { ...Object.fromEntries(names.map((name, place) => [name, inPath?.[place + 1]])), ...Object.fromEntries(url.searchParams), ...z.record(z.string(), z.unknown()).parse(body) };
    // Strict: an example must not show what is left out of account.
    expect(z.strictObject(input.shape).safeParse(given)).toMatchObject({ success: true });
    expect(z.strictObject(answer.shape).safeParse(JSON.parse(fenced(section, 'json')[0] ?? ''))).toMatchObject({ success: true });
    expect(curl.includes('--cert')).toBe(auth === 'device');
    expect(curl.includes('authorization: Bearer $ADMIN')).toBe(auth === 'admin');
    if (!(method === 'GET' || method === 'POST')) expect(curl).toContain(`-X ${method}`);
    for (const code of errors) expect(section).toContain(`\`${code}\``);
  });

  it('describes no other routes', () => {
    const described = [...sections.keys()].flatMap((heading) => /^`(.*)`$/.exec(heading)?.[1] ?? []);
    expect(described.sort()).toEqual(routes.map(([, { method, path }]) => `${method} ${path}`).sort());
  });

  it('lists every error with its status', () => {
    const listed = [...text.matchAll(/^\| `([a-z-]+)` \| (\d+) \|/gm)].map(([, code = '', status]) => [code, Number(status)]);
    expect(Object.fromEntries(listed)).toEqual(bootstrapErrors);
  });

  it('shows messages of the WebSocket that fit, and one of each type', () => {
    const section = sections.get('Changes as they happen: `GET /v1/events`') ?? '';
    const [asked = '', answers = ''] = fenced(section, 'json');
    const asks = asked.split('\n').map((line) => clientMessageSchema.parse(JSON.parse(line)));
    expect(asks.map(({ type }) => type).sort()).toEqual(clientMessageSchema.options.map(({ shape }) => shape.type.value).sort());
    const messages = answers.split('\n').map((line) => serverMessageSchema.parse(JSON.parse(line)));
    expect(messages.map(({ type }) => type).sort()).toEqual(serverMessageSchema.options.map(({ shape }) => shape.type.value).sort());
  });

  it('shows questions for a relayed connection that fit', () => {
    const [questions = ''] = fenced(sections.get('Connections through the server: `GET /v1/relay`') ?? '', '');
    const asked = questions.split('\n').map((line) => new URL(line, 'https://server'));
    expect(asked.map(({ pathname }) => pathname)).toEqual([bootstrapPaths.relay, bootstrapPaths.relay]);
    for (const { searchParams } of asked) expect(z.strictObject(relayQuestionSchema.shape).safeParse(Object.fromEntries(searchParams))).toMatchObject({ success: true });
  });
});

it('the OpenAPI document describes each route with what it takes and gives', () => {
  const document = z.object({ openapi: z.literal('3.1.0'), paths: z.record(z.string(), z.record(z.string(), z.looseObject({ responses: z.record(z.string(), z.unknown()) }))) }).parse(openApiDocument('1.2.3'));
  for (const [, { method, path }] of routes) expect(document.paths[path]?.[method.toLowerCase()]?.responses).toHaveProperty('200');
  expect(document.paths['/v1/rooms/{room}/nodes']?.['get']).toMatchObject({
    parameters: [{ name: 'room', in: 'path', required: true, schema: { type: 'string', pattern: '^[0-9a-f]{16}$' } }, { name: 'after', in: 'query', required: false, schema: { type: 'string', pattern: '^[A-Z2-7]{7}(-[A-Z2-7]{7}){7}$' } }],
  });
  expect(document.paths['/v1/search']?.['post']).toMatchObject({ requestBody: { content: { 'application/json': { schema: { required: ['words'] } } } } });
});
