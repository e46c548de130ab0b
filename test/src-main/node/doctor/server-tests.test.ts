import { expect, test } from 'vitest';
import { lookFromOutside } from '#main/node/doctor/server-tests.ts';

test('a device is seen from outside also when the port that was drawn first is in use', async () => {
  const asked: number[] = [];
  const look = (answersAt: number) => lookFromOutside({
    servers: { health: () => [], outsides: (port) => Promise.resolve(asked.push(port) < answersAt ? [] : [{ host: '192.0.2.7', port }]) },
    ownAddresses: () => [{ host: '192.0.2.7', port: 47_800 }],
  }, new AbortController().signal);
  expect(await look(2)).toMatchObject({ finding: 'outside-direct', params: { address: '192.0.2.7' } });
  expect(asked).toHaveLength(2);
  asked.length = 0;
  expect(await look(9)).toMatchObject({ finding: 'outside-skipped' });
  expect(asked).toHaveLength(3);
});
