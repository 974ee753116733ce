// Shopify's own linter over the theme's blocks. Every offence counts, also those that are only warnings.
import { fileURLToPath } from 'node:url';

import { themeCheckRun } from '@shopify/theme-check-node';

const root = fileURLToPath(new URL('../extensions/storefront-blocks', import.meta.url));
const { offenses } = await themeCheckRun(process.argv[2] ?? root, fileURLToPath(new URL('theme-check.yml', import.meta.url)));
for (const { uri, start, check, message } of offenses) {
  console.error(`${fileURLToPath(uri)}:${start.line + 1}:${start.character + 1} ${check}: ${message}`);
}
if (offenses.length) process.exit(1);
console.log('The blocks of the theme are clean.');
