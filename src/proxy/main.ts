/**
 * The program of the proxy role, and of the relay that dials for it without verifying certificates.
 *
 * @module
 */

import { runProxy } from "./app.ts";
import { readBoot } from "./boot.ts";
import { runRelay } from "./relay.ts";

const boot = readBoot();
if (boot.role === "proxy") await runProxy(boot);
else await runRelay(boot);
