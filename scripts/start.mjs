/** `npm start`: builds what is not built, then becomes the server, with the flags that follow `--`. */
import { buildIfStale } from './build.mjs';

if (!buildIfStale()) process.exit(1);
// Not a child process: a signal to this process is a signal to the server.
const { main } = await import(new URL('../dist/cmd/singleton/main.js', import.meta.url).href);
await main(process.argv.slice(2));
