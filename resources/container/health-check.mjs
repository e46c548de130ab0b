/**
 * Ends with 0 when the bootstrap server in this container answers that it is well, or works in spite of something. It looks where
 * the environment says that the server listens; a server that is set otherwise needs a check of its own.
 */
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const { DISTRISHARE_BOOTSTRAP_PORT: port = '47900', DISTRISHARE_BOOTSTRAP_LISTEN: listen = 'all', DISTRISHARE_BOOTSTRAP_PLAIN_HTTP: plain = 'false' } = process.env;
const isPlain = plain === 'true' || plain === 'on';
const end = (code) => { process.exit(code); };
// It is our own machine that answers, so who it is need not be proven.
const options = { host: listen === 'all' ? '127.0.0.1' : listen, port: Number(port), path: '/v1/health', timeout: 5000, rejectUnauthorized: false };
(isPlain ? getHttp : getHttps)(options, ({ statusCode }) => { end(statusCode === 200 ? 0 : 1); })
  .on('timeout', () => { end(1); })
  .on('error', () => { end(1); });
