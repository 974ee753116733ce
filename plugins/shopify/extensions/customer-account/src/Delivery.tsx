/** Everything of one order: while it loads, when there is nothing, when it failed, and when it is there. */

import type { I18n } from '@shopify/ui-extensions/customer-account';
import { useState } from 'preact/hooks';

import { Journey } from './Journey';
import { ReturnForm } from './ReturnForm';
import { useOrder } from './state';
import type { Session } from './wire';

interface Props {
  orderId: string;
  confirmation: string;
  session: Session;
  i18n: I18n;
  returns: boolean;
  /** How somebody who is not signed in signs in; undefined for those who are. */
  signIn?: (() => void) | undefined;
}

export function Delivery({ orderId, confirmation, session, i18n, returns, signIn }: Props) {
  const { shown, again, take } = useOrder(session, orderId, confirmation);
  const [returning, setReturning] = useState(false);
  const [asked, setAsked] = useState(false);

  if (shown.kind === 'loading') {
    return (
      <s-stack direction="block" gap="small-200" accessibilityLabel={i18n.translate('loading')}>
        <s-skeleton-paragraph />
        <s-skeleton-paragraph />
      </s-stack>
    );
  }
  const { answer } = shown;
  if (!('order' in answer)) {
    if (answer.problem === 'nothing') return <Nothing i18n={i18n} signIn={signIn} />;
    return (
      <s-banner tone="warning">
        <s-stack direction="block" gap="small-200">
          <s-text>{i18n.translate('failed')}</s-text>
          <s-button variant="secondary" onClick={again}>
            {i18n.translate('again')}
          </s-button>
        </s-stack>
      </s-banner>
    );
  }
  const { order } = answer;
  const mayReturn = returns && order.returnable.length > 0;
  return (
    <s-stack direction="block" gap="base">
      {asked && (
        <s-banner tone="success">
          <s-text>{i18n.translate('asked')}</s-text>
        </s-banner>
      )}
      <Journey order={order} i18n={i18n} />
      {mayReturn && !returning && (
        <s-button variant="secondary" onClick={() => setReturning(true)}>
          {i18n.translate('startReturn')}
        </s-button>
      )}
      {mayReturn && returning && (
        <ReturnForm
          order={order}
          orderId={orderId}
          confirmation={confirmation}
          session={session}
          i18n={i18n}
          onAsked={(told) => {
            setReturning(false);
            setAsked(true);
            take(told);
          }}
        />
      )}
    </s-stack>
  );
}

function Nothing({ i18n, signIn }: { i18n: I18n; signIn?: (() => void) | undefined }) {
  if (!signIn) return <s-text color="subdued">{i18n.translate('nothing')}</s-text>;
  return (
    <s-stack direction="block" gap="small-200">
      <s-text>{i18n.translate('signIn')}</s-text>
      <s-button variant="secondary" onClick={signIn}>
        {i18n.translate('signInNow')}
      </s-button>
    </s-stack>
  );
}
