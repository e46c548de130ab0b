/** What a key means in a table of rows. */
export type TableCommand =
  | { readonly kind: 'move'; readonly to: number; readonly extend: boolean }
  | { readonly kind: 'toggle' | 'open' | 'all' | 'clear' | 'up' };

interface KeyLike {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Null for keys that are not the table's. `page` is the number of rows Page Down moves by. */
export function tableCommand(event: KeyLike, { active, count, page }: { active: number; count: number; page: number }): TableCommand | null {
  if (event.altKey) return event.key === 'ArrowUp' ? { kind: 'up' } : null;
  const ctrl = event.ctrlKey || event.metaKey;
  const extend = event.shiftKey;
  switch (event.key) {
    case 'ArrowDown': return { kind: 'move', to: active + 1, extend };
    case 'ArrowUp': return { kind: 'move', to: Math.max(0, active - 1), extend };
    case 'PageDown': return { kind: 'move', to: Math.max(0, active) + page, extend };
    case 'PageUp': return { kind: 'move', to: Math.max(0, active - page), extend };
    case 'Home': return { kind: 'move', to: 0, extend };
    case 'End': return { kind: 'move', to: count - 1, extend };
    case ' ': return { kind: 'toggle' };
    case 'Enter': return { kind: 'open' };
    case 'Backspace': return { kind: 'up' };
    case 'Escape': return { kind: 'clear' };
    case 'a':
    case 'A': return ctrl ? { kind: 'all' } : null;
    default: return null;
  }
}
