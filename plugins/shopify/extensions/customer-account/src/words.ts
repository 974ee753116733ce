/** Words and dates in the customer's language. */

export interface Words {
  (key: string, replacements?: Record<string, string | number>): string;
}

interface Speaks {
  translate: Words;
  formatDate(date: Date, options?: { inExtensionLocale?: boolean } & Intl.DateTimeFormatOptions): string;
}

/** A word of a family (`parcel.delivered`), or of the fallback where FulfilHub says something newer than this extension. */
export function wordOf(say: Words, family: string, code: string, known: ReadonlySet<string>, fallback: string): string {
  return say(`${family}.${known.has(code) ? code : fallback}`);
}

/** `Friday 27 November`, of a day such as `2026-11-27`. */
export function dayOf(i18n: Speaks, date: string): string {
  return i18n.formatDate(new Date(`${date}T00:00:00Z`), {
    inExtensionLocale: true,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    timeZone: 'UTC',
  });
}

/** `27 Nov, 14:05`, of a moment, by the customer's own clock. */
export function momentOf(i18n: Speaks, at: string): string {
  return i18n.formatDate(new Date(at), {
    inExtensionLocale: true,
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
}

export const STAGES: ReadonlySet<string> = new Set([
  'attention',
  'cancelled',
  'delivered',
  'on_its_way',
  'out_for_delivery',
  'partly_sent',
  'preparing',
  'waiting',
]);

export const PARCELS: ReadonlySet<string> = new Set([
  'attempt_failed',
  'cancelled',
  'customs',
  'delayed',
  'delivered',
  'exception',
  'in_transit',
  'label_created',
  'out_for_delivery',
  'picked_up',
  'ready_for_pickup',
  'returned',
  'returning',
  'silent',
]);

/** States of a parcel that ask for the customer's attention. */
export const ALARMING: ReadonlySet<string> = new Set(['attempt_failed', 'cancelled', 'delayed', 'exception', 'returning', 'returned']);

export const RETURNS: ReadonlySet<string> = new Set([
  'approved',
  'cancelled',
  'completed',
  'declined',
  'expired',
  'in_transit',
  'inspected',
  'received',
  'requested',
]);

export const REASONS: ReadonlySet<string> = new Set([
  'arrived_late',
  'changed_mind',
  'colour',
  'damaged',
  'defective',
  'not_as_described',
  'other',
  'style',
  'too_large',
  'too_small',
  'wrong_item',
]);
