/**
 * Entry of the kernel role: `deno run --no-prompt --allow-ffi src/kernel/main.ts`, supervisor frames on
 * stdin and stdout. One thread, one loop that waits in `epoll_wait` alone.
 *
 * @module
 */

import { SupervisorLink } from "./link/supervisor.ts";
import { Epoll } from "./sys/epoll.ts";

/**
 * The loop, kept small and synchronous: an endless loop of FFI calls inside a large async function
 * crashes V8.
 */
function loop(epoll: Epoll, link: SupervisorLink): never {
  while (true) {
    epoll.wait(link.kernel?.patience ?? -1);
    link.kernel?.tick();
  }
}

function main(): never {
  const epoll = new Epoll();
  const link = new SupervisorLink(epoll);
  try {
    return loop(epoll, link);
  } catch (error) {
    return link.fatal(error);
  }
}

main();
