// "Delivered by ..." on a product's page. Whatever goes wrong, nothing is shown: a shop sells with or without a date.
(() => {
  'use strict';

  const PATIENCE = 1500;
  const KEPT_FOR = 5 * 60 * 1000;
  const POSTCODE = 'fulfilhub-postcode';

  // Storage may be forbidden to the page; then nothing is remembered.
  const remembered = (store, name) => {
    try {
      return JSON.parse(window[store].getItem(name));
    } catch {
      return null;
    }
  };

  const remember = (store, name, value) => {
    try {
      window[store].setItem(name, JSON.stringify(value));
    } catch {
      // Asked anew next time.
    }
  };

  const ask = async (url) => {
    const name = `fulfilhub ${url}`;
    const kept = remembered('sessionStorage', name);
    if (kept && Date.now() - kept.at < KEPT_FOR) return kept.told;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(url, { headers: { Accept: 'application/json' }, signal: stop.signal });
      const told = answer.ok ? await answer.json() : {};
      remember('sessionStorage', name, { at: Date.now(), told });
      return told;
    } catch {
      return {};
    } finally {
      clearTimeout(timer);
    }
  };

  // "Friday 27 November" or "Friday, November 27": a language's habits differ by country.
  const locale = ({ language, country }) => (language.includes('-') ? language : `${language}-${country}`);

  const words = (block, date) => {
    const day = new Intl.DateTimeFormat(locale(block.dataset), { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' });
    return block.dataset.words.replace('%day%', day.format(new Date(`${date}T00:00:00Z`)));
  };

  const postcode = (block) => {
    const kept = remembered('localStorage', POSTCODE);
    if (kept && kept.country === block.dataset.country) return kept.postcode;
    return block.dataset.postcode;
  };

  const show = async (block) => {
    const question = new URLSearchParams({ variant: block.dataset.variant, country: block.dataset.country });
    const place = postcode(block);
    if (place) question.set('postcode', place);
    const url = `${block.dataset.url}?${question}`;
    block.dataset.asked = url;
    const told = await ask(url);
    if (block.dataset.asked !== url) return; // another variant was chosen meanwhile
    const line = block.querySelector('[data-fulfilhub-date]');
    const form = block.querySelector('[data-fulfilhub-ask]');
    line.textContent = told.deliver_on ? words(block, told.deliver_on) : '';
    line.hidden = !told.deliver_on;
    if (form) form.hidden = !(told.needs_postcode || (told.deliver_on && place));
  };

  // Themes differ in how they tell that another variant was chosen; all keep its id in the form that adds to the cart.
  const chosen = (block, variants) => {
    const fields = document.querySelectorAll('form[action*="/cart/add"] [name="id"]');
    const found = [...fields].map((field) => field.value).find((value) => variants.has(value));
    const named = new URLSearchParams(window.location.search).get('variant');
    return found || (variants.has(named) ? named : block.dataset.variant);
  };

  const begin = (root) => {
    for (const block of root.querySelectorAll('[data-fulfilhub-promise]:not([data-ready])')) {
      const variants = new Set(block.dataset.variants.split(','));
      const look = () => {
        const variant = chosen(block, variants);
        if (variant === block.dataset.variant) return;
        block.dataset.variant = variant;
        show(block);
      };
      block.dataset.ready = '';
      document.addEventListener('change', () => setTimeout(look, 0));
      document.addEventListener('variant:update', () => setTimeout(look, 0));
      const form = block.querySelector('form');
      if (form) {
        form.elements.postcode.value = postcode(block) || '';
        form.addEventListener('submit', (event) => {
          event.preventDefault();
          remember('localStorage', POSTCODE, { country: block.dataset.country, postcode: form.elements.postcode.value.trim() });
          form.closest('details').open = false;
          show(block);
        });
      }
      show(block);
    }
  };

  begin(document);
  document.addEventListener('shopify:section:load', (event) => begin(event.target));
})();
