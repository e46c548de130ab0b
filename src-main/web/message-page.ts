import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Locale } from '#shared/i18n/locale.ts';

/** What a browser shows that gets no page of ours. */
export interface Message {
  readonly locale: Locale;
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** To be typed; any one of them. */
  readonly commands?: readonly string[];
  /** Loads the same address again. */
  readonly reload?: string;
}

/** The colours are the page's own (`tokens.css`); whoever is not let in gets none of its files. */
const style = `
:root{--canvas:#F1F2EF;--raised:#FFFFFF;--sunken:#F0F1EE;--line:#E3E5E0;--text:#171A18;--text-2:#474D49;--accent:#0A7558;--light:#89B9A9;--on-accent:#FFFFFF;color-scheme:light}
@media (prefers-color-scheme:dark){:root{--canvas:#0B0D0C;--raised:#191D1B;--sunken:#0E1110;--line:#242A27;--text:#EBEEEC;--text-2:#B1B9B5;--accent:#3CCB98;--light:#216351;--on-accent:#03231A;color-scheme:dark}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px 16px;background:var(--canvas);color:var(--text);font:14px/20px system-ui,sans-serif}
main{width:100%;max-width:460px;padding:28px;border:1px solid var(--line);border-radius:16px;background:var(--raised);overflow-wrap:anywhere}
header{display:flex;align-items:center;gap:10px;font-weight:600}
.deep{fill:var(--accent)}.light{fill:var(--light)}
h1{margin:20px 0 8px;font-size:20px;line-height:26px;font-weight:600}
p{margin:0 0 12px;color:var(--text-2)}
ul{margin:0 0 16px;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:8px}
code{display:block;padding:6px 10px;border:1px solid var(--line);border-radius:8px;background:var(--sunken);font:13px/20px ui-monospace,Menlo,Consolas,monospace;user-select:all}
a{display:inline-flex;align-items:center;min-height:36px;margin-top:4px;padding:0 14px;border-radius:8px;background:var(--accent);color:var(--on-accent);font-weight:600;text-decoration:none}
a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (max-width:639px){a{min-height:44px}}
`;
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const logo = '<svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true"><path d="M2 6A4 4 0 0 1 6 2h8.5v12.5H2Z" class="deep"/><path d="M17.5 2H30v8.5a4 4 0 0 1-4 4h-8.5Z" class="light"/><path d="M2 17.5h12.5V30H6a4 4 0 0 1-4-4Z" class="light"/><circle cx="23.75" cy="23.75" r="6.25" class="deep"/></svg>';

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Sends a page that says something and needs nothing else: no script, no file, no font. */
export function sendMessagePage(response: ServerResponse, status: number, { locale, title, paragraphs, commands = [], reload }: Message): void {
  const html = `<!doctype html>
<html lang="${locale}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>DistriShare</title><style>${style}</style></head>
<body><main>
<header>${logo}DistriShare</header>
<h1>${escaped(title)}</h1>
${paragraphs.map((text) => `<p>${escaped(text)}</p>`).join('\n')}
${commands.length === 0 ? '' : `<ul>${commands.map((command) => `<li><code>${escaped(command)}</code></li>`).join('')}</ul>`}
${reload === undefined ? '' : `<a href="">${escaped(reload)}</a>`}
</main></body>
</html>
`;
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', 'Content-Security-Policy': policy }).end(html);
}
