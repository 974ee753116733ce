/** What the order's menu opens: tracking and returns of one order. */

import '@shopify/ui-extensions/preact';
import { render } from 'preact';

import { Delivery } from './Delivery';

export default function extension(): void {
  render(<OrderAction />, document.body);
}

function OrderAction() {
  return (
    <s-customer-account-action heading={shopify.i18n.translate('manage')}>
      <Delivery
        orderId={shopify.orderId}
        confirmation=""
        session={shopify.sessionToken}
        i18n={shopify.i18n}
        returns={shopify.settings.value.hide_returns !== true}
      />
      <s-button slot="secondary-actions" onClick={() => shopify.close()}>
        {shopify.i18n.translate('close')}
      </s-button>
    </s-customer-account-action>
  );
}
