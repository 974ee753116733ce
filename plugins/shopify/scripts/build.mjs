// Bundles each target as Shopify's CLI does, to see that it builds and how large it gets. `shopify app deploy` bundles anew.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const LARGEST = 64 * 1024; // what Shopify takes of one target's script
const extension = fileURLToPath(new URL('../extensions/customer-account', import.meta.url));
const folder = process.argv[2] ?? fileURLToPath(new URL('../build', import.meta.url));
const { api_version: version, targets } = read(readFileSync(`${extension}/shopify.extension.toml`, 'utf8'));

function read(toml) {
  const targets = [...toml.matchAll(/^\s*module = "([^"]+)"\n\s*target = "([^"]+)"$/gm)];
  return { api_version: /^api_version = "([^"]+)"$/m.exec(toml)[1], targets: targets.map(([, module, target]) => ({ module, target })) };
}

for (const { module, target } of targets) {
  const { metafile } = await build({
    stdin: {
      contents: `import extension from '${module}';\nshopify.extend('${target}', (...told) => extension(...told));\n`,
      resolveDir: extension,
    },
    outfile: `${folder}/${target}.js`,
    bundle: true,
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.APP_URL': JSON.stringify(process.env.APP_URL ?? 'https://fulfilhub.example.com'),
    },
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    minify: true,
    target: 'es2020',
  });
  const [{ bytes }] = Object.values(metafile.outputs);
  console.log(`${target} (${version}): ${bytes} bytes`);
  if (bytes > LARGEST) {
    console.error(`${target} is larger than the ${LARGEST} bytes that Shopify takes.`);
    process.exitCode = 1;
  }
}
