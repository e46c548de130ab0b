import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as z from 'zod';

const messageSchema = z.object({
  id: z.number().optional(),
  error: z.object({ message: z.string() }).optional(),
  params: z.object({ targetInfo: z.object({ targetId: z.string(), type: z.string(), url: z.string() }).optional() }).optional(),
  result: z.object({ sessionId: z.string().optional(), result: z.object({ value: z.unknown() }).optional(), exceptionDetails: z.unknown().optional() }).optional(),
});

export interface DevtoolsPage {
  /** Value of an expression in the page; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>;
  close(): void;
}

/**
 * The page of a program that is at such a URL, over its remote debugging address: what is left to drive a packed Electron by, whose
 * fuses keep Playwright's own way out.
 */
export async function openDevtoolsPage(address: string, urlStart: string): Promise<DevtoolsPage> {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const waiting = new Map<number, (message: z.infer<typeof messageSchema>) => void>();
  let pageFound: (target: string) => void;
  const target = new Promise<string>((resolve) => { pageFound = resolve; });
  socket.on('message', (data: Buffer) => {
    const message = messageSchema.parse(JSON.parse(data.toString()));
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    const info = message.params?.targetInfo;
    if (info?.type === 'page' && info.url.startsWith(urlStart)) pageFound(info.targetId);
  });
  let last = 0;
  const send = (method: string, params: object, sessionId?: string): Promise<z.infer<typeof messageSchema>['result']> => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, ({ result, error }) => {
      if (error) reject(new Error(error.message));
      else resolve(result);
    });
    socket.send(JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
  });
  await send('Target.setDiscoverTargets', { discover: true });
  const attached = await send('Target.attachToTarget', { targetId: await target, flatten: true });
  return {
    evaluate: async (expression) => {
      const answer = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, attached?.sessionId);
      if (answer?.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
      return answer?.result?.value;
    },
    close: () => { socket.close(); },
  };
}
