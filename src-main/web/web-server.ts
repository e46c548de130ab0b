import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { NodeApi } from '#shared/api/node-api.ts';
import { AppError, errorInfo } from '#shared/errors.ts';
import type { ErrorCode } from '#shared/errors.ts';
import { chooseLocale } from '#shared/i18n/locale.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import { serveApi } from '../api/serve-api.ts';
import type { ServeApiOptions } from '../api/serve-api.ts';
import { errorSentences, translator } from '../api/translate.ts';
import { allowedHosts, comesFromHere, cookieName, readCookie, setSecurityHeaders } from './guard.ts';
import type { OriginRule } from './guard.ts';
import { listenNear } from './listen-near.ts';
import { sendMessagePage } from './message-page.ts';
import { Sessions } from './sessions.ts';
import { sendStatic } from './static-files.ts';
import { Uploads } from './upload.ts';
import { wsChannel } from './ws-channel.ts';

const loopback = '127.0.0.1';
const maxSockets = 32;

export interface WebServerOptions extends ServeApiOptions {
  readonly api: NodeApi;
  readonly dataDir: string;
  /** Folder of the built UI. */
  readonly uiDir: string;
  /** The next free one is taken if another program has it; 0 for any. */
  readonly port: number;
}

export interface WebServer {
  readonly port: number;
  /** A link that opens the UI in one browser, once. */
  newUrl(): string;
  close(): Promise<void>;
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  'bad-argument': 400, 'name-too-long': 400, 'too-deep': 400, 'not-authorised': 401, refused: 403, 'not-found': 404, 'bad-usage': 405, 'already-exists': 409, 'too-many': 503, 'disk-full': 507,
};

/** Serves the UI and the contract to browsers of this machine. Rejects with `port-taken`, `disk-error`. */
export async function startWebServer({ api, dataDir, uiDir, port: wantedPort, ...serving }: WebServerOptions): Promise<WebServer> {
  const uploads = new Uploads(dataDir);
  const sessions = new Sessions();
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: limits.web.messageBytes, perMessageDeflate: false, clientTracking: true });
  const server = createServer({
    headersTimeout: limits.web.headerMs, keepAliveTimeout: 5 * second, connectionsCheckingInterval: 1 * second,
    // Node's own limit on whole requests would end long uploads; below, every other request has a timer of its own.
    requestTimeout: 0,
  });
  server.maxConnections = limits.web.connections;
  const port = await listenNear(server, loopback, wantedPort);
  const hosts = allowedHosts(port);
  const cookie = cookieName(port);
  const signedIn = (request: IncomingMessage): boolean => sessions.has(readCookie(request, cookie));
  const isPage = (request: IncomingMessage, key: string | undefined): boolean => sessions.isPage(readCookie(request, cookie), key);

  /** What a browser shows that it was let in before, or was to be. */
  function shutOutBy(request: IncomingMessage): ShutOut {
    if (new URLSearchParams(request.url?.split('?', 2)[1] ?? '').has('token')) return 'used';
    return readCookie(request, cookie) === undefined ? 'never' : 'anew';
  }

  function demand(request: IncomingMessage, origin: OriginRule): void {
    if (!comesFromHere(request, hosts, origin)) throw new AppError('refused');
    if (!signedIn(request)) throw new AppError('not-authorised');
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const [pathname = '', query = ''] = url.split('?', 2);
    if (pathname.startsWith('/upload/') && method === 'PUT') {
      demand(request, 'required');
      if (!isPage(request, keyHeader(request))) throw new AppError('not-authorised');
      sendJson(response, 201, await uploads.receive(request, pathname));
      return;
    }
    if (!comesFromHere(request, hosts, 'if-given')) throw new AppError('refused');
    if (method !== 'GET' && method !== 'HEAD') throw new AppError('bad-usage', { detail: method });
    if (hasBody(request)) throw new AppError('bad-argument', { argument: 'content-length', detail: '' });
    const token = new URLSearchParams(query).get('token');
    if (pathname === '/' && token !== null) enter(request, response, token);
    else {
      demand(request, 'if-given');
      if (!(await sendStatic(response, uiDir, pathname, method === 'HEAD'))) throw new AppError('not-found', { name: pathname.slice(0, 200) });
    }
  }

  /** Trades the token for cookie and key and leads to an address without it, so that it stays in no history. */
  function enter(request: IncomingMessage, response: ServerResponse, token: string): void {
    const session = sessions.redeem(token);
    if (session === null && !signedIn(request)) throw new AppError('not-authorised');
    if (session !== null) response.setHeader('Set-Cookie', `${cookie}=${session.cookie}; HttpOnly; SameSite=Strict; Path=/`);
    // What follows `#` is for the page alone: it is never sent anywhere.
    response.writeHead(303, { Location: session === null ? '/' : `/#key=${session.key}`, 'Cache-Control': 'no-store' }).end();
  }

  server.on('request', (request, response) => {
    setSecurityHeaders(response, request.headers.host !== undefined && hosts.has(request.headers.host.toLowerCase()) ? request.headers.host : `${loopback}:${port}`);
    const isUpload = request.method === 'PUT';
    // An upload takes as long as it moves; everything else is over quickly or is not meant well.
    const timer = isUpload ? undefined : setTimeout(() => { request.socket.destroy(); }, limits.web.requestMs);
    response.once('close', () => { clearTimeout(timer); });
    if (isUpload) request.socket.setTimeout(limits.web.requestMs); // Silence; Node then destroys the socket by itself.
    respond(request, response).catch((error: unknown) => {
      if (!(error instanceof AppError)) serving.onInternalError?.(`${request.method ?? ''} ${request.url ?? ''}`, error);
      sendError(request, response, error, shutOutBy(request));
    });
  });

  server.on('upgrade', (request, socket, head) => {
    const refuse = (status: string): void => { refuseUpgrade(socket, status); };
    if (!comesFromHere(request, hosts, 'required')) refuse('403 Forbidden');
    else if (!isPage(request, keyProtocol(request))) refuse('401 Unauthorized');
    else if (request.url !== '/api') refuse('404 Not Found');
    else if (webSockets.clients.size >= maxSockets) refuse('503 Service Unavailable');
    else webSockets.handleUpgrade(request, socket, head, (webSocket) => { serveApi(api, wsChannel(webSocket), serving); });
  });
  server.on('clientError', (_error, socket) => { socket.destroy(); });

  return {
    port,
    newUrl: () => `http://${loopback}:${port}/?token=${sessions.newToken()}`,
    close: async () => {
      const ended = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      for (const webSocket of webSockets.clients) webSocket.terminate();
      webSockets.close();
      server.closeAllConnections();
      await ended;
    },
  };
}

const keyHeader = ({ headers }: IncomingMessage): string | undefined => [headers['x-distrishare-key']].flat()[0];
/** A page's WebSocket can say no more than which protocols it speaks: ours, and the key as if it were one. */
const keyProtocol = ({ headers }: IncomingMessage): string | undefined => /^distrishare, *([\w-]+)$/.exec(headers['sec-websocket-protocol'] ?? '')?.[1];

const hasBody = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(value));
}

/** Why a browser is not let in: DistriShare was started anew since, the address that it opened has been used, or it never had one. */
type ShutOut = 'anew' | 'used' | 'never';

/** How long a browser may go on sending a file that was refused; a connection cut at once would hide the answer from it. */
const drainMs = 5 * second;

/** The error as JSON for our own page, as a page for a person whose browser asked for a page. */
function sendError(request: IncomingMessage, response: ServerResponse, error: unknown, shutOut: ShutOut): void {
  if (response.headersSent || response.destroyed) {
    request.socket.destroy();
    return;
  }
  const info = errorInfo(error);
  const status = statusOf[info.code] ?? 500;
  if (request.method === 'PUT' && !request.complete) {
    request.resume();
    const timer = setTimeout(() => { request.socket.destroy(); }, drainMs);
    request.once('close', () => { clearTimeout(timer); });
  } else response.setHeader('Connection', 'close');
  if (request.headers.accept?.includes('text/html') !== true) {
    sendJson(response, status, info);
    return;
  }
  const locale = chooseLocale(request.headers['accept-language']?.split(',') ?? []);
  const { what, next } = errorSentences(locale, info);
  if (info.code !== 'not-authorised') {
    sendMessagePage(response, status, { locale, title: what, paragraphs: [next] });
    return;
  }
  const t = translator(locale);
  sendMessagePage(response, status, {
    locale, title: shutOut === 'never' ? what : t(`outside.${shutOut}`), paragraphs: [t('outside.why'), t('outside.next'), t('outside.again')], commands: ['npm start', 'distrishare serve'], reload: t('outside.reload'),
  });
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => { socket.destroy(); });
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => { socket.destroy(); });
}
