/** What runs in the page: each function stands alone, since only its text gets there. */

export interface Focus { readonly layers: number; readonly isLost: boolean }

export function focusNow(): Focus {
  return { layers: document.querySelectorAll('[role=dialog], [role=alertdialog], [role=menu], [role=listbox]').length, isLost: document.activeElement === null || document.activeElement === document.body };
}

/** Something to act on, drawn among what is visible and enabled: the rarer it was drawn, the likelier, so that every button has its turn, and rather on the sheet than around it. Null: there is none. */
export function choosePlace({ selector, drawn, random }: { selector: string; drawn: Readonly<Record<string, number>>; random: number }): Element | null {
  const above = [...document.querySelectorAll('[role=dialog], [role=alertdialog], [role=menu], [role=listbox]')].at(-1) ?? document;
  const byKind = new Map<string, Element[]>();
  for (const element of above.querySelectorAll(selector)) {
    const { width, height } = element.getBoundingClientRect();
    if (width < 2 || height < 2 || element.matches(':disabled, [aria-disabled=true], [data-disabled], .skip') || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const kind = `${element.tagName} ${element.getAttribute('role') ?? ''} ${element.className.toString().split(' ')[0]} ${(element.getAttribute('aria-label') ?? (element.matches('button, a, [role^=menuitem]') ? (element.textContent ?? '') : '')).replace(/[“”:].*|[\d.,]+/g, '').slice(0, 24)}`;
    byKind.set(kind, [...(byKind.get(kind) ?? []), element]);
  }
  const kinds = [...byKind].map(([kind, elements]) => ({ kind, elements, weight: (elements[0]?.closest('main') === null && above === document ? 0.3 : 1) / (1 + (drawn[kind] ?? 0)) }));
  let at = random * kinds.reduce((sum, { weight }) => sum + weight, 0);
  const found = kinds.find(({ weight }) => (at -= weight) < 0);
  if (found === undefined) return null;
  const element = found.elements[Math.floor(random * 7919) % found.elements.length];
  element?.setAttribute('data-drawn', found.kind);
  return element ?? null;
}

/** What can be seen and should not be. `keys`: those of the catalogue. */
export function wrongToSee(keys: readonly string[]): string[] {
  const found: string[] = [];
  const known = new Set(keys);
  const judge = (text: string, where: Element): void => {
    const isOdd = /\b(undefined|NaN)\b|\[object |(^|[\s(])null([\s.,)]|$)/.test(text) || text.split(/[\s“”(),:;]+/).some((word) => known.has(word));
    if (isOdd) found.push(`text “${text.slice(0, 120)}” in ${where.outerHTML.slice(0, 160)}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    if (parentElement?.checkVisibility() === true && (textContent ?? '').trim() !== '') judge(textContent ?? '', parentElement);
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) for (const name of ['aria-label', 'title', 'placeholder']) judge(element.getAttribute(name) ?? '', element);
  for (const toast of document.querySelectorAll('.toast__title, .toast__title + p')) {
    const text = toast.textContent?.trim() ?? '';
    if (text === '' || /^[a-z]+(-[a-z]+)*$/.test(text)) found.push(`a toast says “${text}”`);
  }
  const [wide, high] = [window.innerWidth, window.innerHeight];
  if (document.documentElement.scrollWidth > wide) found.push(`the page is ${document.documentElement.scrollWidth} wide in a window of ${wide}`);
  const isCut = (element: Element): boolean => {
    for (let up = element.parentElement; up !== null; up = up.parentElement) {
      const { overflowX } = getComputedStyle(up);
      const { left, right } = up.getBoundingClientRect();
      if (overflowX !== 'visible' && left >= -1 && right <= wide + 1) return true;
    }
    return false;
  };
  const isSeen = (element: Element): boolean => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getBoundingClientRect().width > 1;
  for (const element of document.querySelectorAll('[role=dialog], [role=alertdialog], [role=menu], [role=listbox], .toast, .offer')) {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    if (isSeen(element) && (left < -1 || right > wide + 1 || top < -1 || bottom > high + 1)) found.push(`beyond the window of ${wide}×${high}: ${Math.round(left)} to ${Math.round(right)}, ${Math.round(top)} to ${Math.round(bottom)}: ${element.outerHTML.slice(0, 160)}`);
  }
  for (const element of document.querySelectorAll('button, input, textarea, a[href], h1, h2')) {
    const { left, right } = element.getBoundingClientRect();
    if (isSeen(element) && !element.matches('.visually-hidden, .skip') && (left < -1 || right > wide + 1) && !isCut(element)) found.push(`beyond the edge at ${wide}: ${Math.round(left)} to ${Math.round(right)}: ${element.outerHTML.slice(0, 160)}`);
  }
  for (const element of document.querySelectorAll('main, main *, [role=dialog], [role=dialog] *')) {
    if (element.matches('input, textarea') || element.scrollWidth <= element.clientWidth + 1 || !isSeen(element)) continue;
    if (/auto|scroll/.test(getComputedStyle(element).overflowX)) found.push(`scrolls sideways at ${wide}, ${element.scrollWidth} in ${element.clientWidth}: ${element.outerHTML.slice(0, 160)}`);
  }
  return [...new Set(found)];
}

/** Remembers in `window` where the last key or button of the mouse was pressed: in a dialog that asks, or not. */
export function watchConfirmations(): void {
  const note = (event: Event): void => { document.documentElement.dataset['pressedIn'] = event.target instanceof Element && event.target.closest('[role=alertdialog], [role=dialog]') !== null ? 'dialog' : 'page'; };
  for (const type of ['pointerdown', 'keydown']) window.addEventListener(type, note, { capture: true });
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const name = typeof data === 'string' ? /"name":"([\w.]+)"/.exec(data)?.[1] : undefined;
    const isLoss = typeof data === 'string' && (name === 'transfers.cancel' || name === 'shares.remove' || name === 'rooms.leave' || name === 'rooms.removeMember' || name === 'peers.unpair' || name === 'peers.forget' || (name === 'peers.block' && data.includes('"blocked":true')) || (name === 'transfers.forget' && data.includes('"args":{}')));
    if (isLoss && document.documentElement.dataset['pressedIn'] !== 'dialog') console.error(`nobody was asked before ${String(data)}`);
    send.call(this, data);
  };
}

/** What a person reads of the sheet, without what goes on by itself: times that pass, rates. */
export function shownOnSheet(): string {
  const sheet = document.querySelector('main');
  if (sheet === null) return 'no sheet';
  const lines = sheet.innerText.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const fields = [...sheet.querySelectorAll('input, textarea')].map((field) => (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? `${field.getAttribute('aria-label') ?? field.id}=${field.value}` : ''));
  const states = [...sheet.querySelectorAll('[role=switch], [role=checkbox], [role=radio]')].map((each) => `${each.getAttribute('aria-label') ?? each.textContent ?? ''}: ${each.getAttribute('aria-checked') ?? ''}`);
  return [...lines, ...fields, ...states].join('\n');
}
