// A block of the theme as HTML, near enough to what Shopify makes of it to look at and to test:
//   node scripts/render.mjs tracking '{"block": {"id": "1", "settings": {}}}' de
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Liquid } from 'liquidjs';

const root = fileURLToPath(new URL('../extensions/storefront-blocks', import.meta.url));
const [block, context = '{}', language = 'en'] = process.argv.slice(2);
const words = JSON.parse(readFileSync(`${root}/locales/${language}${language === 'en' ? '.default' : ''}.json`, 'utf8'));

const engine = new Liquid({ strictFilters: true });

engine.registerFilter('t', (key, ...named) => {
  const text = key.split('.').reduce((found, name) => found?.[name], words);
  if (typeof text !== 'string') throw new Error(`There are no words for ${key}.`);
  const given = Object.fromEntries(named);
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => given[name] ?? '');
});

// The settings of a block, for Shopify's editor only.
engine.registerTag('schema', {
  parse(_, remaining) {
    while (remaining.length && remaining[0].name !== 'endschema') remaining.shift();
    remaining.shift();
  },
  *render() {},
});

console.log(await engine.parseAndRender(readFileSync(`${root}/blocks/${block}.liquid`, 'utf8'), JSON.parse(context)));
