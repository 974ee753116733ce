/** An order on its way: how it stands, its parcels with their journeys, what is still to come, and its returns. */

import type { I18n } from '@shopify/ui-extensions/customer-account';

import type { Item, Order, Parcel, Return } from './wire';
import { ALARMING, PARCELS, RETURNS, STAGES, dayOf, momentOf, wordOf } from './words';

interface Told {
  i18n: I18n;
}

export function Journey({ order, i18n }: Told & { order: Order }) {
  return (
    <s-stack direction="block" gap="base">
      <Standing order={order} i18n={i18n} />
      {order.parcels.map((parcel, place) => (
        <ParcelView key={place} parcel={parcel} place={place + 1} total={order.parcels.length} i18n={i18n} />
      ))}
      {order.to_come.length > 0 && <Items heading={i18n.translate('toCome')} items={order.to_come} />}
      {order.returns.length > 0 && <Returns returns={order.returns} i18n={i18n} />}
    </s-stack>
  );
}

function Standing({ order, i18n }: Told & { order: Order }) {
  const promised = promiseOf(order, i18n);
  return (
    <s-stack direction="block" gap="small-400">
      <s-text type="strong">{wordOf(i18n.translate, 'stage', order.stage, STAGES, 'preparing')}</s-text>
      {promised && <s-text color="subdued">{promised}</s-text>}
    </s-stack>
  );
}

function promiseOf(order: Order, i18n: I18n): string {
  const { deliver_by: day, state } = order.promise;
  if (!day || order.stage === 'cancelled' || order.stage === 'delivered') return '';
  const key = state === 'late' || state === 'missed' ? 'late' : state === 'at_risk' ? 'mayBeLate' : 'promised';
  return i18n.translate(key, { day: dayOf(i18n, day) });
}

function ParcelView({ parcel, place, total, i18n }: Told & { parcel: Parcel; place: number; total: number }) {
  const state = wordOf(i18n.translate, 'parcel', parcel.state, PARCELS, 'in_transit');
  return (
    <s-box border="base" borderRadius="base" padding="base">
      <s-stack direction="block" gap="small-200">
        <s-stack direction="inline" gap="small-200" alignItems="center">
          {total > 1 && <s-text type="strong">{i18n.translate('parcelOf', { place, total })}</s-text>}
          <s-badge tone={ALARMING.has(parcel.state) ? 'critical' : 'auto'}>{state}</s-badge>
        </s-stack>
        <s-text>
          {parcel.carrier} {parcel.tracking_number}
        </s-text>
        {isWeb(parcel.tracking_url) && (
          <s-link href={parcel.tracking_url} target="_blank">
            {i18n.translate('follow')}
          </s-link>
        )}
        {parcel.items.length > 0 && <Items heading={i18n.translate('inside')} items={parcel.items} />}
        {parcel.scans.length > 0 && (
          <s-details>
            <s-summary>{i18n.translate('journey')}</s-summary>
            <s-ordered-list>
              {parcel.scans.map((scan, place) => (
                <s-list-item key={place}>
                  {momentOf(i18n, scan.at)}: {wordOf(i18n.translate, 'parcel', scan.state, PARCELS, 'in_transit')}
                  {scan.place && ` (${scan.place})`}
                </s-list-item>
              ))}
            </s-ordered-list>
          </s-details>
        )}
      </s-stack>
    </s-box>
  );
}

function isWeb(address: string | null): address is string {
  return address !== null && /^https?:\/\//i.test(address);
}

function Items({ heading, items }: { heading: string; items: Item[] }) {
  return (
    <s-stack direction="block" gap="small-400">
      <s-text color="subdued">{heading}</s-text>
      <s-unordered-list>
        {items.map((item, place) => (
          <s-list-item key={place}>
            {item.quantity} × {item.title}
          </s-list-item>
        ))}
      </s-unordered-list>
    </s-stack>
  );
}

function Returns({ returns, i18n }: Told & { returns: Return[] }) {
  return (
    <s-stack direction="block" gap="small-200">
      <s-heading>{i18n.translate('returns')}</s-heading>
      {returns.map((each) => (
        <s-stack key={each.number} direction="block" gap="small-400">
          <s-text>{i18n.translate('returnNumber', { number: each.number })}</s-text>
          <s-badge>{wordOf(i18n.translate, 'return', each.state, RETURNS, 'requested')}</s-badge>
          <s-unordered-list>
            {each.items.map((item, place) => (
              <s-list-item key={place}>
                {item.quantity} × {item.title}
              </s-list-item>
            ))}
          </s-unordered-list>
        </s-stack>
      ))}
    </s-stack>
  );
}
