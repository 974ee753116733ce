// What Shopify's host gives an extension, as far as ours asks for it; its web components are as plain as can be.
const told = JSON.parse(document.getElementById('told').textContent);

const words = (key) => key.split('.').reduce((found, name) => found?.[name], told.words);

globalThis.shopify = {
  extend: (target, run) => run(),
  order: { value: told.order },
  orderId: told.orderId,
  settings: { value: told.settings ?? {} },
  authenticationState: { value: told.signedIn ? 'fully_authenticated' : 'pre_authenticated' },
  requireLogin: async () => document.body.setAttribute('data-signing-in', ''),
  close: () => document.body.setAttribute('data-closed', ''),
  sessionToken: { get: async () => told.token },
  i18n: {
    translate: (key, named = {}) => {
      if (typeof words(key) !== 'string') throw new Error(`There are no words for ${key}.`);
      return words(key).replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => named[name]);
    },
    formatDate: (date, { inExtensionLocale, ...options } = {}) => new Intl.DateTimeFormat(told.language, options).format(date),
  },
};

// A field: Shopify's keeps its options as elements inside, and tells its value like a native one.
customElements.define(
  's-select',
  class extends HTMLElement {
    constructor() {
      super();
      this.attachShadow({ mode: 'open' }).innerHTML = '<label><span></span> <select></select></label>';
      this.field = this.shadowRoot.querySelector('select');
      this.field.addEventListener('change', () => this.dispatchEvent(new Event('change', { bubbles: true })));
      new MutationObserver(() => this.fill()).observe(this, { childList: true, subtree: true, attributes: true });
    }

    connectedCallback() {
      this.fill();
    }

    fill() {
      const chosen = this.field.value;
      this.field.replaceChildren(...[...this.querySelectorAll('s-option')].map((each) => new Option(each.textContent, each.getAttribute('value') ?? each.value)));
      if ([...this.field.options].some((each) => each.value === chosen)) this.field.value = chosen;
    }

    get label() {
      return this.shadowRoot.querySelector('span').textContent;
    }

    set label(text) {
      this.shadowRoot.querySelector('span').textContent = text;
    }

    get value() {
      return this.field.value;
    }

    set value(text) {
      this.field.value = text;
    }
  },
);

const link = class extends HTMLElement {
  connectedCallback() {
    this.setAttribute('role', 'link');
  }
};
customElements.define('s-link', link);

// Headings are shown by the host.
for (const name of ['s-section', 's-customer-account-action']) {
  customElements.define(
    name,
    class extends HTMLElement {
      set heading(text) {
        this.attachShadow({ mode: 'open' }).innerHTML = '<h2></h2><slot></slot><slot name="secondary-actions"></slot>';
        this.shadowRoot.querySelector('h2').textContent = text;
      }

      get heading() {
        return this.shadowRoot.querySelector('h2').textContent;
      }
    },
  );
}
