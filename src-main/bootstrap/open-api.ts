import * as z from 'zod';
import { contentIdSchema, deviceIdSchema } from '#shared/model/ids.ts';
import { adminRoutes } from '#shared/protocol/bootstrap-admin.ts';
import { bootstrapErrors, bootstrapErrorSchema } from '#shared/protocol/bootstrap-errors.ts';
import { bootstrapRoutes, commonErrors, type BootstrapRoute } from '#shared/protocol/bootstrap-routes.ts';

type Json = Record<string, unknown>;

/** What a schema that is a function of ours looks like to others. */
const patterns = new Map<z.core.$ZodType, string>([[contentIdSchema, '^[0-9a-f]{64}$'], [deviceIdSchema, '^[A-Z2-7]{7}(-[A-Z2-7]{7}){7}$']]);

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io, unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: made }) => {
      const pattern = patterns.get(zodSchema);
      if (pattern !== undefined) Object.assign(made, { type: 'string', pattern });
    },
  });
  return json;
}

const content = (schema: Json): Json => ({ 'application/json': { schema } });

function operation({ method, path, summary, auth, input, answer, errors }: BootstrapRoute): Json {
  const shape: Record<string, z.core.$ZodType> = input.shape;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const rest = Object.keys(shape).filter((name) => !inPath.includes(name));
  const { properties = {}, required = [] } = z.object({ properties: z.record(z.string(), z.unknown()).optional(), required: z.array(z.string()).optional() }).parse(jsonSchema(input, 'input'));
  const parameters = [...inPath, ...(method === 'GET' ? rest : [])].map((name) => ({ name, in: inPath.includes(name) ? 'path' : 'query', required: inPath.includes(name) || required.includes(name), schema: properties[name] }));
  const codes = [...errors, ...commonErrors, ...(auth === 'none' ? [] : ['not-authorised' as const]), ...(auth === 'admin' ? ['not-found' as const] : [])];
  const statuses = [...new Set(codes.map((code) => bootstrapErrors[code]))];
  return {
    summary,
    ...(auth === 'device' ? { security: [{ certificate: [] }, { token: [] }] } : auth === 'admin' ? { security: [{ admin: [] }] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(method === 'GET' || rest.length === 0 ? {} : { requestBody: { required: true, content: content(jsonSchema(input, 'input')) } }),
    responses: {
      200: { description: 'done', content: content(jsonSchema(answer, 'output')) },
      ...Object.fromEntries(statuses.map((status) => [status, { description: codes.filter((code) => bootstrapErrors[code] === status).join(', '), content: content({ $ref: '#/components/schemas/Error' }) }])),
    },
  };
}

/** The routes in OpenAPI 3.1. The WebSocket has no place there; it is in docs/bootstrap-api.md. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of [...Object.values<BootstrapRoute>(bootstrapRoutes), ...Object.values<BootstrapRoute>(adminRoutes)]) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.0',
    info: { title: 'DistriShare bootstrap server', version },
    paths,
    components: {
      schemas: { Error: jsonSchema(bootstrapErrorSchema, 'output') },
      securitySchemes: {
        certificate: { type: 'mutualTLS', description: 'The self-signed P-256 certificate of the device. Its id is the SHA-256 of the key.' },
        admin: { type: 'http', scheme: 'bearer', description: 'The adminToken of the settings.' },
        token: { type: 'http', scheme: 'bearer', description: 'From POST /v1/token.' },
      },
    },
  };
}
