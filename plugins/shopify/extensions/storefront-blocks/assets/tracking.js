// The look-up without leaving the page. Without this script the form is sent as any other, and our own page answers.
(() => {
  'use strict';

  const PATIENCE = 10000;

  const element = (name, className, text) => {
    const made = document.createElement(name);
    made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  // "Friday 27 November" or "Friday, November 27": a language's habits differ by country.
  const locale = ({ language, country }) => (language.includes('-') ? language : `${language}-${country}`);

  const day = (date, words) =>
    new Intl.DateTimeFormat(locale(words), { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(
      new Date(`${date}T00:00:00Z`),
    );

  const isWeb = (address) => /^https?:\/\//i.test(address || '');

  const link = (address, text) => {
    const made = element('a', 'fulfilhub__link', text);
    made.href = address;
    return made;
  };

  const parcel = (told, words) => {
    const item = element('li', 'fulfilhub__parcel');
    item.append(element('p', 'fulfilhub__state', words.parcel[told.state] || words.parcel.in_transit));
    const number = element('p', 'fulfilhub__number', `${told.carrier} ${told.tracking_number}`);
    if (isWeb(told.tracking_url)) {
      const follow = link(told.tracking_url, words.follow);
      follow.target = '_blank';
      follow.rel = 'noopener noreferrer';
      follow.setAttribute('aria-label', `${words.follow} ${told.tracking_number} (${words.new_window})`);
      number.append(' ', follow);
    }
    item.append(number);
    return item;
  };

  const show = (result, order, words) => {
    const found = [element('p', 'fulfilhub__stage', words.stage[order.stage] || words.stage.preparing)];
    if (order.promise.deliver_by && order.stage !== 'cancelled' && order.stage !== 'delivered') {
      found.push(element('p', 'fulfilhub__promised', words.promised.replace('%day%', day(order.promise.deliver_by, words))));
    }
    if (order.parcels.length) {
      const parcels = element('ul', 'fulfilhub__parcels');
      parcels.append(...order.parcels.map((each) => parcel(each, words)));
      found.push(parcels);
    }
    // Only an address of this shop: whatever answers, it leads nowhere else.
    if (/^\/(?!\/)/.test(order.page || '')) found.push(link(order.page, words.details));
    result.replaceChildren(...found);
  };

  const say = (result, text) => result.replaceChildren(element('p', 'fulfilhub__problem', text));

  const lookUp = async (form, result, words) => {
    say(result, words.looking);
    const button = form.querySelector('button');
    button.disabled = true;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(form.action, {
        method: 'POST',
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: 'application/json' },
        signal: stop.signal,
      });
      if (answer.ok) show(result, await answer.json(), words);
      else if (answer.status === 429) say(result, words.too_often);
      else say(result, answer.status === 404 || answer.status === 422 ? words.not_found : words.failed);
    } catch {
      say(result, words.failed);
    } finally {
      clearTimeout(timer);
      button.disabled = false;
    }
  };

  const begin = (root) => {
    for (const form of root.querySelectorAll('form[data-fulfilhub-tracking]:not([data-ready])')) {
      const words = JSON.parse(form.querySelector('[data-fulfilhub-words]').textContent);
      const result = form.querySelector('[data-fulfilhub-result]');
      form.dataset.ready = '';
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        lookUp(form, result, words);
      });
    }
  };

  begin(document);
  document.addEventListener('shopify:section:load', (event) => begin(event.target));
})();
