/** Filled in when the extension is built: the CLI knows the app's address, and `.env` may name it. */
declare const process: { env: { APP_URL?: string } };
