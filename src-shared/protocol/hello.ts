import * as z from 'zod';
import { limits } from '../limits.ts';
import { pathKindSchema, platformSchema } from '../model/peer.ts';
import { plainDeviceName } from '../names.ts';
import { decodeJson } from './frames.ts';
import { ProtocolError } from './protocol-error.ts';

/** Versions of the protocol this program speaks. */
export const protocolRange = { min: 1, max: 1 } as const;

const rangeSchema = z.object({ min: z.int().min(1).max(0xffff), max: z.int().min(1).max(0xffff) }).refine((range) => range.min <= range.max);
export type ProtocolRange = z.infer<typeof rangeSchema>;

const nonceSchema = z.string().regex(/^[0-9a-f]{32}$/);

/** A name a device gives itself, without what could deceive the eye. */
export const deviceNameSchema = z.string().max(limits.names.deviceNameChars).transform(plainDeviceName).pipe(z.string().min(1));

/** Abilities beyond the version: `brotli` takes the pace in a block request, and may answer with a compressed block. `batches` takes batch requests. */
export const features = ['brotli', 'batches'] as const;

const controlHelloSchema = z.object({
  role: z.literal('control'),
  protocol: rangeSchema,
  /** Chosen by whoever dialled; the answer repeats it. Bulk connections name it to say which link they belong to. */
  session: nonceSchema,
  /** Random per run of a node. */
  instance: nonceSchema,
  /** Counts the hellos of this run: of two hellos the higher one tells what its sender holds to now. */
  sequence: z.int().nonnegative(),
  name: deviceNameSchema,
  platform: platformSchema.catch('other'),
  version: z.string().max(40).regex(/^[\w.+-]*$/),
  /** Port on which the device takes links; null when it does not listen. */
  listenPort: z.int().min(1).max(65535).nullable(),
  /** Abilities beyond the version; unknown ones mean nothing. */
  features: z.array(z.string().max(40)).max(64),
  /** How its sender sees this connection; a kind of a later version says nothing. */
  path: pathKindSchema.optional().catch(undefined),
  /** Session of the link that whoever dialled gives up if this connection is better. */
  instead: nonceSchema.optional(),
});
export type ControlHello = z.infer<typeof controlHelloSchema>;

const bulkHelloSchema = z.object({ role: z.literal('bulk'), protocol: rangeSchema, session: nonceSchema });

const helloSchema = z.discriminatedUnion('role', [controlHelloSchema, bulkHelloSchema]);
export type Hello = z.infer<typeof helloSchema>;

/** Why a device does not link. `duplicate`: it holds to another connection between the two devices. */
export const refusals = ['version-mismatch', 'blocked', 'too-many', 'self-dial', 'refused', 'duplicate'] as const;
export type Refusal = (typeof refusals)[number];

/** A refusal of a later version reads as `refused`. */
const refuseSchema = z.object({ code: z.enum(refusals).catch('refused'), protocol: rangeSchema.optional().catch(undefined) });
export type Refuse = z.infer<typeof refuseSchema>;

/** What a hello of any version has, so that a version that cannot be spoken is refused as such. */
const anyHelloSchema = z.object({ protocol: rangeSchema });

export type HelloReading =
  | { readonly kind: 'hello'; readonly hello: Hello; readonly version: number }
  | { readonly kind: 'version-mismatch'; readonly protocol: ProtocolRange };

/** The highest version both speak, or null. */
export function negotiate(ours: ProtocolRange, theirs: ProtocolRange): number | null {
  const version = Math.min(ours.max, theirs.max);
  return version >= Math.max(ours.min, theirs.min) ? version : null;
}

/** Reads the body of a hello frame and settles the version. Throws `bad-json` when it is not a hello. */
export function readHello(body: Uint8Array, ours: ProtocolRange = protocolRange): HelloReading {
  const value = decodeJson(body);
  const any = anyHelloSchema.safeParse(value);
  if (!any.success) throw new ProtocolError('bad-json', 'hello');
  const version = negotiate(ours, any.data.protocol);
  if (version === null) return { kind: 'version-mismatch', protocol: any.data.protocol };
  const hello = helloSchema.safeParse(value);
  if (!hello.success) throw new ProtocolError('bad-json', 'hello');
  return { kind: 'hello', hello: hello.data, version };
}

/** Reads the body of a refuse frame. Throws `bad-json` when it is none. */
export function readRefuse(body: Uint8Array): Refuse {
  const refuse = refuseSchema.safeParse(decodeJson(body));
  if (!refuse.success) throw new ProtocolError('bad-json', 'refuse');
  return refuse.data;
}
