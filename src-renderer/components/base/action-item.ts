import type { Component } from 'vue';

/** One line of a menu of actions. */
export interface ActionItem {
  readonly id: string;
  readonly text: string;
  readonly icon?: Component;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** A line above it. */
  readonly separated?: boolean;
}
