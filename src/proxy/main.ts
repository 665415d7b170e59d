/**
 * The proxy role's process.
 *
 * @module
 */

import { runProxy } from "./app.ts";
import { readBoot } from "./boot.ts";

await runProxy(readBoot());
