/** Asking for a return: how many of which item, and why. The shop's policy decides, on FulfilHub's side. */

import type { I18n } from '@shopify/ui-extensions/customer-account';
import { useState } from 'preact/hooks';

import { type Answer, type Order, type Session, askForReturn } from './wire';
import { REASONS, wordOf } from './words';

interface Props {
  order: Order;
  orderId: string;
  confirmation: string;
  session: Session;
  i18n: I18n;
  onAsked: (answer: Answer) => void;
}

export function ReturnForm({ order, orderId, confirmation, session, i18n, onAsked }: Props) {
  const [quantities, setQuantities] = useState<Record<string, number>>({});
  const [reason, setReason] = useState(order.reasons[0] ?? 'other');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const ask = async () => {
    const chosen = order.returnable
      .map((line) => ({ line_id: line.line_id, quantity: quantities[line.line_id] ?? 0, reason }))
      .filter((line) => line.quantity > 0);
    if (chosen.length === 0) {
      setProblem(i18n.translate('chooseSome'));
      return;
    }
    setBusy(true);
    setProblem('');
    const answer = await askForReturn(session, orderId, confirmation, chosen);
    setBusy(false);
    if ('order' in answer) onAsked(answer);
    else if (answer.problem === 'refused') setProblem(i18n.translate('refused', { reason: answer.detail }));
    else setProblem(i18n.translate('failed'));
  };

  if (order.returnable.length === 0) return <s-text>{i18n.translate('notReturnable')}</s-text>;
  return (
    <s-stack direction="block" gap="base">
      {problem && (
        <s-banner tone="critical">
          <s-text>{problem}</s-text>
        </s-banner>
      )}
      {order.returnable.map((line) => (
        <s-select
          key={line.line_id}
          label={i18n.translate('howMany', { title: line.title, quantity: line.quantity })}
          value={String(quantities[line.line_id] ?? 0)}
          onChange={(event) => {
            const chosen = Number(chosenIn(event));
            setQuantities((before) => ({ ...before, [line.line_id]: chosen }));
          }}
        >
          {Array.from({ length: Math.min(line.quantity, 100) + 1 }, (_, units) => (
            <s-option key={units} value={String(units)}>
              {String(units)}
            </s-option>
          ))}
        </s-select>
      ))}
      <s-select label={i18n.translate('why')} value={reason} onChange={(event) => setReason(chosenIn(event))}>
        {order.reasons.map((code) => (
          <s-option key={code} value={code}>
            {wordOf(i18n.translate, 'reason', code, REASONS, 'other')}
          </s-option>
        ))}
      </s-select>
      <s-button variant="primary" loading={busy} disabled={busy} onClick={() => void ask()}>
        {i18n.translate('ask')}
      </s-button>
    </s-stack>
  );
}

function chosenIn(event: Event): string {
  return (event.currentTarget as HTMLSelectElement | null)?.value ?? '';
}
