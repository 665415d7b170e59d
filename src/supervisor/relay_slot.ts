/**
 * The relay for `insecure` connections.
 *
 * @module
 */

import type { RelayBoot } from "../protocol/mod.ts";
import { removeIfThere } from "./kernel_and_engine.ts";
import { type RoleLauncher, startPiped } from "./role_process.ts";
import { RoleSlot, type SlotWatcher } from "./role_slot.ts";

/** Makes the relay's slot. */
export function relaySlot(launcher: RoleLauncher, watcher: SlotWatcher): RoleSlot {
  const socketPath = launcher.context.insecureSocket;
  return new RoleSlot("relay", () => {
    removeIfThere(socketPath); // of one that crashed
    const boot: RelayBoot = { role: "relay", socketPath };
    const { promise, resolve } = Promise.withResolvers<void>();
    const process = startPiped(launcher, "relay", boot, () => resolve());
    return Promise.resolve({ process, ready: promise });
  }, watcher);
}
