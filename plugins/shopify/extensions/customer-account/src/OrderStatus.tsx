/** On the order status page: parcels, their journey, and returns. */

import '@shopify/ui-extensions/preact';
import { render } from 'preact';

import { Delivery } from './Delivery';

export default function extension(): void {
  render(<OrderStatus />, document.body);
}

function OrderStatus() {
  const order = shopify.order.value;
  const settings = shopify.settings.value;
  const signedIn = shopify.authenticationState.value === 'fully_authenticated';
  const heading = typeof settings.heading === 'string' && settings.heading.trim();
  // The page is shown while the order is still being made; then there is nothing to ask for yet.
  if (!order) return null;
  return (
    <s-section heading={heading || shopify.i18n.translate('heading')}>
      <Delivery
        orderId={order.id}
        confirmation={order.confirmationNumber ?? ''}
        session={shopify.sessionToken}
        i18n={shopify.i18n}
        returns={settings.hide_returns !== true}
        signIn={signedIn ? undefined : () => void shopify.requireLogin()}
      />
    </s-section>
  );
}
