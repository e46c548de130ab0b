// @ts-check
/** Draws the icons in resources/ from icon.svg, with any Chromium: `node scripts/draw-icons.mjs [CHROMIUM]`. Run after changing the drawing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from './project-root.mjs';

const resources = join(root, 'resources');
const colour = readFileSync(join(resources, 'icon.svg'), 'utf8');
/** macOS tints a template image itself and looks only at what is opaque: the ground goes, the shapes become black. */
const template = colour.replace(/<rect[^>]*\/>/, '').replace(/fill="#[0-9A-Fa-f]+"/g, 'fill="#000"').replace('translate(112 112)', 'translate(32 32) scale(1.55)');

const pictures = [
  { file: 'icon.png', svg: colour, size: 512 },
  { file: 'tray.png', svg: colour, size: 24 },
  { file: 'tray@2x.png', svg: colour, size: 48 },
  { file: 'trayTemplate.png', svg: template, size: 16 },
  { file: 'trayTemplate@2x.png', svg: template, size: 32 },
];

const browser = await chromium.launch({ executablePath: process.argv[2] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const { file, svg, size } of pictures) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  writeFileSync(join(resources, file), await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
