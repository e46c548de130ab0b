import { assertNever } from '#shared/assert.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Audience } from '#shared/model/share.ts';

/** What a person chooses from. `trusted`: every paired device; `chosen`: those listed. */
export type AudienceChoice = 'trusted' | 'chosen' | 'everyone' | 'public' | 'nobody' | 'room';

export function audienceChoice(audience: Audience): AudienceChoice {
  if (audience.kind === 'devices') return audience.devices.length === 0 ? 'trusted' : 'chosen';
  return audience.kind;
}

/** Null while the choice is not complete: chosen people without people would mean all trusted ones, and a room has to be one. */
export function audienceOf(choice: AudienceChoice, devices: readonly DeviceId[], room: string | null): Audience | null {
  switch (choice) {
    case 'trusted': return { kind: 'devices', devices: [] };
    case 'chosen': return devices.length > 0 ? { kind: 'devices', devices: [...devices] } : null;
    case 'everyone': return { kind: 'everyone' };
    case 'public': return { kind: 'public' };
    case 'nobody': return { kind: 'nobody' };
    case 'room': return room === null ? null : { kind: 'room', room };
    default: return assertNever(choice);
  }
}
