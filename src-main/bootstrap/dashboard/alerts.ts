import type { Alert, Overview } from '#shared/protocol/bootstrap-admin.ts';
import type { HealthAnswer } from '#shared/protocol/bootstrap.ts';
import { day, type Millis } from '#shared/units.ts';

/** A certificate of an authority is renewed a month before it ends; who is told two weeks before still has time. */
const certificateWarning = 14 * day;
const nearLimit = 0.9;
/** A handful is noise: scanners find every open port. */
const refusedPerMinute = 60;
/** What the docs call worth an alarm: from here on people notice. */
const lateMs = 100;

export interface AlertFacts {
  readonly health: HealthAnswer;
  readonly counts: Overview['counts'];
  readonly limits: Overview['limits'];
  readonly memory: number;
  /** Null: no certificate of ours ends. */
  readonly certificateEndsInMs: Millis | null;
  /** In the last minute. */
  readonly refused: number;
  /** As far back as is shown. */
  readonly failures: number;
  readonly delayMs: number;
}

/** What an operator should know now, most urgent first. */
export function alertsOf({ health, counts, limits, memory, certificateEndsInMs, refused, failures, delayMs }: AlertFacts): Alert[] {
  const alerts: Alert[] = [];
  for (const problem of health.problems) {
    if (problem === 'starting') alerts.push({ code: 'starting', level: 'warn' });
    else alerts.push({ code: 'store-failing', level: 'danger', problem: problem.replace(/^store-/, '') });
  }
  if (health.status === 'draining') alerts.push({ code: 'draining', level: 'warn' });
  if (certificateEndsInMs !== null && certificateEndsInMs < certificateWarning) alerts.push({ code: 'certificate-ends', level: certificateEndsInMs <= 0 ? 'danger' : 'warn', days: Math.floor(certificateEndsInMs / day) });
  if (failures > 0) alerts.push({ code: 'own-errors', level: 'danger', count: failures });
  const used = { nodes: counts.nodes, entries: counts.entries, connections: counts.connections, memory };
  for (const limit of ['nodes', 'entries', 'connections', 'memory'] as const) {
    const most = limits[limit];
    if (used[limit] > nearLimit * most) alerts.push({ code: 'near-limit', level: used[limit] >= most ? 'danger' : 'warn', limit, used: used[limit], most });
  }
  if (refused >= refusedPerMinute) alerts.push({ code: 'connections-refused', level: 'warn', perMinute: refused });
  if (delayMs >= lateMs) alerts.push({ code: 'slow', level: 'warn', delayMs: Math.round(delayMs) });
  return alerts.sort((one, other) => Number(other.level === 'danger') - Number(one.level === 'danger'));
}
