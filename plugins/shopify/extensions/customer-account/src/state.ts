/** The order that is shown, from the first look to the last answer. */

import { useCallback, useEffect, useState } from 'preact/hooks';

import { type Answer, type Session, look } from './wire';

export type Shown = { kind: 'loading' } | { kind: 'answered'; answer: Answer };

/** Looks the order up, anew for another order or another person. `take` shows what a later answer said. */
export function useOrder(
  session: Session,
  orderId: string,
  confirmation: string,
): { shown: Shown; again: () => void; take: (answer: Answer) => void } {
  const [shown, show] = useState<Shown>({ kind: 'loading' });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let wanted = true;
    show({ kind: 'loading' });
    void look(session, orderId, confirmation).then((answer) => {
      if (wanted) show({ kind: 'answered', answer });
    });
    return () => {
      wanted = false;
    };
  }, [session, orderId, confirmation, tries]);
  const again = useCallback(() => setTries((before) => before + 1), []);
  const take = useCallback((answer: Answer) => show({ kind: 'answered', answer }), []);
  return { shown, again, take };
}
