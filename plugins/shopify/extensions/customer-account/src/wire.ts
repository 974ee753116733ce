/** What FulfilHub tells of an order, in the shapes of its API, and how it is asked. */

export interface Item {
  title: string;
  quantity: number;
}

export interface Scan {
  state: string;
  place: string;
  at: string;
}

export interface Parcel {
  carrier: string;
  tracking_number: string;
  tracking_url: string | null;
  state: string;
  items: Item[];
  scans: Scan[];
}

export interface Return {
  number: string;
  state: string;
  items: Item[];
}

export interface Returnable {
  line_id: string;
  title: string;
  quantity: number;
}

export interface Promised {
  deliver_by: string | null;
  state: 'none' | 'on_time' | 'at_risk' | 'late' | 'kept' | 'missed';
}

export interface Order {
  number: string;
  stage: string;
  promise: Promised;
  parcels: Parcel[];
  to_come: Item[];
  returns: Return[];
  returnable: Returnable[];
  reasons: string[];
}

export interface AskedLine {
  line_id: string;
  quantity: number;
  reason: string;
}

/** What came of a question: the order, or why there is none to show. `refused` is in FulfilHub's own words. */
export type Answer = { order: Order } | { problem: 'nothing' | 'failed' } | { problem: 'refused'; detail: string };

export interface Session {
  get(): Promise<string>;
}

const PATIENCE = 10_000;

/** The digits of a GID such as `gid://shopify/Order/1`; empty for anything else. */
export function digits(orderId: string): string {
  return /^gid:\/\/shopify\/[A-Za-z]+\/(\d{1,30})(?:\?|$)/.exec(orderId)?.[1] ?? '';
}

/** Looks an order up. `confirmation` is the code on the order's own page, by which somebody who is not signed in is known. */
export function look(session: Session, orderId: string, confirmation: string): Promise<Answer> {
  return call(session, orderId, confirmation, '', undefined);
}

/** Asks for a return; answers with the order as it then is. */
export function askForReturn(
  session: Session,
  orderId: string,
  confirmation: string,
  lines: AskedLine[],
): Promise<Answer> {
  return call(session, orderId, confirmation, '/returns', { lines });
}

async function call(
  session: Session,
  orderId: string,
  confirmation: string,
  more: string,
  body: unknown,
): Promise<Answer> {
  const number = digits(orderId);
  if (!number) return { problem: 'nothing' };
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const headers: Record<string, string> = {
      Accept: 'application/json',
      Authorization: `Bearer ${await session.get()}`,
    };
    if (confirmation) headers['X-Confirmation-Number'] = confirmation;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const address = `${process.env.APP_URL ?? ''}`.replace(/\/+$/, '');
    const answer = await fetch(`${origin(address)}/shopify/customers/orders/${number}${more}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      signal: stop.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return await read(answer);
  } catch {
    return { problem: 'failed' };
  } finally {
    clearTimeout(timer);
  }
}

async function read(answer: Response): Promise<Answer> {
  if (answer.ok) return { order: (await answer.json()) as Order };
  if (answer.status === 404) return { problem: 'nothing' };
  if (answer.status === 409 || answer.status === 422) {
    const told = (await answer.json()) as { detail?: string; errors?: { detail?: string }[] };
    return { problem: 'refused', detail: told.errors?.[0]?.detail ?? told.detail ?? '' };
  }
  return { problem: 'failed' };
}

/** The app's address may be that of its page in the admin (`https://host/shopify`): only where it is counts. */
function origin(address: string): string {
  return new URL(address).origin;
}
