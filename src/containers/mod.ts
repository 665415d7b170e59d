/**
 * The container side: guard, trust, and the wrapper that brings both to runc.
 *
 * @module
 */

export { type Exception, ExceptionSyntaxError, parseExceptions } from "./exceptions.ts";
export { DOCKER, type DockerPaths } from "./install/authz.ts";
export { InstallError } from "./install/error.ts";
export { FOLDER, install, type InstallOptions, type Removal, remove } from "./install/install.ts";
export type { InstallRecord } from "./install/record.ts";
export { type Status, status } from "./install/status.ts";
export type { Mode, Settings } from "./settings.ts";
