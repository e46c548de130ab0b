import { onScopeDispose } from 'vue';

const layers = '[role=dialog], [role=alertdialog], [role=menu], [role=listbox]';
const reachable = 'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [tabindex]:not([tabindex="-1"])';
const row = 'li, article, [role=listitem]';

/** Where something was that had the keyboard: in what, between what, and at which of the places of its kind that a keyboard reaches, from the end. */
interface Gap {
  readonly parent: Node;
  readonly before: Node | null;
  readonly after: Node | null;
  readonly kind: string;
  readonly fromEnd: number;
}

/** Rows of one list, cards of one group are of one kind. */
const kindOf = (element: Element): string => `${element.tagName} ${element.className}`;

/** Whether the keyboard is only where it waits for something better: nowhere, or at the head of a page. */
export const focusWaits = (): boolean => document.activeElement === document.body || document.activeElement?.matches('#sheet, h1') === true;

/**
 * Keeps the keyboard where it was when what it was on goes away: a row that was stopped, a button that gave way to another, what a
 * dialog came from. Whoever works with the keyboard, or hears the page, would begin at its top again. What stands in the place
 * gets it, else the neighbour, else the rest of the row, else the head of the page.
 */
export function useKeptFocus(): void {
  let last: HTMLElement | null = null;
  let gap: Gap | null = null;
  let settling = 0;

  function onFocusIn({ target }: FocusEvent): void {
    if (!(target instanceof HTMLElement) || target.closest(layers)) return;
    [last, gap] = [target, null];
  }
  /** A click on an empty place takes the keyboard from everything, and means it; that is known when the click has been handled. */
  function onPointerDown(): void {
    window.setTimeout(() => { if (document.activeElement === document.body && !document.querySelector(layers)) last = null; });
  }

  const observer = new MutationObserver((records) => {
    for (const { removedNodes, target, previousSibling, nextSibling } of records) {
      for (const node of removedNodes) {
        if (last?.isConnected !== false || !(node instanceof HTMLElement) || !node.contains(last)) continue;
        const places = [...node.querySelectorAll(reachable)];
        gap = { parent: target, before: previousSibling, after: nextSibling, kind: kindOf(node), fromEnd: places.length - 1 - places.indexOf(last) };
      }
    }
    if (last === null || document.activeElement !== document.body) return;
    // What else changes with it has changed then, and whoever knows a better place has taken it.
    window.clearTimeout(settling);
    settling = window.setTimeout(settle);
  });

  function settle(): void {
    if (last === null || document.activeElement !== document.body || document.querySelector(layers)) return;
    if (take(last)) return;
    if (gap !== null && standIns(gap).some((place) => take(place))) return;
    const head = document.querySelector<HTMLElement>('#sheet h1');
    head?.setAttribute('tabindex', '-1');
    for (const place of [head, document.getElementById('sheet')]) if (place && take(place)) return;
  }

  document.addEventListener('focusin', onFocusIn);
  document.addEventListener('pointerdown', onPointerDown, { capture: true });
  observer.observe(document.body, { childList: true, subtree: true });
  onScopeDispose(() => {
    document.removeEventListener('focusin', onFocusIn);
    document.removeEventListener('pointerdown', onPointerDown, { capture: true });
    observer.disconnect();
    window.clearTimeout(settling);
  });
}

function take(place: HTMLElement): boolean {
  place.focus();
  return document.activeElement === place;
}

/** Who may get the keyboard instead of what is gone, the best first; nobody where things come by themselves, so that no key meant for one answers the next. */
function standIns({ parent, before, after, kind, fromEnd }: Gap): HTMLElement[] {
  if (parent instanceof Element && parent.matches('[aria-live]')) return [];
  const places = (within: Element): HTMLElement[] => [...(within.matches(reachable) ? [within] : []), ...within.querySelectorAll(reachable)].filter((place) => place instanceof HTMLElement);
  const alike = (element: Element): boolean => kindOf(element) === kind;
  /** Of a row what its like was in the one that is gone, of anything else the first. */
  const best = (element: Element): HTMLElement[] => {
    const all = places(element);
    const same = alike(element) && !element.matches('section') ? all.at(-1 - fromEnd) : undefined;
    return same === undefined ? all : [same, ...all];
  };
  const children = parent instanceof Element && parent.isConnected ? [...parent.children] : [];
  const index = (node: Node | null, otherwise: number): number => (node instanceof Element && children.includes(node) ? children.indexOf(node) : otherwise);
  const first = index(before, -1) + 1;
  const next = Math.max(first, index(after, first));
  const around = [...children.slice(first, next), ...children.slice(next).filter(alike), ...children.slice(0, first).reverse().filter(alike)];
  const rest = parent instanceof Element && parent.isConnected ? parent.closest(row) : null;
  return [...around, ...(rest ? [rest] : [])].flatMap(best);
}
