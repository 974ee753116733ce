/** In an order's menu: opens the action of the same order. */

import '@shopify/ui-extensions/preact';
import { render } from 'preact';

export default function extension(): void {
  render(<s-button>{shopify.i18n.translate('manage')}</s-button>, document.body);
}
